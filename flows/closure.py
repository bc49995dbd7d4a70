"""Figures for the evaluation; erases what the protocol no longer lets us keep."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework.automatic import closure
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, house, scrubbed, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def prepare_closure(row: int) -> str:
    return carried_out(row, closure.prepare)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def erase_case(row: int) -> str:
    return carried_out(row, closure.erase)


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def forget_messages() -> int:
    return scrubbed(closure.forget_messages)(house())


@flow(name="closure")
async def close_and_erase(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox: erasures first, they are promised."""
    erased = await served("erase", erase_case, batch=batch)
    prepared = await served("prepare", prepare_closure, "closure", batch)
    forgotten = {"messages_forgotten": forget_messages()}
    return await finished("closure", prepared, {f"erase_{key}": n for key, n in erased.items()}, forgotten)
