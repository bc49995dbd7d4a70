"""The secret address of somebody's calendar: made anew or stopped at any moment, over when they leave. Real time."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import account_log
from casework.accounts import member_of
from casework.db import Database
from casework.sessions import digest_of
from casework.statements import Statement
from models.accounts import Account
from models.base import table_of
from models.calendar import CalendarLink
from models.people import Staff

USED_EVERY = dt.timedelta(hours=1)
"""a program that fetches all day is written once in so long"""
_LINK, _ACCOUNT = table_of(CalendarLink), table_of(Account)
_p = sa.bindparam
_VALUES: dict[str, Any] = {"staff": _p("staff"), "digest": _p("digest"), "made_at": _p("made_at")}
_NEW: dict[str, Any] = {"digest": _p("digest"), "made_at": _p("made_at"), "used_at": sa.null()}
_MAKE = Statement(
    sqlite_insert(_LINK).values(_VALUES).on_conflict_do_update(index_elements=["staff"], set_=_NEW),
    postgresql=postgresql_insert(_LINK).values(_VALUES).on_conflict_do_update(index_elements=["staff"], set_=_NEW),
)
_STOP = Statement(sa.delete(_LINK).where(_LINK.c.staff == _p("who")))
_OF = Statement(sa.select(_LINK.c.made_at, _LINK.c.used_at).where(_LINK.c.staff == _p("who")))
_WHOSE = Statement(
    sa.select(_LINK.c.staff, _LINK.c.used_at, _ACCOUNT.c.deactivated_at)
    .select_from(_LINK.outerjoin(_ACCOUNT, _ACCOUNT.c.staff == _LINK.c.staff))
    .where(_LINK.c.digest == _p("digest"))
)
_USED = Statement(sa.update(_LINK).where(_LINK.c.staff == _p("who")).values(used_at=_p("moment")))


class Standing(NamedTuple):
    made_at: dt.datetime
    used_at: dt.datetime | None
    """when a program fetched it last, to the hour"""


def make(db: Database, staff: str, at: dt.datetime, real: dt.datetime) -> str:
    """A new secret; the one before is worth nothing from now on."""
    secret = secrets.token_urlsafe(32)
    with db.write() as tx:
        tx.run(_MAKE, {"staff": staff, "digest": digest_of(secret), "made_at": real})
        account_log.note(tx, staff, at, "calendar_link_made")
    return secret


def stop(db: Database, staff: str, at: dt.datetime) -> None:
    with db.write() as tx:
        if tx.one(_OF, {"who": staff}) is not None:
            tx.run(_STOP, {"who": staff})
            account_log.note(tx, staff, at, "calendar_link_stopped")


def of(db: Database, staff: str) -> Standing | None:
    with db.read() as tx:
        row = tx.one(_OF, {"who": staff})
    return Standing(*row) if row else None


def whose(db: Database, secret: str, real: dt.datetime) -> Staff | None:
    """Whose calendar this is; None for one that was replaced or stopped, and for somebody who may not sign in."""
    with db.read() as tx:
        row = tx.one(_WHOSE, {"digest": digest_of(secret)})
        if row is None or row[2] is not None:
            return None
        member = member_of(tx, row[0])
    if member.left_at is not None:
        return None
    if row[1] is None or real - row[1] >= USED_EVERY:
        with db.write() as tx:
            tx.run(_USED, {"who": member.id, "moment": real})
    return member
