"""A deadline sweep costs what is due, not what is waiting.

Two databases hold the same 1,000 cases, opened through casework, whose reminders fall due; around them wait few timers
of other cases, or a million. The whole sweep is measured (`deadlines.sweep`: claim, perform the escalation, settle), so
it has real transitions in it; and beside it the claim alone, where waiting timers would show first. A round takes every
case to the next rung of its escalation, so there are as many rounds as rungs.
"""

import datetime as dt
import itertools
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import sqlalchemy as sa

from bench.filling import bare_cases, insert, new_database, real_case, settle, shape_of
from bench.sections import DATABASES, Row, Settings
from casework import clock, timers
from casework.automatic import deadlines
from casework.db import Database
from casework.rows import TIMER

SIZES = (10_000, 1_000_000)
"""timers that wait; the first is what the last is measured against"""
DUE = 1_000
PER_CASE = 10
"""timers of one waiting case"""
CLAIMS = 9
RUNGS = 3
"""a reminder at half the time, then the owner, then the others of the role"""
TO_REACH = 1.2
LATER = dt.timedelta(days=1000)
"""when the first of the others rings"""


class Timed(NamedTuple):
    """Seconds, on the clock and of this process."""

    wall: float
    own: float


def run(settings: Settings) -> list[Row]:
    """Both databases on every engine."""
    rows = []
    for kind in settings.databases:
        with ExitStack() as open_databases:
            databases = {size: _database(kind, size, settings, open_databases) for size in SIZES}
            settings.say(f"{DATABASES[kind]}: claiming")
            claims = _claims(databases)
            settings.say(f"{DATABASES[kind]}: sweeping")
            sweeps = [_sweep_all(databases, turn) for turn in range(RUNGS)]
        rows += _rows_of(DATABASES[kind], sweeps, claims)
        settings.details[kind] = {
            "sweeps": [{size: timed._asdict() for size, timed in one.items()} for one in sweeps],
            "claims": claims,
        }
    return rows


def _database(kind: str, size: int, settings: Settings, open_databases: ExitStack) -> Database:
    url = None
    if kind == "postgres":
        assert settings.postgres is not None
        url = open_databases.enter_context(settings.postgres.database(f"sweep_{size}"))
    db = new_database(settings.folder / f"{kind}-{size}", url)
    open_databases.callback(db.close)
    settings.say(f"{DATABASES[kind]}: {DUE:,} cases and {size:,} timers")
    now = clock.now()
    refs = [real_case(db, number, now) for number in range(DUE)]
    others = bare_cases(db, shape_of(db, refs[0]), -(-(size - DUE) // PER_CASE))
    insert(db, TIMER, itertools.islice(_waiting(others, now + LATER), size - DUE))
    settle(db)
    return db


def _waiting(cases: range, first: dt.datetime) -> Iterator[dict[str, Any]]:
    for number, (case_id, n) in enumerate(itertools.product(cases, range(PER_CASE))):
        at = first + dt.timedelta(minutes=number * 7919 % 1_000_000)
        yield {"case_id": case_id, "key": f"escalate:s{n}", "at": at, "rung": 0, "leased_until": None, "attempts": 0}


# --- the claim alone


def _claims(databases: dict[int, Database]) -> list[dict[int, float]]:
    found = []
    for turn in range(CLAIMS):
        found.append({size: _claim(db) for size, db in _in_turn(databases, turn)})
    return found


def _claim(db: Database) -> float:
    """Claim all that is due, and let it go again outside the measured time."""
    moment = _next_moment(db)
    started = time.perf_counter()
    claimed = timers.due(db, moment, DUE)
    seconds = time.perf_counter() - started
    _must_be_all(len(claimed))
    with db.begin() as connection:
        connection.execute(sa.update(TIMER).where(TIMER.c.at <= moment).values(leased_until=None, attempts=0))
    return seconds


# --- the whole sweep


def _sweep_all(databases: dict[int, Database], turn: int) -> dict[int, Timed]:
    return {size: _sweep(db) for size, db in _in_turn(databases, turn)}


def _sweep(db: Database) -> Timed:
    moment = _next_moment(db)
    started, own = time.perf_counter(), time.process_time()
    counts = deadlines.sweep(db, moment)
    timed = Timed(time.perf_counter() - started, time.process_time() - own)
    _must_be_all(counts["done"])
    return timed


def _must_be_all(count: int) -> None:
    if count != DUE:
        raise SystemExit(f"{count} timers rang, not {DUE}")


def _next_moment(db: Database) -> dt.datetime:
    """When the next rung of all the cases is due: they were opened at the same moment."""
    moment = timers.next_at(db)
    assert moment is not None
    return moment


def _in_turn(databases: dict[int, Database], turn: int) -> list[tuple[int, Database]]:
    found = list(databases.items())
    return found if turn % 2 == 0 else found[::-1]


def _rows_of(name: str, sweeps: list[dict[int, Timed]], claims: list[dict[int, float]]) -> list[Row]:
    few, many = SIZES[0], SIZES[-1]
    ratio = statistics.median(one[many].wall / one[few].wall for one in sweeps)
    own = statistics.median(one[many].own / one[few].own for one in sweeps)
    claim = statistics.median(one[many] / one[few] for one in claims)
    seconds, each = [statistics.median(one[size].wall for one in sweeps) for size in SIZES], 1e3 / DUE
    milliseconds = [statistics.median(one[size] for one in claims) * 1e3 for size in SIZES]
    what = f"{name}: a sweep of {DUE:,} due among {many:,} beside {few:,}"
    per_timer = f"{seconds[-1] * each:.2f} and {seconds[0] * each:.2f} ms for each that is due"
    return [
        Row(what, f"{ratio:.2f} ×", f"≤ {TO_REACH:g} ×", ratio <= TO_REACH),
        Row(f"{name}: the same, time of this process only", f"{own:.2f} × ({per_timer} on the clock)"),
        Row(f"{name}: claiming alone", f"{claim:.2f} × ({milliseconds[-1]:.1f} and {milliseconds[0]:.1f} ms)"),
    ]
