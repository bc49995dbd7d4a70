"""After the release: the next meeting of the cadence opens when it is due, and no open case is left asleep."""

import datetime as dt
from collections import Counter

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock
from casework.automatic import follow_up
from casework.timers import Due
from flows.batches import BATCH, RETRY_SECONDS, carried_out, did, finished, house, mapped, scrubbed, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_follow_up(row: int) -> str:
    return carried_out(row, follow_up.prepare)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def open_occurrence(timer: Due, at: dt.datetime) -> str:
    return scrubbed(follow_up.open_occurrence)(house(), Due(*timer), at)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def wake_the_sleeping() -> int:
    return scrubbed(follow_up.wake_all)(house(), clock.now())


@flow(name="follow_up")
async def open_occurrences(batch: int = BATCH) -> dict[str, int]:
    """Occurrences of the cadence, cases that nothing would wake, and what waits for this flow in the outbox."""
    at = clock.now()
    opened: Counter[str] = Counter()
    while due := await did(follow_up.due, house(), at, batch):
        opened += await mapped(open_occurrence, due, at)
    asleep = wake_the_sleeping()
    prepared = await served("prepare", prepare_follow_up, "follow_up", batch)
    return await finished("follow_up", opened + prepared, {"asleep": asleep})
