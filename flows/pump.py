"""The pump: `python -m flows.pump`. Every second it looks what waits, and is the only thing that calls Prefect.

A row of the outbox is taken by the flow that does the work, never by the pump: an event only says "there is work".
So an event that is lost costs delay and never a duty. What still waits later is said again; while Prefect is away the
rows stay, the pump backs off, and how long it has been away is recorded where pages and CLI show it.
"""

import signal
import sys
import time
import uuid
from types import FrameType

from casework import heartbeats
from casework.automatic import delivery, orders
from casework.automatic.waiting import Waiting, waiting
from casework.clock import now, real_now
from casework.db import Database
from casework.settings import settings
from casework.upgrade import open_database
from flows.batches import kind_of
from flows.prefect_events import PrefectAway, PrefectEvents

LOOK_SECONDS = 1.0
GATHER_SECONDS = 3.0
"""work of one kind is said at most this often: what comes in between goes with the next batch"""
AGAIN_SECONDS = 120.0
"""what still waits then is said again: the event or its run was lost"""
BEAT_SECONDS = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
NAMESPACE = uuid.UUID("5b9f8c1e-6f0e-4a53-9d3c-2f1d8a7c4e10")


class Said:
    """What was last said of one kind."""

    def __init__(self) -> None:
        self.newest = -1
        self.at = float("-inf")
        self.times = 0

    def should_say(self, work: Waiting, clock: float) -> bool:
        is_new = work.newest > self.newest
        return clock - self.at >= (GATHER_SECONDS if is_new else AGAIN_SECONDS)

    def event_id(self, work: Waiting) -> uuid.UUID:
        """The same work said once more after a cut connection is the same event; said again later, it is another."""
        again = 0 if work.newest > self.newest else self.times
        return uuid.uuid5(NAMESPACE, f"{work.kind}:{work.newest}:{again}")

    def was_said(self, work: Waiting, clock: float) -> None:
        self.times = 1 if work.newest > self.newest else self.times + 1
        self.newest, self.at = max(self.newest, work.newest), clock


class Pump:
    """One look per `turn`; `clock` is monotonic seconds."""

    def __init__(self, db: Database, prefect: PrefectEvents) -> None:
        self.db = db
        self.prefect = prefect
        self.said: dict[str, Said] = {}
        self.pause = FIRST_PAUSE
        self.quiet_until = float("-inf")
        self.beaten = float("-inf")
        self.away = False

    def turn(self, clock: float) -> int:
        """Address new messages, say what waits; how many kinds were said."""
        if clock - self.beaten >= BEAT_SECONDS:
            orders.give_up_unknown(self.db)
        delivery.address(self.db, now())
        found = waiting(self.db, now(), real_now())
        said = self._say(found, clock) if clock >= self.quiet_until else 0
        if clock - self.beaten >= BEAT_SECONDS:
            self._beat(found, clock)
        return said

    def _say(self, found: list[Waiting], clock: float) -> int:
        said = 0
        for work in found:
            if work.kind == "mail" and self.db.settings.smtp_url is None:
                continue  # seen in the application, and counted there
            before = self.said.setdefault(work.kind, Said())
            if not before.should_say(work, clock):
                continue
            try:
                self.prefect.emit(work.kind, before.event_id(work))
            except PrefectAway:
                self._is_away(found, clock)
                return said
            before.was_said(work, clock)
            said += 1
        if said:
            self._is_there(found, clock)
        return said

    def _is_away(self, found: list[Waiting], clock: float) -> None:
        """The rows stay; the next try comes after a pause that grows."""
        self.quiet_until = clock + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.away = True
        heartbeats.failing(self.db, "prefect", waiting=_count(found))

    def _is_there(self, found: list[Waiting], clock: float) -> None:
        for before in self.said.values() if self.away else ():
            if before.at < clock:  # a run that was under way when Prefect went may be cut off
                before.at = float("-inf")
        self.pause, self.away = FIRST_PAUSE, False
        heartbeats.beat(self.db, "prefect", waiting=_count(found))

    def _beat(self, found: list[Waiting], clock: float) -> None:
        self.beaten = clock
        oldest = min((work.since for work in found), default=None)
        delay = int((now() - oldest).total_seconds()) if oldest else 0
        heartbeats.beat(self.db, "pump", waiting=_count(found), oldest_seconds=max(0, delay))
        if clock >= self.quiet_until:
            if self.prefect.healthy():
                self._is_there(found, clock)
            else:
                self._is_away(found, clock)

    def run(self) -> None:
        """Until the process is told to stop."""
        stop = False

        def ask(_number: int, _frame: FrameType | None) -> None:
            nonlocal stop
            stop = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, ask)
        while not stop:
            begun = time.monotonic()
            try:
                self.turn(begun)
            except Exception as error:
                # Only the kind: the text of an error could quote a person. The supervisor starts the pump again.
                sys.stderr.write(f"pump: {kind_of(error)}\n")
                raise SystemExit(1) from None
            time.sleep(max(0.05, LOOK_SECONDS - (time.monotonic() - begun)))


def _count(found: list[Waiting]) -> int:
    return sum(work.rows for work in found)


def main() -> None:
    found = settings()
    db = open_database(found)
    prefect = PrefectEvents.from_environment(found.prefect_api_url)
    try:
        Pump(db, prefect).run()
    finally:
        prefect.close()
        db.close()


if __name__ == "__main__":
    main()
