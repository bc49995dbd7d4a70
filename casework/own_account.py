"""What people do with their own account: set it up with a link, change password, second factor and language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from casework import account_log, passwords, second_factor, sessions
from casework.accounts import member_of
from casework.db import Database
from casework.statements import Statement, Tx
from models.accounts import Account, SignInLink
from models.base import table_of
from models.people import Staff
from protocol.errors import Refused

_ACCOUNT, _LINK, _STAFF = table_of(Account), table_of(SignInLink), table_of(Staff)
_p = sa.bindparam
_ACTIVATE = Statement(
    sa.update(_ACCOUNT)
    .where(_ACCOUNT.c.staff == _p("who"))
    .values(active_since=sa.func.coalesce(_ACCOUNT.c.active_since, _p("at")))
)
_PASSWORD = Statement(sa.update(_ACCOUNT).where(_ACCOUNT.c.staff == _p("who")).values(password=_p("hashed")))
_EMAIL = Statement(sa.update(_STAFF).where(_STAFF.c.id == _p("who")).values(email=_p("address")))
_OF_LINK = Statement(sa.select(_LINK.c.staff, _LINK.c.kind, _LINK.c.expires_at).where(_LINK.c.digest == _p("digest")))
_USE_LINK = Statement(sa.delete(_LINK).where(_LINK.c.digest == _p("which")).returning(_LINK.c.staff))
_GUIDED = Statement(sa.update(_STAFF).where(_STAFF.c.id == _p("who")).values(guided_at=_p("put_away")))
_LANGUAGE = Statement(sa.update(_STAFF).where(_STAFF.c.id == _p("who")).values(language=_p("words")))


class LinkOwner(NamedTuple):
    """Whose link it is."""

    member: Staff
    kind: str
    digest: bytes


def of_link(db: Database, secret: str, real: dt.datetime) -> LinkOwner | None:
    """Whose link this is; None when it was used, replaced, too old, or never was."""
    digest = sessions.digest_of(secret)
    with db.read() as tx:
        found = tx.one(_OF_LINK, {"digest": digest})
        if found is None or found[2] <= real:
            return None
        member = member_of(tx, found[0])
    return LinkOwner(member, found[1], digest) if member.left_at is None else None


def set_first_password(db: Database, owner: LinkOwner, password: str, email: str, at: dt.datetime) -> None:
    """The password of a new account; it is worth nothing until the second factor is set too. Raises Refused."""
    member = owner.member
    address = member.email or email.strip()
    if "@" not in address or len(address) > 200 or any(c.isspace() for c in address):
        raise Refused("email.form", "this is not an e-mail address", "give the address you sign in with", "email")
    passwords.check(password, member.name, address)
    kept = passwords.hashed(db.settings, password)
    with db.write() as tx:
        if tx.one(_OF_LINK, {"digest": owner.digest}) is None:
            raise link_is_over()
        tx.run(_PASSWORD, {"who": member.id, "hashed": kept})
        if not member.email:
            tx.run(_EMAIL, {"who": member.id, "address": address})
        account_log.note(tx, member.id, at, "password_set")


def link_is_over() -> Refused:
    return Refused("account.link", "this link was used or replaced", "ask the administrator for a new one")


def finish(
    db: Database, staff: str, link: bytes | None, kind: str, set_factor: Callable[[Tx], None], at: dt.datetime
) -> list[str]:
    """The second factor is set, the link is used up, the account is active: all of it or nothing.

    Returns the recovery codes, shown once. Raises what `set_factor` raises, and Refused when the link is over.
    """
    with db.write() as tx:
        if link is not None and tx.one(_USE_LINK, {"which": link}) is None:
            raise link_is_over()
        set_factor(tx)
        tx.run(_ACTIVATE, {"who": staff, "at": at})
        account_log.note(tx, staff, at, "factor_changed", kind=kind)
        return second_factor.new_recovery_codes(db, tx, staff)


def change_password(db: Database, member: Staff, password: str, but: bytes, at: dt.datetime) -> None:
    """A new password, chosen by its owner after a fresh second factor; other sessions end."""
    passwords.check(password, member.name, member.email)
    kept = passwords.hashed(db.settings, password)
    with db.write() as tx:
        tx.run(_PASSWORD, {"who": member.id, "hashed": kept})
        sessions.end_all(tx, member.id, but)
        account_log.note(tx, member.id, at, "password_set")


def sign_out_everywhere(db: Database, staff: str, but: bytes, at: dt.datetime) -> None:
    with db.write() as tx:
        sessions.end_all(tx, staff, but)
        account_log.note(tx, staff, at, "signed_out_everywhere")


def renew_recovery_codes(db: Database, staff: str, at: dt.datetime) -> list[str]:
    with db.write() as tx:
        account_log.note(tx, staff, at, "recovery_codes_renewed")
        return second_factor.new_recovery_codes(db, tx, staff)


def guide(db: Database, staff: str, put_away: dt.datetime | None) -> None:
    """The guidance for the first time: put away at this moment, or (None) shown again."""
    with db.write() as tx:
        tx.run(_GUIDED, {"who": staff, "put_away": put_away})


def speak(db: Database, staff: str, language: str, at: dt.datetime) -> None:
    """The language of somebody's pages and mails from now on."""
    with db.write() as tx:
        tx.run(_LANGUAGE, {"who": staff, "words": language})
        account_log.note(tx, staff, at, "language_set")
