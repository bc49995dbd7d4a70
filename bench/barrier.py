"""What the information barrier costs: a list and a case as a person reads them, beside the same queries without it.

With the barrier: every question to visibility, and everything that a person may not know taken out of the state and the
history. Without it: the same calls on the same database, where every answer is yes and nothing is taken out. The entry
in the read log is left out of both, and printed apart: it is one more durable write. Both are called in turns.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from bench.filling import WORKERS, fill_open, new_database, real_case
from bench.sections import DATABASES, Row, Settings
from casework import clock, lists, read_log, reading
from casework.db import Database
from protocol.visibility import Decision

CASES = 1_000
CALLS = 200
"""of each page, with and without, in each round"""
TO_REACH = 1.3
DONE = 6
"""steps done in the case that is read"""

Page = Callable[[Database], object]


def _yes(*_: object, **__: object) -> Decision:
    return Decision(True, "the bench: no barrier")


def _nothing(*_: object, **__: object) -> None:
    return None


@contextmanager
def no_read_log() -> Iterator[None]:
    """Nothing is noted in the read log."""
    with patch.object(read_log, "note", _nothing):
        yield


@contextmanager
def no_barrier() -> Iterator[None]:
    """Every question is answered with yes, and nothing is taken out of what is shown."""
    with ExitStack() as off:
        for module in (reading, lists):
            off.enter_context(patch.object(module, "may", _yes))
        off.enter_context(patch.object(reading, "shown_state", lambda _protocol, state, *_: state))
        off.enter_context(patch.object(reading, "shown_events", lambda _p, _s, _a, _r, events, *_: events))
        yield


def run(settings: Settings) -> list[Row]:
    """Both pages on every database."""
    rows = []
    for kind in settings.databases:
        with ExitStack() as held:
            url = None
            if kind == "postgres":
                assert settings.postgres is not None
                url = held.enter_context(settings.postgres.database("barrier"))
            db = new_database(settings.folder / kind, url)
            held.callback(db.close)
            ref = real_case(db, 1, clock.now(), DONE)
            fill_open(db, CASES, lambda words, kind=kind: settings.say(f"{DATABASES[kind]}: {words}"))
            for name, page in pages(ref).items():
                settings.say(f"{DATABASES[kind]}: {name}")
                rows += _measured(f"{DATABASES[kind]}: {name}", page, db, settings)
    return rows


def pages(ref: str) -> dict[str, Page]:
    """What is read: the first page of a worker's tasks; a case with its history."""
    who = WORKERS[1]
    return {
        "list page": lambda db: lists.tasks_for(db, who),
        "case page": lambda db: (reading.case_for(db, who, ref), reading.history(db, who, ref)),
    }


def _seconds(page: Page, db: Database) -> float:
    started = time.perf_counter()
    page(db)
    return time.perf_counter() - started


def _measured(name: str, page: Page, db: Database, settings: Settings) -> list[Row]:
    ratios, logged, bare = [], [], []
    page(db)
    for _ in range(settings.rounds):
        on, off, log = [], [], []
        for _call in range(CALLS):
            with no_read_log():
                on.append(_seconds(page, db))
                with no_barrier():
                    off.append(_seconds(page, db))
            log.append(_seconds(page, db))
        ratios.append(statistics.median(on) / statistics.median(off))
        logged.append(statistics.median(log) - statistics.median(on))
        bare.append(statistics.median(off))
    ratio = statistics.median(ratios)
    settings.details[name] = {"ratios": ratios, "without_ms": [seconds * 1000 for seconds in bare]}
    return [
        Row(f"{name}, with the barrier beside without", f"{ratio:.2f} ×", f"≤ {TO_REACH:g} ×", ratio <= TO_REACH),
        Row(f"{name}, without", f"{statistics.median(bare) * 1000:.2f} ms"),
        Row(f"{name}, its entries in the read log", f"{statistics.median(logged) * 1000:.2f} ms more"),
    ]
