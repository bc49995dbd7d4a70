"""Timers as the sweep uses them: what rang, whose it is, and how long the oldest has been waiting."""

import datetime as dt

import sqlalchemy as sa

from casework import clock, timers
from casework.db import Database
from casework.rows import SET_TIMER, TIMER
from casework.statements import Statement
from casework.timers import Due

WAKE, ESCALATE = "wake", "escalate"
FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=30), dt.timedelta(hours=1)

_p = sa.bindparam
_COUNT = Statement(sa.select(sa.func.count(), sa.func.min(TIMER.c.at)).where(TIMER.c.at <= _p("now")))


def kind_of(timer: Due) -> str:
    """`wake`, `escalate`, `unacknowledged`"""
    return timer.key.partition(":")[0]


def occurrence_of(timer: Due) -> str:
    return timer.key.partition(":")[2]


def later(db: Database, timer: Due) -> None:
    """It failed: try again after a pause that grows."""
    pause = min(FIRST_PAUSE * 2 ** min(timer.attempts, 10), LONGEST_PAUSE)
    timers.later(db, timer, clock.real_now() + pause)


def set_timer(db: Database, case_id: int, key: str, at: dt.datetime) -> None:
    with db.write() as tx:
        tx.run(SET_TIMER, {"case_id": case_id, "key": key, "at": at, "rung": 0})


def overdue(db: Database, at: dt.datetime) -> tuple[int, dt.datetime | None]:
    """How many timers are due, and since when the oldest: the delay that is shown."""
    with db.read() as tx:
        row = tx.one(_COUNT, {"now": at})
    return (int(row[0]), row[1]) if row else (0, None)
