"""Timers whose moment has come, claimed under a lease. A sweep costs what is due, not what is waiting."""

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import clock
from casework.db import Database
from casework.rows import TIMER
from casework.statements import Statement

LEASE = dt.timedelta(minutes=2)

_p = sa.bindparam
_free = sa.or_(TIMER.c.leased_until.is_(None), TIMER.c.leased_until <= _p("real"))
_chosen = (
    sa.select(TIMER.c.case_id, TIMER.c.key)
    .where(TIMER.c.at <= _p("now"), _free)
    .order_by(TIMER.c.at)
    .limit(_p("upto"))
    .with_for_update(skip_locked=True)
)


def _claiming(chosen: Any) -> Statement:
    return Statement(
        sa.update(TIMER)
        .where(sa.tuple_(TIMER.c.case_id, TIMER.c.key).in_(chosen))
        .values(leased_until=_p("until"), attempts=TIMER.c.attempts + 1)
        .returning(TIMER.c.case_id, TIMER.c.key, TIMER.c.at, TIMER.c.rung, TIMER.c.attempts)
    )


_CLAIM, _CLAIM_KEY = _claiming(_chosen), _claiming(_chosen.where(TIMER.c.key == _p("only")))
# Compare and swap: a timer that a transition has set anew meanwhile is another timer.
_same = (TIMER.c.case_id == _p("of_case"), TIMER.c.key == _p("which"), TIMER.c.at == _p("was"))
_SETTLE = Statement(sa.delete(TIMER).where(*_same))
_LATER = Statement(sa.update(TIMER).where(*_same).values(leased_until=_p("until")))
_NEXT = Statement(sa.select(sa.func.min(TIMER.c.at)))


class Due(NamedTuple):
    """A timer that rang: `wake` for the case, `escalate:STEP-ID` for a step."""

    case_id: int
    key: str
    at: dt.datetime
    rung: int
    attempts: int


def due(db: Database, at: dt.datetime, limit: int = 100, only: str = "") -> list[Due]:
    """Claim up to `limit` timers that rang by `at` (business time), the oldest first; `only`: those with this key.

    Leases use the real clock.
    """
    real = clock.real_now()
    values = {"now": at, "real": real, "until": real + LEASE, "upto": limit}
    with db.write() as tx:
        rows = tx.all(_CLAIM_KEY, {**values, "only": only}) if only else tx.all(_CLAIM, values)
    return sorted((Due(*row) for row in rows), key=lambda timer: (timer.at, timer.case_id, timer.key))


def settle(db: Database, timer: Due) -> None:
    """It had its effect, or has none any more. One that was set anew meanwhile stays."""
    with db.write() as tx:
        tx.run(_SETTLE, {"of_case": timer.case_id, "which": timer.key, "was": timer.at})


def later(db: Database, timer: Due, until: dt.datetime) -> None:
    """It failed: free again at `until` (real time)."""
    with db.write() as tx:
        tx.run(_LATER, {"of_case": timer.case_id, "which": timer.key, "was": timer.at, "until": until})


def next_at(db: Database) -> dt.datetime | None:
    """When the next timer rings: where the demo's clock jumps to."""
    with db.read() as tx:
        row = tx.one(_NEXT, {})
    return row[0] if row else None
