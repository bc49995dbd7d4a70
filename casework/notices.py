"""What somebody was told inside the application: the same messages that go out by mail, newest first.

A line holds a case number, a step and what happened, and nothing that a mail may not carry too.
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from casework import clock, protocols
from casework.automatic.facts import step_named
from casework.db import Database
from casework.rows import CASE
from casework.statements import Statement
from models.base import table_of
from models.messages import Message
from protocol.commands import Actor
from protocol.language import Text

PAGE = 25
KEPT = dt.timedelta(days=60)
"""shown for this long"""
COUNT_TO = 99
_MESSAGE = table_of(Message)
_p = sa.bindparam
_mine = (_MESSAGE.c.staff == _p("me"), _MESSAGE.c.created_at > _p("since"))
_unseen = sa.select(sa.literal(1)).select_from(_MESSAGE).where(*_mine, _MESSAGE.c.seen_at.is_(None)).limit(COUNT_TO)
_UNSEEN = Statement(sa.select(sa.func.count()).select_from(_unseen.subquery()))
_LINES = Statement(
    sa.select(
        CASE.c.ref, CASE.c.protocol, CASE.c.protocol_version, _MESSAGE.c.occurrence, _MESSAGE.c.what,
        _MESSAGE.c.created_at, _MESSAGE.c.seen_at, _MESSAGE.c.urgent,
    )
    .select_from(_MESSAGE.join(CASE, CASE.c.id == _MESSAGE.c.case_id))
    .where(*_mine, CASE.c.erased_at.is_(None))
    .order_by(_MESSAGE.c.created_at.desc(), _MESSAGE.c.id.desc())
    .limit(_p("upto"))
)  # fmt: skip
_SEEN = Statement(
    sa.update(_MESSAGE)
    .where(
        _MESSAGE.c.staff == _p("whose"), _MESSAGE.c.created_at > _p("after"), _MESSAGE.c.created_at <= _p("until"),
        _MESSAGE.c.seen_at.is_(None),
    )
    .values(seen_at=_p("at"))
)  # fmt: skip


@dataclass(frozen=True)
class Notice:
    """One thing that was told. `occurrence` and `step` are empty where even the step is not told."""

    ref: str
    occurrence: str
    step: Text | None
    what: str
    """`opened`, `late`, `settled`, `handled` … as the engine says it"""
    at: dt.datetime
    new: bool
    urgent: bool


@dataclass(frozen=True)
class Notices:
    lines: list[Notice]
    more: bool


def unseen(db: Database, actor: Actor, at: dt.datetime) -> int:
    """How many notices this person has not looked at; counts to 99."""
    with db.read() as tx:
        row = tx.one(_UNSEEN, {"me": actor.id, "since": at - KEPT})
    return int(row[0]) if row else 0


def for_me(db: Database, actor: Actor, page: int = 1, at: dt.datetime | None = None) -> Notices:
    """One page of the notices of this person. Not in the read log: it says no more than the mail did."""
    at = at or clock.now()
    with db.read() as tx:
        rows = tx.all(_LINES, {"me": actor.id, "since": at - KEPT, "upto": PAGE * page + 1})
        lines = []
        for ref, key, number, occurrence, what, created_at, seen_at, urgent in rows[PAGE * (page - 1) : PAGE * page]:
            protocol = protocols.version(tx, db, key, number)
            step = step_named(protocol, occurrence.partition("#")[0].partition("~")[0]) if occurrence else None
            name = step.name if step else None
            lines.append(Notice(ref, occurrence, name, what, created_at, seen_at is None, bool(urgent)))
    return Notices(lines, len(rows) > PAGE * page)


def looked_at(db: Database, actor: Actor, until: dt.datetime, at: dt.datetime) -> None:
    """This person has seen what was told up to `until`; what came meanwhile stays new."""
    with db.write() as tx:
        tx.run(_SEEN, {"whose": actor.id, "after": at - KEPT, "until": until, "at": at})
