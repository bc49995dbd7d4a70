"""Proposes lead workers with reasons; the coordinator decides. Tasks of absent colleagues find a substitute."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock
from casework.automatic import assignment, cover
from casework.settings import LOCAL
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, house, scrubbed, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def propose_lead_worker(row: int) -> str:
    return carried_out(row, assignment.prepare)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def cover_absences() -> int:
    at = clock.now()
    return scrubbed(cover.cover_absences)(house(), at.astimezone(LOCAL).date(), at)


@flow(name="assignment")
async def propose_lead_workers(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox, and tasks that fall due while their owner is away."""
    prepared = await served("prepare", propose_lead_worker, "assignment", batch)
    return await finished("assignment", prepared, {"covered": cover_absences()})
