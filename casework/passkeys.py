"""Passkeys as a second factor (WebAuthn level 2): a key of one's device that signs what the session asks, for this host.

The challenge belongs to one session and is used up by the first answer, right or wrong. Attestation is not asked: which
device somebody has is nobody's business.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from urllib.parse import urlsplit

import sqlalchemy as sa
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from casework import account_log, sessions, throttle
from casework.db import Database
from casework.sealing import blind
from casework.second_factor import WrongCode
from casework.sessions import Current
from casework.statements import Statement, Tx
from models.accounts import Passkey
from models.base import table_of

MOST_CHARACTERS = 20_000

_PASSKEY = table_of(Passkey)
_p = sa.bindparam
_OF = Statement(
    sa.select(_PASSKEY.c.id, _PASSKEY.c.public_key, _PASSKEY.c.sign_count).where(_PASSKEY.c.staff == _p("staff"))
)
_ADD = Statement(
    sa.insert(_PASSKEY).values(
        {name: _p(name) for name in ("id", "staff", "public_key", "sign_count", "added_at")} | {"used_at": None}
    )
)
_USED = Statement(
    sa.update(_PASSKEY)
    .where(_PASSKEY.c.id == _p("which"), _PASSKEY.c.sign_count <= _p("count"))
    .values(sign_count=_p("count"), used_at=_p("at"))
    .returning(_PASSKEY.c.id)
)
_REMOVE = Statement(sa.delete(_PASSKEY).where(_PASSKEY.c.staff == _p("who")))


def host(db: Database) -> str:
    return urlsplit(db.settings.public_url).hostname or "localhost"


def origin(db: Database) -> str:
    parts = urlsplit(db.settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"


def _known(tx: Tx, staff: str) -> dict[bytes, tuple[bytes, int]]:
    return {bytes(id): (bytes(key), int(count)) for id, key, count in tx.all(_OF, {"staff": staff})}


def _ask(db: Database, session: Current) -> bytes:
    """A new challenge for this session."""
    asked = secrets.token_bytes(32)
    sessions.challenge(db, session.digest, asked)
    return asked


def _asked(db: Database, session: Current) -> bytes:
    """The challenge of this session, used up. Raises WrongCode where nothing was asked."""
    asked = bytes(session.challenge or b"")
    if not asked or not sessions.take_challenge(db, session.digest, asked):
        raise WrongCode
    return asked


def creation_options(db: Database, session: Current) -> str:
    """What the browser needs to make a passkey, as JSON."""
    staff = session.member.id
    with db.read() as tx:
        known = [PublicKeyCredentialDescriptor(id=id) for id in _known(tx, staff)]
    made = generate_registration_options(
        rp_id=host(db),
        rp_name="sluis",
        user_name=session.member.email or staff,
        user_id=blind(db.keys.index_secret, "passkey-user", staff),
        challenge=_ask(db, session),
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return options_to_json(made)


def request_options(db: Database, session: Current) -> str:
    """What the browser needs to ask for one of the member's passkeys, as JSON; empty: there is none."""
    with db.read() as tx:
        known = [PublicKeyCredentialDescriptor(id=id) for id in _known(tx, session.member.id)]
    if not known:
        return ""
    return options_to_json(
        generate_authentication_options(
            rp_id=host(db), challenge=_ask(db, session), allow_credentials=known,
            user_verification=UserVerificationRequirement.PREFERRED,
        )
    )  # fmt: skip


def new(db: Database, session: Current, answer: str, at: dt.datetime) -> dict[str, object]:
    """The row of a passkey that the browser made. Raises WrongCode."""
    asked = _asked(db, session)
    try:
        found = verify_registration_response(
            credential=answer[:MOST_CHARACTERS], expected_challenge=asked, expected_rp_id=host(db),
            expected_origin=origin(db),
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise WrongCode from None
    return {
        "id": found.credential_id, "staff": session.member.id, "public_key": found.credential_public_key,
        "sign_count": found.sign_count, "added_at": at,
    }  # fmt: skip


def add(tx: Tx, row: dict[str, object]) -> None:
    tx.run(_ADD, row)


def confirm(db: Database, session: Current, answer: str, *, at: dt.datetime, real: dt.datetime) -> None:
    """The second factor was given with a passkey. Raises WrongCode, and throttle.Wait after too many of them."""
    staff = session.member.id
    throttle.attempt(db, real, factor=staff)
    asked = _asked(db, session)
    with db.read() as tx:
        known = _known(tx, staff)
    count, id = _verified(db, known, answer[:MOST_CHARACTERS], asked)
    with db.write() as tx:
        fits = id is not None and tx.one(_USED, {"which": id, "count": count, "at": at}) is not None
        account_log.note(tx, staff, at, "factor_given" if fits else "factor_refused", kind="passkey")
    if not fits:
        raise WrongCode
    throttle.succeeded(db, real, ("factor", staff))


def _verified(
    db: Database, known: dict[bytes, tuple[bytes, int]], answer: str, asked: bytes
) -> tuple[int, bytes | None]:
    """The new count of the passkey that signed, and which one it was; None: none of this member's."""
    from webauthn.helpers import base64url_to_bytes

    try:
        id = base64url_to_bytes(str(json.loads(answer)["id"]))
        key, count = known[id]
        found = verify_authentication_response(
            credential=answer, expected_challenge=asked, expected_rp_id=host(db), expected_origin=origin(db),
            credential_public_key=key, credential_current_sign_count=count,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return 0, None
    return found.new_sign_count, id


def remove_all(db: Database, staff: str, at: dt.datetime) -> None:
    with db.write() as tx:
        tx.run(_REMOVE, {"who": staff})
        account_log.note(tx, staff, at, "passkeys_removed")
