"""Timers whose moment has come: taken under a lease, so that two sweeps never do the same work at once."""

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock
from casework.db import Database
from casework.rows import SET_TIMER, TIMER
from casework.statements import Statement

LEASE = dt.timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=30), dt.timedelta(hours=1)

_p = sa.bindparam
_FREE = sa.or_(TIMER.c.leased_until.is_(None), TIMER.c.leased_until <= _p("real"))
_due = (
    sa.select(TIMER.c.case_id, TIMER.c.key, TIMER.c.at, TIMER.c.rung, TIMER.c.attempts)
    .where(TIMER.c.at <= _p("now"), _FREE)
    .order_by(TIMER.c.at, TIMER.c.case_id)
    .limit(_p("limit"))
    .with_for_update(skip_locked=True)
)
_DUE, _DUE_OF_KEY = Statement(_due), Statement(_due.where(TIMER.c.key == _p("only")))
_MINE = (TIMER.c.case_id == _p("of_case"), TIMER.c.key == _p("which"), TIMER.c.at == _p("was"))
"""Compare and swap: a timer that a transition has set anew meanwhile is another timer."""
_LEASE = Statement(sa.update(TIMER).where(*_MINE).values(leased_until=_p("until"), attempts=TIMER.c.attempts + 1))
_DROP = Statement(sa.delete(TIMER).where(*_MINE))
_LATER = Statement(sa.update(TIMER).where(*_MINE).values(leased_until=_p("until")))
_COUNT = Statement(sa.select(sa.func.count(), sa.func.min(TIMER.c.at)).where(TIMER.c.at <= _p("now")))


class Due(NamedTuple):
    """A timer that rang: `wake`, `escalate:STEP-ID`, `unacknowledged:STEP-ID`."""

    case_id: int
    key: str
    at: dt.datetime
    rung: int
    attempts: int

    @property
    def kind(self) -> str:
        return self.key.partition(":")[0]

    @property
    def occurrence(self) -> str:
        return self.key.partition(":")[2]


def claim(db: Database, at: dt.datetime, limit: int, only: str = "") -> list[Due]:
    """Take up to `limit` due timers, the oldest first; `only`: those with this key."""
    real = clock.real_now()
    when = {"now": at, "real": real, "limit": limit}
    with db.write() as tx:
        rows = tx.all(_DUE_OF_KEY, {**when, "only": only}) if only else tx.all(_DUE, when)
        found = [Due(*row) for row in rows]
        tx.many(_LEASE, [{**_id(timer), "until": real + LEASE} for timer in found])
    return found


def _id(timer: Due) -> dict[str, object]:
    return {"of_case": timer.case_id, "which": timer.key, "was": timer.at}


def drop(db: Database, timer: Due) -> None:
    """It has had its effect, or has none any more. One that was set anew meanwhile stays."""
    with db.write() as tx:
        tx.run(_DROP, _id(timer))


def later(db: Database, timer: Due) -> None:
    """It failed: try again after a pause that grows."""
    pause = min(FIRST_PAUSE * 2 ** min(timer.attempts, 10), LONGEST_PAUSE)
    with db.write() as tx:
        tx.run(_LATER, {**_id(timer), "until": clock.real_now() + pause})


def set_timer(db: Database, case_id: int, key: str, at: dt.datetime) -> None:
    with db.write() as tx:
        tx.run(SET_TIMER, {"case_id": case_id, "key": key, "at": at, "rung": 0})


def overdue(db: Database, at: dt.datetime) -> tuple[int, dt.datetime | None]:
    """How many timers are due, and since when the oldest: the delay that is shown."""
    with db.read() as tx:
        row = tx.one(_COUNT, {"now": at})
    return (int(row[0]), row[1]) if row else (0, None)
