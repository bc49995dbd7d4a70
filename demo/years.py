"""The demo as a whole: lived to its end and counted, or lived until today so that a workplace has something to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from casework import clock
from casework.compliance import table
from casework.db import Database
from casework.staff import everybody
from casework.verify import verify
from demo.lives import LIVES
from demo.play import Tell, Years, establish
from protocol.commands import SYSTEM

FIRST_DAY = dt.date(2026, 1, 5)
Progress = Callable[[int, int], None]


def live(db: Database, seed: int, tell: Tell | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Every life from notification to erasure; what came of it, in figures."""
    founded = dt.datetime.combine(FIRST_DAY - dt.timedelta(days=1), dt.time(8), dt.UTC)
    clock.set_to(founded)
    establish(db, founded)
    years = Years(db, seed, FIRST_DAY, tell=tell)
    counts = years.play(progress)
    lines = table(db, SYSTEM, FIRST_DAY, years.calendar.local_day(years.now), at=years.now)
    late, missed = sum(line.late for line in lines), sum(line.missed for line in lines)
    ledger = verify(db)
    return {
        "cases": counts["cases"],
        "closed": counts["ended"],
        "open": counts["cases"] - counts["ended"],
        "transitions": counts["transitions"] + counts["timers"],
        "deviations": late + missed,
        "kept": sum(line.kept for line in lines),
        "late": late,
        "missed": missed,
        "waived": sum(line.waived for line in lines),
        "events": sum(number for key, number in counts.items() if key.startswith("event:")),
        "prepared": years.outside.counts["done"],
        "told": years.outside.counts["told"],
        "staff": len(everybody(db)),
        "until": years.calendar.local_day(years.now),
        "ledger": "intact" if ledger["intact"] else "not intact",
        "entries": ledger["entries"],
    }


def fill(db: Database, progress: Progress | None = None) -> None:
    """The last months of the partnership, up to now: open cases in every phase, some late, some closed."""
    now = clock.now()
    first = (now - dt.timedelta(days=250)).date()
    founded = dt.datetime.combine(first - dt.timedelta(days=1), dt.time(8), dt.UTC)
    clock.set_to(founded)
    establish(db, founded)
    try:
        Years(db, 1, first, until=now, lives=LIVES).play(progress)
    finally:
        clock.set_to(None)
