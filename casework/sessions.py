"""Sessions of the pages: an opaque random id in a cookie, everything else in the database, so that any replica knows it.

All moments here are the REAL time: a session does not grow old with the demo's clock. Of the cookie only a hash is
kept. Roles are read with every request; a session whose member got other roles is over, except in a demo.
"""

from __future__ import annotations

import datetime as dt
import secrets
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework.db import Database
from casework.statements import Statement, Tx
from models.accounts import Account, ProviderVisit, SignInLink, WebSession
from models.base import table_of
from models.people import Staff

STEP_UP = dt.timedelta(minutes=10)
"""how long a second factor counts as fresh"""
HALF_WAY = dt.timedelta(minutes=20)
"""how long somebody may take for the second factor, or for setting it"""
SEEN_EVERY = dt.timedelta(minutes=1)
"""a session that is used all the time is written once in so long"""

_SESSION, _STAFF, _ACCOUNT = table_of(WebSession), table_of(Staff), table_of(Account)
_p = sa.bindparam
_MEMBER = [column.name for column in _STAFF.columns]
_OWN = (
    "digest",
    "ref",
    "how",
    "stage",
    "roles",
    "form",
    "language",
    "started_at",
    "seen_at",
    "confirmed_at",
    "link",
    "challenge",
    "device",
)
_ROW: dict[str, Any] = {column.name: _p(column.name) for column in _SESSION.columns}
_INSERT = Statement(sa.insert(_SESSION).values(_ROW))
_FIND = Statement(
    sa.select(*(_SESSION.c[name] for name in _OWN), _ACCOUNT.c.deactivated_at, *_STAFF.columns)
    .select_from(
        _SESSION.join(_STAFF, _STAFF.c.id == _SESSION.c.staff).outerjoin(_ACCOUNT, _ACCOUNT.c.staff == _SESSION.c.staff)
    )
    .where(_SESSION.c.digest == _p("digest"))
)
_SEEN = Statement(sa.update(_SESSION).where(_SESSION.c.digest == _p("which")).values(seen_at=_p("at")))
_LANGUAGE = Statement(sa.update(_SESSION).where(_SESSION.c.digest == _p("which")).values(language=_p("words")))
_CHALLENGE = Statement(sa.update(_SESSION).where(_SESSION.c.digest == _p("which")).values(challenge=_p("asked")))
_TAKE_CHALLENGE = Statement(
    sa.update(_SESSION)
    .where(_SESSION.c.digest == _p("which"), _SESSION.c.challenge == _p("asked"))
    .values(challenge=sa.null())
    .returning(_SESSION.c.ref)
)
_ROTATE = Statement(
    sa.update(_SESSION)
    .where(_SESSION.c.digest == _p("which"))
    .values(digest=_p("fresh"), confirmed_at=_p("at"), seen_at=_p("at"), challenge=sa.null())
    .returning(_SESSION.c.ref)
)
_END = Statement(sa.delete(_SESSION).where(_SESSION.c.digest == _p("which")))
_END_ONE = Statement(sa.delete(_SESSION).where(_SESSION.c.staff == _p("who"), _SESSION.c.ref == _p("which")))
_END_OTHERS = Statement(sa.delete(_SESSION).where(_SESSION.c.staff == _p("who"), _SESSION.c.digest != _p("but")))
_OLD = Statement(sa.delete(_SESSION).where(_SESSION.c.started_at < _p("before")))
_EVERYTHING = tuple(Statement(sa.delete(table_of(table))) for table in (WebSession, SignInLink, ProviderVisit))
_OF = Statement(
    sa.select(_SESSION.c.ref, _SESSION.c.how, _SESSION.c.device, _SESSION.c.started_at, _SESSION.c.seen_at)
    .where(_SESSION.c.staff == _p("who"), _SESSION.c.stage == "open", _SESSION.c.started_at > _p("begun"))
    .where(_SESSION.c.seen_at > _p("used"))
    .order_by(_SESSION.c.seen_at.desc())
)


class Current(NamedTuple):
    """A session that holds now, with its member as the database knows them now."""

    digest: bytes
    ref: str
    how: str
    stage: str
    form: str
    language: str | None
    started_at: dt.datetime
    seen_at: dt.datetime
    confirmed_at: dt.datetime | None
    link: bytes | None
    challenge: bytes | None
    device: str
    member: Staff

    def is_confirmed(self, real: dt.datetime) -> bool:
        """Whether the second factor was given lately. The demo asks for none."""
        return self.how == "demo" or (self.confirmed_at is not None and real - self.confirmed_at < STEP_UP)


class Line(NamedTuple):
    """One of somebody's own sessions."""

    ref: str
    how: str
    device: str
    started_at: dt.datetime
    seen_at: dt.datetime


