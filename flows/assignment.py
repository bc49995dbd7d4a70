"""Proposes lead workers with reasons; the coordinator decides."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework.automatic import assignment
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def propose_lead_worker(row: int) -> str:
    return carried_out(row, assignment.prepare)


@flow(name="assignment")
async def propose_lead_workers(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox."""
    prepared = await served("prepare", propose_lead_worker, "assignment", batch)
    return await finished("assignment", prepared)
