"""Takes the files of the drop folder; checks what was announced, and whether the person was known before."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework.automatic import notification
from casework.intake_folder import sweep_drop_folder
from flows.batches import BATCH, RETRY_SECONDS, carried_out, did, finished, house, served


@task(cache_policy=NO_CACHE, retries=len(RETRY_SECONDS), retry_delay_seconds=RETRY_SECONDS)
def check_notification(row: int) -> str:
    return carried_out(row, notification.prepare)


@flow(name="notification")
async def check_notifications(batch: int = BATCH) -> dict[str, int]:
    """New files in the drop folder, then everything that waits for this flow in the outbox."""
    dropped = await did(sweep_drop_folder, house())
    return await finished("notification", dropped, await served("prepare", check_notification, "notification", batch))