def digest_of(secret: str) -> bytes:
    """A cookie or a link is 256 random bits: a plain hash is enough, there is nothing to guess."""
    return sha256(secret.encode()).digest()


def _rights(member: Staff) -> str:
    return sha256("|".join((*sorted(member.roles), member.service)).encode()).hexdigest()[:32]


def begin(
    db: Database,
    member: Staff,
    how: str,
    *,
    real: dt.datetime,
    stage: str = "open",
    language: str | None = None,
    device: str = "",
    link: bytes | None = None,
) -> str:
    """A new session, always under a new id; what its cookie holds. Old ones are swept on the way."""
    secret = secrets.token_urlsafe(32)
    row: dict[str, Any] = {
        "digest": digest_of(secret), "ref": secrets.token_urlsafe(9), "staff": member.id, "how": how, "stage": stage,
        "link": link, "roles": _rights(member), "form": secrets.token_urlsafe(16), "language": language,
        "device": device[:60], "challenge": None, "started_at": real, "seen_at": real,
        "confirmed_at": real if stage == "open" else None,
    }  # fmt: skip
    with db.write() as tx:
        tx.run(_OLD, {"before": real - dt.timedelta(hours=db.settings.session_hours)})
        tx.run(_INSERT, row)
    return secret


def find(db: Database, secret: str, real: dt.datetime) -> Current | None:
    """The session of a cookie, if it still holds; used now, unless it was marked so a moment ago."""
    with db.read() as tx:
        row = tx.one(_FIND, {"digest": digest_of(secret)})
    if row is None:
        return None
    own = dict(zip(_OWN, row, strict=False))
    member = Staff(**dict(zip(_MEMBER, row[len(_OWN) + 1 :], strict=True)))
    roles = own.pop("roles")
    found = Current(**{**own, "digest": bytes(own["digest"])}, member=member)
    gone = member.left_at is not None or row[len(_OWN)] is not None
    if gone or _is_over(db, found, real) or (found.how != "demo" and roles != _rights(member)):
        end(db, found.digest)
        return None
    if real - found.seen_at >= SEEN_EVERY:
        with db.write() as tx:
            tx.run(_SEEN, {"which": found.digest, "at": real})
    return found


def _is_over(db: Database, found: Current, real: dt.datetime) -> bool:
    """Idle too long, or too old; a sign-in that was never finished is over sooner."""
    idle = dt.timedelta(minutes=db.settings.idle_minutes)
    longest = dt.timedelta(hours=db.settings.session_hours) if found.stage == "open" else HALF_WAY
    return real - found.seen_at >= idle or real - found.started_at >= longest or found.started_at > real + STEP_UP


def confirm(db: Database, digest: bytes, real: dt.datetime) -> str | None:
    """The second factor was given anew: the session goes on under a new id. None: it ended meanwhile."""
    secret = secrets.token_urlsafe(32)
    with db.write() as tx:
        moved = tx.one(_ROTATE, {"which": digest, "fresh": digest_of(secret), "at": real})
    return secret if moved else None


def speak(db: Database, digest: bytes, language: str) -> None:
    """The language of the pages in this session."""
    with db.write() as tx:
        tx.run(_LANGUAGE, {"which": digest, "words": language})


def challenge(db: Database, digest: bytes, asked: bytes) -> None:
    """What a passkey has to sign in this session."""
    with db.write() as tx:
        tx.run(_CHALLENGE, {"which": digest, "asked": asked})


def take_challenge(db: Database, digest: bytes, asked: bytes) -> bool:
    """Use the challenge up; False when another request was first."""
    with db.write() as tx:
        return tx.one(_TAKE_CHALLENGE, {"which": digest, "asked": asked}) is not None


def end(db: Database, digest: bytes) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    with db.write() as tx:
        tx.run(_END, {"which": digest})


def end_one(db: Database, staff: str, ref: str) -> None:
    """End one of somebody's own sessions, by its name in their list."""
    with db.write() as tx:
        tx.run(_END_ONE, {"who": staff, "which": ref})


def end_all(tx: Tx, staff: str, but: bytes = b"") -> None:
    """Sign out everywhere; `but` may stay."""
    tx.run(_END_OTHERS, {"who": staff, "but": but})


def end_everything(db: Database) -> None:
    """What an old backup brought back: sessions that had ended, links that were used. Everybody signs in anew."""
    with db.write() as tx:
        for statement in _EVERYTHING:
            tx.run(statement, {})


def of(db: Database, staff: str, real: dt.datetime) -> list[Line]:
    """The sessions in which somebody is signed in now, the one used last first."""
    begun = real - dt.timedelta(hours=db.settings.session_hours)
    used = real - dt.timedelta(minutes=db.settings.idle_minutes)
    with db.read() as tx:
        return [Line(*row) for row in tx.all(_OF, {"who": staff, "begun": begun, "used": used})]
