"""Every night: a signed checkpoint, keys that no case took, forgotten drafts, verdicts of the cases that changed."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock, drafts, outcomes
from casework.automatic import oversight
from flows.batches import RETRY_SECONDS, finished, house, scrubbed


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def make_checkpoint() -> dict[str, int]:
    return scrubbed(oversight.make_checkpoint)(house(), clock.now())


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def sweep_keys() -> int:
    return scrubbed(oversight.sweep_keys)(house(), clock.now())


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def sweep_drafts() -> int:
    return scrubbed(drafts.sweep)(house(), clock.now())


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def judge_changed_cases() -> int:
    return scrubbed(outcomes.refresh)(house(), clock.now())


@flow(name="oversight")
async def watch_over() -> dict[str, int]:
    """A fault in the ledger shows as `intact: 0` in the heartbeat, and nothing is signed."""
    judged = judge_changed_cases()
    orphans = sweep_keys()
    left = sweep_drafts()
    signed = make_checkpoint()
    return await finished("oversight", {"judged": judged, "orphans": orphans, "drafts": left}, signed)
