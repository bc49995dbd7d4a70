"""The releases of the day and the phone list of those on duty."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock
from casework.automatic import release
from casework.settings import LOCAL
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, house, scrubbed, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_release(row: int) -> str:
    return carried_out(row, release.prepare)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_release_day() -> dict[str, int]:
    return scrubbed(release.prepare_day)(house(), clock.now().astimezone(LOCAL).date())


@flow(name="release")
async def prepare_releases(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox, and the releases of today."""
    prepared = await served("prepare", prepare_release, "release", batch)
    return await finished("release", prepared, prepare_release_day())
