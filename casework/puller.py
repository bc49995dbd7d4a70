"""Fetching notifications from a prison's interface, page by page.

The interface answers `GET url?after=<cursor>` with `{"notifications": [...], "next": "<cursor>" | null}`. Each page is
handed over before the cursor moves on, so that a pull that breaks off resumes where it stopped; a page that comes twice
is harmless, because the one who receives recognises what is known. What goes wrong is told in plain words, never with
the answer's text, the cursor or the key in them.
"""

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from casework.notifications import FieldProblem
from casework.pull_address import PullFault, Resolve, resolve_host
from casework.pull_page import Interface, Page, PullSource

__all__ = ["PullReport", "PullSource", "pull"]

Receive = Callable[[list[dict[str, Any]]], Awaitable[None] | None]
Advanced = Callable[[str], Awaitable[None] | None]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class PullReport:
    """What a pull brought. `cursor` is where the next one starts: every page before it was handed over.

    After the last page the cursor stays at that page, so that what is added to it comes with the next pull.
    `finished`: the last page was reached. `retry_after`: for so many seconds the interface asks to be left alone.
    """

    cursor: str | None
    pages: int = 0
    notifications: int = 0
    retries: int = 0
    finished: bool = False
    problem: FieldProblem | None = None
    retry_after: float | None = None


async def pull(
    source: PullSource,
    cursor: str | None,
    receive: Receive,
    *,
    advanced: Advanced | None = None,
    sleep: Sleep = asyncio.sleep,
    chance: Callable[[], float] = random.random,
    resolve: Resolve = resolve_host,
) -> PullReport:
    """Fetch every page after the cursor and hand each to `receive`, whose errors pass through.

    `advanced` hears each new cursor after its page was received: who stores it there loses nothing when the process is
    killed. What goes wrong on the other side is in the report, with the cursor to resume from; nothing is raised.
    """
    report = PullReport(cursor)
    interface = Interface(source, resolve)
    deadline = asyncio.get_running_loop().time() + source.total_timeout
    patience = _Patience(interface, source, deadline, sleep, chance)
    try:
        async with interface:
            while report.pages < source.max_pages and not report.finished:
                page = await patience.page(report.cursor)
                await _done(receive(page.notifications))
                report = _counted(report, page)
                if page.next is not None:
                    patience.never_twice(page.next)
                    report = replace(report, cursor=page.next)
                    await _done(advanced(page.next) if advanced else None)
    except PullFault as fault:
        report = replace(report, problem=fault.problem, retry_after=fault.wait)
    return replace(report, retries=patience.retries)


def _counted(report: PullReport, page: Page) -> PullReport:
    notifications = report.notifications + len(page.notifications)
    return replace(report, pages=report.pages + 1, notifications=notifications, finished=page.next is None)


async def _done(outcome: Awaitable[None] | None) -> None:
    if inspect.isawaitable(outcome):
        await outcome


class _Patience:
    """Fetches a page in several attempts: exponential back-off with jitter, Retry-After, and one deadline for all.

    The deadline covers fetching and waiting, never the receiving of a page: that is not to be cut off half-way.
    """

    def __init__(
        self,
        interface: Interface,
        source: PullSource,
        deadline: float,
        sleep: Sleep,
        chance: Callable[[], float],
    ) -> None:
        self._interface = interface
        self._source = source
        self._deadline = deadline
        self._sleep = sleep
        self._chance = chance
        self._seen: set[str | None] = set()
        self.retries = 0

    async def page(self, cursor: str | None) -> Page:
        self._seen.add(cursor)
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._attempts(cursor)
        except TimeoutError:
            raise self._too_long() from None

    def never_twice(self, cursor: str) -> None:
        if cursor in self._seen:
            rule = "must give each page a cursor of its own; it came back to an earlier one"
            raise PullFault("next", rule, "ask the keeper of the interface; the pages until here were taken")

    async def _attempts(self, cursor: str | None) -> Page:
        attempt = 0
        while True:
            try:
                return await self._interface.page(cursor, attempt)
            except PullFault as fault:
                attempt += 1
                if not fault.again or attempt == self._source.attempts:
                    raise
                await self._wait(attempt, fault)

    async def _wait(self, attempt: int, fault: PullFault) -> None:
        if fault.wait is not None and fault.wait > self._source.longest_wait:
            raise fault
        # Between half and the whole of the doubled wait, so that many who wait do not come back at once.
        doubled = min(self._source.longest_wait, self._source.first_wait * 2 ** (attempt - 1))
        seconds = max(doubled * (0.5 + self._chance() / 2), fault.wait or 0.0)
        if asyncio.get_running_loop().time() + seconds > self._deadline:
            raise self._too_long()
        self.retries += 1
        await self._sleep(seconds)

    def _too_long(self) -> PullFault:
        rule = f"must give its pages within {self._source.total_timeout:g} seconds"
        return PullFault("interface", rule, "the next pull goes on from here; raise total_timeout if this recurs")
