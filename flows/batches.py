"""What every flow shares: the database of this process, batches under a lease, and errors that say nothing personal."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path
from traceback import extract_tb
from typing import Any, ParamSpec, Protocol, TypeVar

from casework import heartbeats
from casework.automatic import orders
from casework.automatic.orders import Order
from casework.db import Database
from casework.settings import settings
from casework.upgrade import open_database

ROOT = Path(__file__).resolve().parent.parent
BATCH = 50
RETRY_SECONDS: list[float] = [2.0, 10.0]

P = ParamSpec("P")
R = TypeVar("R")


class FlowFault(Exception):
    """The kind of an error and where it arose. Its text stays behind: it could quote a person."""


@cache
def house() -> Database:
    """The database of this process. A flow run is a process of its own."""
    return open_database(settings())


def kind_of(error: BaseException) -> str:
    """`KeyError at casework/automatic/release.py:41`: the innermost place in our own code."""
    places = [place for place in extract_tb(error.__traceback__) if place.filename.startswith(str(ROOT))]
    if not places:
        return type(error).__name__
    where = Path(places[-1].filename).relative_to(ROOT)
    return f"{type(error).__name__} at {where}:{places[-1].lineno}"


def scrubbed(body: Callable[P, R]) -> Callable[P, R]:
    """No text and no cause of an error leaves this function: Prefect keeps both in its database."""

    @wraps(body)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return body(*args, **kwargs)
        except FlowFault as fault:
            words = str(fault)
        except Exception as error:
            words = kind_of(error)
        raise FlowFault(words)  # outside the except block: the first error is not even its context

    return safe


async def scrubbed_await(body: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """The same for a coroutine."""
    try:
        return await body(*args, **kwargs)
    except Exception as error:
        words = kind_of(error)
    raise FlowFault(words)


class Mapped(Protocol):
    """A Prefect task, as far as it is used here."""

    def map(self, *parameters: Any) -> Any: ...


def tally(results: Iterable[Any]) -> Counter[str]:
    """What tasks returned, added up: a word counts once, numbers are summed, a failure counts as `failed`."""
    counts: Counter[str] = Counter()
    for result in results:
        if isinstance(result, Mapping):
            counts.update({str(key): int(number) for key, number in result.items()})
        else:
            counts[result if isinstance(result, str) else "failed"] += 1
    return counts


async def mapped(task: Mapped, items: Sequence[Any], *same: Any) -> Counter[str]:
    """One task run per item; `same` is given to all. One that failed in the end hides no other."""
    if not items:
        return Counter()
    futures = task.map(items, *same)

    def results() -> Counter[str]:
        return tally(future.result(raise_on_failure=False) for future in futures)

    return await asyncio.to_thread(results)


async def gathered(task: Callable[[Any], Awaitable[Any]], items: Sequence[Any], at_once: int = 5) -> Counter[str]:
    """The same for tasks that are coroutines: a few of them at a time."""
    places = asyncio.Semaphore(at_once)

    async def one(item: Any) -> Any:
        async with places:
            return await task(item)

    return tally(await asyncio.gather(*(one(item) for item in items), return_exceptions=True))


@scrubbed
def claimed(kind: str, flow: str, batch: int) -> list[Order]:
    return orders.claim(house(), kind, batch, flow)


async def served(kind: str, task: Mapped, flow: str = "", batch: int = BATCH) -> Counter[str]:
    """Serve everything of one kind that waits, batch after batch; a task is given the number of one outbox row."""
    counts: Counter[str] = Counter()
    while waiting := await asyncio.to_thread(claimed, kind, flow, batch):
        counts += await mapped(task, [order.id for order in waiting])
    return counts


@scrubbed
def carried_out(row: int, work: Callable[[Database, Order], object]) -> str:
    """Do the work of one outbox row that this run holds. A failure is raised, so that Prefect tries again."""
    order = orders.held(house(), row)
    if order is None:
        return "void"
    carried = orders.carry_out(house(), order, work)
    if carried.outcome == "later":
        raise FlowFault(carried.fault)
    return carried.outcome


async def finished(part: str, *counted: Mapping[str, int]) -> dict[str, int]:
    """The end of a flow: its heartbeat, and numbers as its only result."""
    counts = {key: int(number) for counts in counted for key, number in counts.items()}
    await asyncio.to_thread(scrubbed(heartbeats.beat), house(), part, **counts)
    return counts


async def did(body: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a body beside the flow's loop, scrubbed."""
    return await asyncio.to_thread(scrubbed(body), *args, **kwargs)
