"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes on paper."""

from __future__ import annotations

import datetime as dt
import hmac
import re
import secrets

import pyotp
import sqlalchemy as sa

from casework import account_log, throttle
from casework.db import Database
from casework.sealing import blind, seal, unseal
from casework.statements import Statement, Tx
from models.accounts import Account, RecoveryCode
from models.base import table_of

PERIOD = 30
"""seconds"""
DRIFT = (0, -1, 1)
"""a telephone's clock may be one period off"""
CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""none that is mistaken for another"""

_ACCOUNT, _CODE = table_of(Account), table_of(RecoveryCode)
_p = sa.bindparam
_SECRETS = Statement(
    sa.select(_ACCOUNT.c.totp, _ACCOUNT.c.totp_new, _ACCOUNT.c.totp_step).where(_ACCOUNT.c.staff == _p("staff"))
)
_SHOWN = Statement(sa.update(_ACCOUNT).where(_ACCOUNT.c.staff == _p("who")).values(totp_new=_p("sealed")))
_TAKEN = Statement(
    sa.update(_ACCOUNT)
    .where(_ACCOUNT.c.staff == _p("who"))
    .values(totp=_ACCOUNT.c.totp_new, totp_new=sa.null(), totp_step=_p("step"))
)
# A code works once, also when it arrives twice at the same moment at two replicas.
_USE_STEP = Statement(
    sa.update(_ACCOUNT)
    .where(_ACCOUNT.c.staff == _p("who"), _ACCOUNT.c.totp_step < _p("step"))
    .values(totp_step=_p("step"))
    .returning(_ACCOUNT.c.staff)
)
_USE_CODE = Statement(
    sa.update(_CODE)
    .where(_CODE.c.staff == _p("who"), _CODE.c.digest == _p("which"), _CODE.c.used_at.is_(None))
    .values(used_at=_p("at"))
    .returning(_CODE.c.staff)
)
_NO_CODES = Statement(sa.delete(_CODE).where(_CODE.c.staff == _p("who")))
_ADD_CODE = Statement(sa.insert(_CODE).values({"staff": _p("staff"), "digest": _p("digest"), "used_at": None}))
_LEFT = Statement(
    sa.select(sa.func.count()).select_from(_CODE).where(_CODE.c.staff == _p("staff"), _CODE.c.used_at.is_(None))
)


class WrongCode(Exception):
    """Not a code that works now."""


def _place(staff: str) -> bytes:
    return f"totp:{staff}".encode()


def new_secret(db: Database, staff: str) -> str:
    """The secret that is being set: the same one until it is confirmed, so that a reload does not change it."""
    key = db.keys.purpose_sealer("accounts")
    with db.write() as tx:
        row = tx.one(_SECRETS, {"staff": staff})
        assert row is not None
        if row[1] is not None:
            return unseal(key, bytes(row[1]), _place(staff)).decode()
        secret = pyotp.random_base32()
        tx.run(_SHOWN, {"who": staff, "sealed": seal(key, secret.encode(), _place(staff))})
    return secret


def address(secret: str, label: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name="sluis")


def last_period(tx: Tx, staff: str) -> int:
    """The last period whose code was used."""
    row = tx.one(_SECRETS, {"staff": staff})
    return int(row[2]) if row else 0


def _step(secret: str, code: str, real: dt.datetime) -> int | None:
    """The period whose code this is."""
    now, totp = int(real.timestamp()) // PERIOD, pyotp.TOTP(secret)
    found = None
    for drift in DRIFT:
        if hmac.compare_digest(totp.generate_otp(now + drift), code):
            found = now + drift
    return found


def set_app(db: Database, tx: Tx, staff: str, code: str, real: dt.datetime) -> None:
    """The first code of the app proves that it holds the new secret. Raises WrongCode."""
    row = tx.one(_SECRETS, {"staff": staff})
    if row is None or row[1] is None:
        raise WrongCode
    secret = unseal(db.keys.purpose_sealer("accounts"), bytes(row[1]), _place(staff)).decode()
    step = _step(secret, _digits(code), real)
    if step is None:
        raise WrongCode
    tx.run(_TAKEN, {"who": staff, "step": step})


def _digits(code: str) -> str:
    return re.sub(r"\D", "", code[:40])


def confirm(db: Database, staff: str, code: str, *, at: dt.datetime, real: dt.datetime) -> str:
    """Whether the second factor was given: a code of the app, or a recovery code; which of both.

    Raises WrongCode, and throttle.Wait after too many of them.
    """
    throttle.attempt(db, real, factor=staff)
    with db.write() as tx:
        kind = _used(db, tx, staff, code, at, real)
        account_log.note(tx, staff, at, "factor_given" if kind else "factor_refused", kind=kind or "code")
    if not kind:
        raise WrongCode
    throttle.succeeded(db, real, ("factor", staff))
    return kind


def _used(db: Database, tx: Tx, staff: str, code: str, at: dt.datetime, real: dt.datetime) -> str:
    digits, letters = _digits(code), _letters(code)
    if len(letters) == len(digits) == 6:
        row = tx.one(_SECRETS, {"staff": staff})
        if row is None or row[0] is None:
            return ""
        secret = unseal(db.keys.purpose_sealer("accounts"), bytes(row[0]), _place(staff)).decode()
        step = _step(secret, digits, real)
        return "app" if step is not None and tx.one(_USE_STEP, {"who": staff, "step": step}) else ""
    used = tx.one(_USE_CODE, {"who": staff, "which": _digest(db, staff, letters), "at": at})
    return "recovery" if used else ""


def _letters(code: str) -> str:
    return re.sub(r"[\W_]", "", code[:60]).lower()


def _digest(db: Database, staff: str, code: str) -> bytes:
    return blind(db.keys.index_secret, "recovery-code", staff, code)


def new_recovery_codes(db: Database, tx: Tx, staff: str) -> list[str]:
    """Ten new codes, shown once; the old ones are worth nothing from now on."""
    made = ["".join(secrets.choice(LETTERS) for _ in range(12)) for _ in range(CODES)]
    tx.run(_NO_CODES, {"who": staff})
    tx.many(_ADD_CODE, [{"staff": staff, "digest": _digest(db, staff, code)} for code in made])
    return ["-".join((code[:4], code[4:8], code[8:])) for code in made]


def recovery_codes_left(db: Database, staff: str) -> int:
    with db.read() as tx:
        row = tx.one(_LEFT, {"staff": staff})
    return int(row[0]) if row else 0
