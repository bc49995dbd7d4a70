"""Who a person at the provider is here. The first time by a verified e-mail address of somebody who was invited, from
then on by the provider's own number alone: an address can change hands. Whoever is unknown is told nothing more.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import NamedTuple

import sqlalchemy as sa

from casework import account_log, accounts, oidc, sessions
from casework.db import Database
from casework.oidc import Identity
from casework.sealing import seal, unseal
from casework.statements import Statement, Tx
from models.accounts import Account, ProviderVisit, SignInLink
from models.base import table_of
from models.people import Staff

LASTS = dt.timedelta(minutes=10)
"""how long somebody may be away at the provider"""

_VISIT, _ACCOUNT, _STAFF, _LINK = table_of(ProviderVisit), table_of(Account), table_of(Staff), table_of(SignInLink)
_p = sa.bindparam
_SENT = Statement(sa.insert(_VISIT))
_SWEEP = Statement(sa.delete(_VISIT).where(_VISIT.c.sent_at < _p("before")))
# Taken away when it is read: what came back once cannot come back again.
_BACK = Statement(
    sa.delete(_VISIT)
    .where(_VISIT.c.state == _p("which"))
    .returning(_VISIT.c.browser, _VISIT.c.nonce, _VISIT.c.verifier, _VISIT.c.purpose, _VISIT.c.back, _VISIT.c.sent_at)
)
_LINKED = Statement(
    sa.select(_ACCOUNT.c.staff)
    .select_from(_ACCOUNT.join(_STAFF, _STAFF.c.id == _ACCOUNT.c.staff))
    .where(_ACCOUNT.c.issuer == _p("of_issuer"), _ACCOUNT.c.subject == _p("of_subject"))
    .where(_ACCOUNT.c.deactivated_at.is_(None), _STAFF.c.left_at.is_(None))
)
_INVITED = Statement(
    sa.update(_ACCOUNT)
    .where(_ACCOUNT.c.staff == _p("who"), _ACCOUNT.c.deactivated_at.is_(None), _ACCOUNT.c.active_since.is_(None))
    .where(_ACCOUNT.c.subject.is_(None))
    .values(issuer=_p("of_issuer"), subject=_p("of_subject"), active_since=_p("at"))
    .returning(_ACCOUNT.c.staff)
)
_USED = Statement(sa.delete(_LINK).where(_LINK.c.staff == _p("who")))


class Unknown(Exception):
    """Nobody here, or nobody who was invited; which of them is not told."""


class Interrupted(Exception):
    """This browser was not sent there, or too long ago, or came back already."""


class Came(NamedTuple):
    """Somebody came back, and proved who they are."""

    identity: Identity
    purpose: str
    back: str


def send(db: Database, browser: str, back: str, *, purpose: str = "sign_in", real: dt.datetime) -> str:
    """The address at the provider to which a browser is sent. Raises oidc.ProviderAway."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    where = oidc.address(db, real, state, nonce, verifier, anew=purpose == "step_up")
    digest = sessions.digest_of(state)
    sealed = seal(db.keys.purpose_sealer("accounts"), verifier.encode(), digest)
    row = {
        "state": digest, "browser": sessions.digest_of(browser), "nonce": nonce, "verifier": sealed, "purpose": purpose,
        "back": back[:500], "sent_at": real,
    }  # fmt: skip
    with db.write() as tx:
        tx.run(_SWEEP, {"before": real - LASTS})
        tx.run(_SENT, row)
    return where


def came_back(db: Database, browser: str, state: str, code: str, issuer: str, *, real: dt.datetime) -> Came:
    """What the provider says of who came back. Raises Interrupted, oidc.NotProved, oidc.ProviderAway."""
    digest = sessions.digest_of(state)
    with db.write() as tx:
        row = tx.one(_BACK, {"which": digest})
    if row is None or bytes(row[0]) != sessions.digest_of(browser) or real - row[5] > LASTS:
        raise Interrupted
    metadata = oidc.provider(db, real).metadata
    # RFC 9207: the answer says which provider gave it
    if (issuer or metadata.get("authorization_response_iss_parameter_supported")) and issuer != metadata["issuer"]:
        raise oidc.NotProved("iss")
    verifier = unseal(db.keys.purpose_sealer("accounts"), bytes(row[2]), digest).decode()
    return Came(oidc.identity(db, real, code, row[1], verifier), row[3], row[4])


def member_of(db: Database, who: Identity, *, at: dt.datetime) -> Staff:
    """The member of staff that this is. Raises Unknown."""
    invited = accounts.by_email(db, who.email)
    with db.write() as tx:
        linked = tx.one(_LINKED, {"of_issuer": who.issuer, "of_subject": who.subject})
        staff = linked[0] if linked else _link(tx, invited, who, at)
        if staff is None:
            account_log.note(tx, account_log.NOBODY, at, "refused", kind="oidc")
    if staff is None:
        raise Unknown
    with db.read() as tx:
        return accounts.member_of(tx, staff)


def _link(tx: Tx, invited: Staff | None, who: Identity, at: dt.datetime) -> str | None:
    """The first time: somebody who was invited to this address and has no account yet."""
    if invited is None:
        return None
    row = {"who": invited.id, "of_issuer": who.issuer, "of_subject": who.subject, "at": at}
    if tx.one(_INVITED, row) is None:
        return None
    tx.run(_USED, {"who": invited.id})
    account_log.note(tx, invited.id, at, "linked", kind="oidc")
    return invited.id


def is_same(db: Database, staff: str, who: Identity) -> bool:
    """Whether the person at the provider is this member of staff."""
    with db.read() as tx:
        found = tx.one(_LINKED, {"of_issuer": who.issuer, "of_subject": who.subject})
    return found is not None and found[0] == staff


def counts_as_second_factor(db: Database, who: Identity) -> bool:
    """By the partnership's setting: always, if the provider's claims say so, or never."""
    rule = db.settings.oidc_second_factor
    return rule == "trust" or (rule == "claim" and who.second_factor)
