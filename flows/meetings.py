"""The agenda of the next meeting, from the cases that need it, and who should sit at a conference."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock
from casework.automatic import meetings
from casework.settings import LOCAL
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, house, scrubbed, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_meeting(row: int) -> str:
    return carried_out(row, meetings.prepare)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def build_next_agendas() -> dict[str, int]:
    return scrubbed(meetings.build_all)(house(), clock.now().astimezone(LOCAL).date())


@flow(name="meetings")
async def build_agendas(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox, and the agendas as they stand now."""
    prepared = await served("prepare", prepare_meeting, "meetings", batch)
    return await finished("meetings", prepared, build_next_agendas())
