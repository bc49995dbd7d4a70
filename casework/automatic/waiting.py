"""What waits in the outbox, counted: the pump looks here every second and takes nothing away."""

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework.db import Database
from casework.statements import Statement
from models.base import table_of
from models.messages import Message
from models.outbox import Outbox

_OUTBOX, _MESSAGE = table_of(Outbox), table_of(Message)
_p = sa.bindparam
_FLOW = sa.func.coalesce(_OUTBOX.c.payload["flow"].as_string(), "")
_FREE = sa.or_(_OUTBOX.c.leased_until.is_(None), _OUTBOX.c.leased_until <= _p("real"))
_WAITING = Statement(
    sa.select(_OUTBOX.c.kind, _FLOW, sa.func.count(), sa.func.max(_OUTBOX.c.id), sa.func.min(_OUTBOX.c.available_at))
    .where(_OUTBOX.c.settled_at.is_(None), _OUTBOX.c.available_at <= _p("at"), _FREE)
    .group_by(_OUTBOX.c.kind, _FLOW)
)
_MAIL = Statement(
    sa.select(sa.func.count(), sa.func.max(_MESSAGE.c.id), sa.func.min(_MESSAGE.c.send_at)).where(
        _MESSAGE.c.sent_at.is_(None),
        sa.not_(_MESSAGE.c.dead),
        _MESSAGE.c.send_at <= _p("at"),
        sa.or_(_MESSAGE.c.leased_until.is_(None), _MESSAGE.c.leased_until <= _p("real")),
    )
)


class Waiting(NamedTuple):
    """Work of one kind that could be done now: `prepare.assignment`, `erase`, `mail` …"""

    kind: str
    rows: int
    newest: int
    """id of the row that came last"""
    since: dt.datetime


def waiting(db: Database, at: dt.datetime, real: dt.datetime) -> list[Waiting]:
    """`at`: business time, for when work is due; `real`: the real time, for leases."""
    when = {"at": at, "real": real}
    with db.read() as tx:
        rows = tx.all(_WAITING, when)
        mail = tx.one(_MAIL, when)
    found = [
        Waiting(f"{kind}.{flow}" if flow else kind, count, newest, since) for kind, flow, count, newest, since in rows
    ]
    if mail is not None and mail[0]:
        found.append(Waiting("mail", *mail))
    return found
