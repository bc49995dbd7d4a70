"""Accounts of staff: invited by an administrator, set up by their owner with a one-time link, ended by an administrator.

A link is shown once and stands nowhere; only its hash is kept. It works until the second factor is set, and for seven
days at most (real time, like everything about signing in).
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import NamedTuple

import sqlalchemy as sa

from casework import account_log, clock, ledger, protocols, sessions
from casework import staff as people
from casework.account_mail import queue_link
from casework.db import Database
from casework.errors import StaffUnknown
from casework.statements import Statement, Tx
from models.accounts import Account, Passkey, RecoveryCode, SignInLink
from models.base import table_of
from models.people import Staff
from protocol.commands import SYSTEM, Actor
from protocol.errors import Refused

LINK_DAYS = 7
PATH = "/invitation/"
ADMINISTRATOR = "administrator"

_ACCOUNT, _LINK, _STAFF = table_of(Account), table_of(SignInLink), table_of(Staff)
_PASSKEY, _CODE = table_of(Passkey), table_of(RecoveryCode)
_p = sa.bindparam
_COLUMNS = tuple(column.name for column in _STAFF.columns)
_MEMBER = Statement(sa.select(*_STAFF.columns).where(_STAFF.c.id == _p("staff")))
_STATE = (_ACCOUNT.c.staff, _ACCOUNT.c.password, _ACCOUNT.c.totp, _ACCOUNT.c.active_since, _ACCOUNT.c.deactivated_at)
_ONE = Statement(sa.select(*_STATE, _ACCOUNT.c.subject).where(_ACCOUNT.c.staff == _p("staff")))
_ALL = Statement(sa.select(*_STATE, _ACCOUNT.c.subject))
_KEYS = Statement(sa.select(_PASSKEY.c.staff, sa.func.count()).group_by(_PASSKEY.c.staff))
_LINKS = Statement(sa.select(_LINK.c.staff, sa.func.max(_LINK.c.expires_at)).group_by(_LINK.c.staff))
_ADD = Statement(
    sa.insert(_ACCOUNT).values(
        {"staff": _p("staff"), "password": "", "totp_step": 0, "added_at": _p("at"), "active_since": None}
    )
)
_EMPTY = Statement(
    sa.update(_ACCOUNT)
    .where(_ACCOUNT.c.staff == _p("who"))
    .values(password="", totp=sa.null(), totp_new=sa.null(), active_since=sa.null(), deactivated_at=sa.null())
    .values(issuer=sa.null(), subject=sa.null())
)
_DEACTIVATE = Statement(sa.update(_ACCOUNT).where(_ACCOUNT.c.staff == _p("who")).values(deactivated_at=_p("at")))
_LEAVES = Statement(sa.update(_STAFF).where(_STAFF.c.id == _p("who")).values(left_at=_p("at")))
_NO_LINKS = Statement(sa.delete(_LINK).where(_LINK.c.staff == _p("who")))
_NEW_LINK = Statement(sa.insert(_LINK))
_NO_PASSKEYS = Statement(sa.delete(_PASSKEY).where(_PASSKEY.c.staff == _p("who")))
_NO_CODES = Statement(sa.delete(_CODE).where(_CODE.c.staff == _p("who")))
_ACTIVE = Statement(
    sa.select(_STAFF.c.id, _STAFF.c.roles)
    .select_from(_ACCOUNT.join(_STAFF, _STAFF.c.id == _ACCOUNT.c.staff))
    .where(_ACCOUNT.c.active_since.is_not(None), _ACCOUNT.c.deactivated_at.is_(None), _STAFF.c.left_at.is_(None))
)
_BY_EMAIL = Statement(
    sa.select(_STAFF.c.id).where(sa.func.lower(_STAFF.c.email) == _p("address"), _STAFF.c.left_at.is_(None)).limit(2)
)


class Invitation(NamedTuple):
    """A link as it is shown once."""

    staff: str
    path: str
    """to be put behind the public address"""
    expires_at: dt.datetime
    mailed: bool


class State(NamedTuple):
    """How an account stands. `status`: none, invited, active, deactivated."""

    staff: str
    status: str
    password: bool = False
    app: bool = False
    passkeys: int = 0
    provider: bool = False
    link_until: dt.datetime | None = None


# --- how accounts stand


def states(db: Database) -> dict[str, State]:
    """Of everybody who ever had an account or a link, by staff id."""
    with db.read() as tx:
        keys = {staff: int(count) for staff, count in tx.all(_KEYS, {})}
        links = {staff: _aware(until) for staff, until in tx.all(_LINKS, {})}
        return {row[0]: _state(row, keys.get(row[0], 0), links.get(row[0])) for row in tx.all(_ALL, {})}


def state(db: Database, staff: str) -> State:
    return states(db).get(staff) or State(staff, "none")


def _aware(moment: dt.datetime | str) -> dt.datetime:
    found = dt.datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _state(row: tuple[object, ...], passkeys: int, link_until: dt.datetime | None) -> State:
    staff, password, totp, active, gone, subject = row
    status = "deactivated" if gone else "active" if active else "invited"
    return State(str(staff), status, bool(password), totp is not None, passkeys, subject is not None, link_until)


def member_of(tx: Tx, staff: str) -> Staff:
    """Raises StaffUnknown."""
    row = tx.one(_MEMBER, {"staff": staff})
    if row is None:
        raise StaffUnknown
    return Staff(**dict(zip(_COLUMNS, row, strict=True)))


def by_email(db: Database, address: str) -> Staff | None:
    """Who signs in with this address; nobody, when two people have it."""
    with db.read() as tx:
        found = tx.all(_BY_EMAIL, {"address": address.strip().casefold()[:200]}) if address.strip() else []
        return member_of(tx, found[0][0]) if len(found) == 1 else None


def any_active(db: Database) -> bool:
    with db.read() as tx:
        return bool(tx.all(_ACTIVE, {}))


# --- what an administrator does


def invite(db: Database, actor: Actor, staff: str, at: dt.datetime) -> Invitation:
    """Invite a member of staff: a one-time link, mailed where mail is set up. A new one ends the one before."""
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        member = member_of(tx, staff)
        if member.left_at is not None:
            raise Refused("account.left", "this person does not work here any more", "take them back on first")
        found = tx.one(_ONE, {"staff": staff})
        if found is not None and found[3] is not None and found[4] is None:
            raise Refused("account.active", "this person has an account", "give a new link with a reset")
        return _link(db, tx, actor, member, "invitation", at)


def reset(db: Database, actor: Actor, staff: str, at: dt.datetime) -> Invitation:
    """Password or second factor is lost: the old ones are void at once, every session ends, a new link is made."""
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        member = member_of(tx, staff)
        if member.left_at is not None:
            raise Refused("account.left", "this person does not work here any more", "take them back on first")
        sessions.end_all(tx, staff)
        return _link(db, tx, actor, member, "reset", at)


def deactivate(db: Database, actor: Actor, staff: str, at: dt.datetime) -> None:
    """Nobody signs in as this person any more; what is open in a browser ends with its next request."""
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        member = member_of(tx, staff)
        must_leave_an_administrator(tx, staff)
        if tx.one(_ONE, {"staff": staff}) is None:
            tx.run(_ADD, {"staff": staff, "at": at})
        tx.run(_DEACTIVATE, {"who": staff, "at": at})
        if member.left_at is None:
            tx.run(_LEAVES, {"who": staff, "at": at})
        tx.run(_NO_LINKS, {"who": staff})
        sessions.end_all(tx, staff)
        account_log.note(tx, staff, at, "deactivated", actor.id)
        # Moves the revision on: who works here is remembered until then.
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "account_deactivated", {"staff": staff})


def take_back(db: Database, actor: Actor, staff: str, at: dt.datetime) -> None:
    """Somebody who was deactivated works here again; they sign in once they were invited again."""
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        member_of(tx, staff)
        tx.run(_LEAVES, {"who": staff, "at": None})
        tx.run(_EMPTY, {"who": staff})
        account_log.note(tx, staff, at, "taken_back", actor.id)
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "account_taken_back", {"staff": staff})


def must_leave_an_administrator(tx: Tx, leaving: str) -> None:
    administrators = {staff for staff, roles in tx.all(_ACTIVE, {}) if ADMINISTRATOR in roles}
    if administrators == {leaving}:
        remedy = "invite another administrator first"
        raise Refused("account.last-administrator", "nobody else could administer the partnership", remedy)


def _link(db: Database, tx: Tx, actor: Actor, member: Staff, kind: str, at: dt.datetime) -> Invitation:
    """Make the account ready to be set up, and the one link that does it."""
    real, secret = clock.real_now(), secrets.token_urlsafe(32)
    if tx.one(_ONE, {"staff": member.id}) is None:
        tx.run(_ADD, {"staff": member.id, "at": at})
    tx.run(_EMPTY, {"who": member.id})
    for statement in (_NO_PASSKEYS, _NO_CODES, _NO_LINKS):
        tx.run(statement, {"who": member.id})
    expires_at = real + dt.timedelta(days=LINK_DAYS)
    digest = sessions.digest_of(secret)
    row = {"digest": digest, "staff": member.id, "kind": kind, "made_at": real, "expires_at": expires_at}
    tx.run(_NEW_LINK, row)
    mailed = kind != "first" and queue_link(db, tx, member, PATH + secret, digest, kind, at)
    account_log.note(tx, member.id, at, {"reset": "reset"}.get(kind, "invited"), actor.id, kind=kind)
    return Invitation(member.id, PATH + secret, expires_at, mailed)


# --- the first administrator


def first_administrator(db: Database, at: dt.datetime, email: str = "") -> Invitation | None:
    """The link of the first administrator; each call ends the link of the call before. None: somebody has an account.

    Runs on the machine of the partnership: whoever can run it holds the keys anyway.
    """
    with db.write() as tx:
        if tx.all(_ACTIVE, {}):
            return None
    member = _administrator(db, at, email.strip())
    with db.write() as tx:
        return _link(db, tx, SYSTEM, member, "first", at)


def _administrator(db: Database, at: dt.datetime, email: str) -> Staff:
    known = people.everybody(db, ADMINISTRATOR)
    member = next((each for each in known if each.email.casefold() == email.casefold()), None) if email else None
    member = member or next((each for each in known if not email or not each.email), None)
    if member is None:
        member = Staff(
            id=f"administrator-{secrets.token_hex(3)}", name="Administrator", email=email, roles=[ADMINISTRATOR],
            service="it", added_at=at,
        )  # fmt: skip
        people.save(db, [member], at=at)
    elif email and not member.email:
        member.email = email
        people.save(db, [member], at=at)
    return member
