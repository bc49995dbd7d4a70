"""Signing in with a password, and a second factor after it. Who is not there gets the same answer, after the same work."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from casework import account_log, accounts, passwords, sessions, throttle
from casework.db import Database
from casework.statements import Statement
from models.accounts import Account
from models.base import table_of
from models.people import Staff

_ACCOUNT = table_of(Account)
_p = sa.bindparam
_KEPT = Statement(
    sa.select(_ACCOUNT.c.password).where(
        _ACCOUNT.c.staff == _p("staff"), _ACCOUNT.c.active_since.is_not(None), _ACCOUNT.c.deactivated_at.is_(None)
    )
)
_PASSWORD = Statement(sa.update(_ACCOUNT).where(_ACCOUNT.c.staff == _p("who")).values(password=_p("hashed")))


class Failed(Exception):
    """Address or password is wrong; which of them is not told."""


def with_password(
    db: Database, email: str, password: str, address: str, *, at: dt.datetime, real: dt.datetime
) -> Staff:
    """The first half of signing in. Raises Failed, and throttle.Wait after too many attempts."""
    place = throttle.network(address)
    throttle.attempt(db, real, account=email, address=place)
    member = accounts.by_email(db, email)
    with db.read() as tx:
        row = tx.one(_KEPT, {"staff": member.id if member else account_log.NOBODY})
    kept = row[0] if row else ""
    if not passwords.verify(db.settings, kept, password) or member is None:
        with db.write() as tx:
            account_log.note(tx, member.id if member else account_log.NOBODY, at, "refused", kind="password")
        raise Failed
    throttle.succeeded(db, real, ("account", email), ("address", place))
    if passwords.is_outdated(db.settings, kept):
        anew = passwords.hashed(db.settings, password)
        with db.write() as tx:
            tx.run(_PASSWORD, {"who": member.id, "hashed": anew})
    return member


def opened(
    db: Database, member: Staff, how: str, *, at: dt.datetime, real: dt.datetime, language: str | None, device: str = ""
) -> str:
    """Signed in: a new session with a fresh second factor; what its cookie holds."""
    with db.write() as tx:
        account_log.note(tx, member.id, at, "signed_in", kind=how)
    return sessions.begin(db, member, how, real=real, language=language, device=device)


def out(db: Database, staff: str, digest: bytes, at: dt.datetime) -> None:
    sessions.end(db, digest)
    with db.write() as tx:
        account_log.note(tx, staff, at, "signed_out")
