"""Messages become mail: grouped per person on Monday 09:00 Brussels, at once what cannot wait."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casework import clock, heartbeats
from casework.automatic import delivery, link_mail, sending
from flows.batches import did, finished, gathered, house, scrubbed_await


@task(cache_policy=NO_CACHE, retries=0)
async def send_mail(staff: str) -> dict[str, int]:
    """The mail of one member of staff. What fails is tried again by a later run, never at once."""
    return await scrubbed_await(sending.send_to, house(), staff, clock.now())


@task(cache_policy=NO_CACHE, retries=0)
async def send_links() -> dict[str, int]:
    """The one-time links for signing in that wait. Only numbers leave this function."""
    return await scrubbed_await(link_mail.send_links, house(), clock.now())


@flow(name="delivery")
async def deliver_messages(people: int = sending.PEOPLE) -> dict[str, int]:
    """Address what is new, then send what is due. Without a mail server messages stay in the application."""
    addressed = 0
    while told := await did(delivery.address, house(), clock.now()):
        addressed += told
    counts = {"told": addressed}
    if house().settings.smtp_url is not None:
        waiting = await did(sending.people_waiting, house(), clock.now(), people)
        counts |= await gathered(send_mail, waiting)
        counts |= await send_links()
    unsent, failed = await did(sending.unsent, house(), clock.now())
    if failed:
        await did(heartbeats.failing, house(), "mail", unsent=unsent, failed=failed)
    else:
        await did(heartbeats.beat, house(), "mail", unsent=unsent, failed=0)
    return await finished("delivery", counts)
