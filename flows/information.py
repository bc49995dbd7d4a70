"""The question for the information officer, and the end of what was shared for a time."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock
from casework.automatic import information
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, house, scrubbed, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_question(row: int) -> str:
    return carried_out(row, information.prepare)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def end_sharing() -> int:
    return scrubbed(information.end_sharing)(house(), clock.now())


@flow(name="information")
async def prepare_questions(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox, and access that has run out."""
    prepared = await served("prepare", prepare_question, "information", batch)
    return await finished("information", prepared, {"ended": end_sharing()})
