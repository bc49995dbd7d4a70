"""Checks of an announced release: what is missing or cannot be right, and whether the person was known before."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework.automatic import notification
from flows.batches import BATCH, RETRY_SECONDS, carried_out, finished, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def check_notification(row: int) -> str:
    return carried_out(row, notification.prepare)


@flow(name="notification")
async def check_notifications(batch: int = BATCH) -> dict[str, int]:
    """Everything that waits for this flow in the outbox."""
    return await finished("notification", await served("prepare", check_notification, "notification", batch))
