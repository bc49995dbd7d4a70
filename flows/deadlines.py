"""The sweep: due timers become escalations and new occurrences. Every minute."""

import datetime as dt
from collections import Counter

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock, timers
from casework.automatic import deadlines
from casework.timers import Due
from flows.batches import RETRY_SECONDS, did, finished, house, mapped, scrubbed

TOGETHER = 25
"""timers per task: starting a task costs more than a transition"""


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def fire_timers(timers: list[Due], at: dt.datetime) -> dict[str, int]:
    """Each timer is a transaction of its own, so a task that is tried again goes on where it stopped."""
    return Counter(scrubbed(deadlines.fire)(house(), Due(*timer), at) for timer in timers)


@flow(name="deadlines")
async def sweep_deadlines(batch: int = deadlines.BATCH) -> dict[str, int]:
    """Everything that is due now, batch after batch."""
    at = clock.now()
    counts: Counter[str] = Counter()
    while due := await did(timers.due, house(), at, batch):
        chunks = [due[start : start + TOGETHER] for start in range(0, len(due), TOGETHER)]
        counts += await mapped(fire_timers, chunks, at)
    return await finished("sweep", counts)
