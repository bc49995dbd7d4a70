"""The first page of "my tasks" and of "late work", with few and with very many open cases.

The call is measured as a person makes it: visibility, the page of 25, the count that stops at "99+", and the note in
the read log, which is on the disk before the call returns. The databases are asked in turns, so that a disk or a
neighbour that is slow for a while is slow for all of them; the ratio is taken within a round, and the median of the
rounds counts.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from bench.filling import SPREAD, WORKERS, fill_open, new_database
from bench.sections import DATABASES, Row, Settings
from bench.work import milliseconds, percentile
from casework.db import Database
from casework.lists import Page, late_work, tasks_for
from protocol.commands import Actor

SIZES = (1_000, 10_000, 100_000)
"""open cases; the first is what the last is measured against"""
CALLS = 100
"""of each list, on each database, in each round"""
WARM_UP = 20
TO_REACH = 1.5

LISTS: dict[str, Callable[[Database, Actor], Page]] = {"my tasks": tasks_for, "late work": late_work}


class Timed(NamedTuple):
    """Seconds of every call, per round, per number of cases."""

    rounds: list[dict[int, list[float]]]

    def of(self, size: int) -> list[float]:
        return [seconds for one in self.rounds for seconds in one[size]]

    def ratio(self) -> float:
        """p95 with the most cases, in p95s with the fewest."""
        few, many = SIZES[0], SIZES[-1]
        return statistics.median(percentile(one[many], 0.95) / percentile(one[few], 0.95) for one in self.rounds)


def run(settings: Settings) -> list[Row]:
    """Both lists on every database."""
    rows = []
    for kind in settings.databases:
        with ExitStack() as open_databases:
            databases = {size: _database(kind, size, settings, open_databases) for size in SIZES}
            for name, page in LISTS.items():
                settings.say(f"{DATABASES[kind]}: {name}")
                _same_page(name, page, databases)
                timed = _measure(page, databases, settings.rounds)
                rows += _rows_of(f"{DATABASES[kind]}: {name}", timed)
                settings.details[f"{kind}: {name}"] = {size: milliseconds(timed.of(size)) for size in SIZES}
    return rows


def _database(kind: str, size: int, settings: Settings, open_databases: ExitStack) -> Database:
    url = None
    if kind == "postgres":
        assert settings.postgres is not None
        url = open_databases.enter_context(settings.postgres.database(f"lists_{size}"))
    db = new_database(settings.folder / f"{kind}-{size}", url)
    open_databases.callback(db.close)
    fill_open(db, size, lambda words: settings.say(f"{DATABASES[kind]}: {words}"))
    return db


def _same_page(name: str, page: Callable[[Database, Actor], Page], databases: dict[int, Database]) -> None:
    """Every database must have a full page to show, and the largest more than can be counted."""
    for size, db in databases.items():
        found = page(db, WORKERS[0])
        if size >= SPREAD * 25 and (len(found.tasks) < 25 or found.count != "99+"):
            raise SystemExit(f"{name} with {size} cases shows {len(found.tasks)} of {found.count}")


def _measure(page: Callable[[Database, Actor], Page], databases: dict[int, Database], rounds: int) -> Timed:
    order = list(databases.items())
    for number in range(WARM_UP):
        for _size, db in order:
            page(db, WORKERS[number % len(WORKERS)])
    timed = Timed([])
    for _ in range(rounds):
        seconds: dict[int, list[float]] = {size: [] for size in databases}
        for number in range(CALLS):
            who = WORKERS[number % len(WORKERS)]
            turn = number % len(order)
            for size, db in order[turn:] + order[:turn]:
                started = time.perf_counter()
                page(db, who)
                seconds[size].append(time.perf_counter() - started)
        timed.rounds.append(seconds)
    return timed


def _rows_of(name: str, timed: Timed) -> list[Row]:
    rows = []
    for size in SIZES:
        found = milliseconds(timed.of(size))
        rows.append(Row(f"{name}, {size:,} open cases", f"{found['p50']:.2f} ms (p50), {found['p95']:.2f} ms (p95)"))
    ratio, wanted = timed.ratio(), f"≤ {TO_REACH:g} ×"
    what = f"{name}, p95 with {SIZES[-1]:,} cases beside {SIZES[0]:,}"
    return [Row(what, f"{ratio:.2f} ×", wanted, ratio <= TO_REACH), *rows]
