"""A plan to start from, and visiting slots. The lead worker and the person decide."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework.automatic import preparation
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_plan(row: int) -> str:
    return carried_out(row, preparation.prepare)


@flow(name="preparation")
async def prepare_plans(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox."""
    return await finished("preparation", await served("prepare", prepare_plan, "preparation", batch))
