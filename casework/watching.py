"""Who read what: the read log as the data protection officer asks it. Looking into it is noted like any other reading."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.errors import NotAllowed
from casework.rows import CASE
from casework.statements import Row, Statement, Tx
from models.base import table_of
from models.ledger import AccessEntry
from protocol.commands import Actor
from protocol.visibility import Decision, may

PAGE = 50
MANY = 15
"""different cases read one by one within an hour: told as unusual"""
HOUR = dt.timedelta(hours=1)
_ACCESS = table_of(AccessEntry)
_p = sa.bindparam
_lines = sa.select(
    _ACCESS.c.id, _ACCESS.c.staff, CASE.c.ref, _ACCESS.c.what, _ACCESS.c.allowed, _ACCESS.c.reason, _ACCESS.c.at
).select_from(_ACCESS.outerjoin(CASE, CASE.c.id == _ACCESS.c.case_id))
_within = (_ACCESS.c.at >= _p("since"), _ACCESS.c.at < _p("until"))
_OF_CASE = Statement(
    _lines.where(_ACCESS.c.case_id == sa.select(CASE.c.id).where(CASE.c.ref == _p("ref")).scalar_subquery(), *_within)
    .order_by(_ACCESS.c.at.desc(), _ACCESS.c.id.desc())
    .limit(_p("upto"))
)
_BY = Statement(
    _lines.where(_ACCESS.c.staff == _p("who"), *_within)
    .order_by(_ACCESS.c.at.desc(), _ACCESS.c.id.desc())
    .limit(_p("upto"))
)
_hour = sa.func.count(sa.distinct(_ACCESS.c.case_id))
_MANY = Statement(
    sa.select(_ACCESS.c.staff, _hour)
    .where(_ACCESS.c.at >= _p("since"), _ACCESS.c.case_id.is_not(None))
    .group_by(_ACCESS.c.staff)
    .having(_hour >= _p("many"))
)


class Reading(NamedTuple):
    """One line of the read log."""

    staff: str
    case: str | None
    """None: a page that lists several"""
    what: str
    allowed: bool
    why: str
    at: dt.datetime


class Readings(NamedTuple):
    lines: list[Reading]
    more: bool


def must_watch(tx: Tx, db: Database, actor: Actor) -> Decision:
    """Raises NotAllowed."""
    answers = [may(found, actor, "watch", "", frozenset()) for found in protocols.all_newest(tx, db)]
    allowed = [answer for answer in answers if answer.allowed]
    if not allowed:
        raise NotAllowed(answers[0].reason if answers else "no protocol is in force")
    return allowed[0]


def of_case(db: Database, actor: Actor, ref: str, since: dt.date, until: dt.date, page: int = 1) -> Readings:
    """Who read a case, the latest first: `since` and `until` are days, both included. An unknown case was read by nobody."""
    return _asked(db, actor, _OF_CASE, {"ref": ref}, f"read log of {ref}"[:80], (since, until), page)


def by_staff(db: Database, actor: Actor, staff: str, since: dt.date, until: dt.date, page: int = 1) -> Readings:
    """What somebody read, the latest first."""
    return _asked(db, actor, _BY, {"who": staff}, f"read log by {staff}"[:80], (since, until), page)


def _asked(
    db: Database, actor: Actor, wanted: Statement, values: dict[str, object], what: str, days: tuple[dt.date, dt.date],
    page: int,
) -> Readings:  # fmt: skip
    first, last = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (days[0], days[1] + dt.timedelta(days=1)))
    with db.write() as tx:
        decision = must_watch(tx, db, actor)
        rows = tx.all(wanted, {**values, "since": first, "until": last, "upto": PAGE * page + 1})
        read_log.note(tx, actor, None, what, decision, clock.now(), [])
    shown = rows[PAGE * (page - 1) : PAGE * page]
    return Readings([_line(row) for row in shown], len(rows) > PAGE * page)


def _line(row: Row) -> Reading:
    _, staff, ref, what, allowed, reason, at = row
    return Reading(staff, ref, what, bool(allowed), reason, at)


def unusual(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[tuple[str, int]]:
    """Who opened many different cases within the last hour, and how many."""
    at = at or clock.now()
    with db.read() as tx:
        must_watch(tx, db, actor)
        return [(staff, int(count)) for staff, count in tx.all(_MANY, {"since": at - HOUR, "many": MANY})]
