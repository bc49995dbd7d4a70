"""Sending mail by a real SMTP server, at least once and under the same Message-ID.

A message that is being sent is leased; a sender that is killed leaves the lease behind, and when it runs out the same
mail is tried again. Without a mail server nothing is lost: messages stay visible in the application, and are counted.
"""

import datetime as dt
import uuid
from collections import defaultdict
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib
import sqlalchemy as sa

from casework import clock, protocols
from casework.automatic import mail
from casework.automatic.facts import step_named
from casework.db import Database
from casework.statements import Statement, Tx
from models.base import table_of
from models.cases import ReleaseCase
from models.messages import Message
from models.people import Staff

LEASE = dt.timedelta(minutes=5)
LONGEST_PAUSE = dt.timedelta(hours=1)
TIMEOUT_SECONDS = 20.0
PEOPLE = 100
NAMESPACE = uuid.UUID("0e0c6d1c-4a0b-4b0e-9d39-6a1d9f6c7b52")

_MESSAGE, _CASE, _STAFF = table_of(Message), table_of(ReleaseCase), table_of(Staff)
_p = sa.bindparam
_UNSENT = (_MESSAGE.c.sent_at.is_(None), sa.not_(_MESSAGE.c.dead))
_FREE = sa.or_(_MESSAGE.c.leased_until.is_(None), _MESSAGE.c.leased_until <= _p("real"))
_WHO = Statement(
    sa.select(_MESSAGE.c.staff)
    .where(*_UNSENT, _MESSAGE.c.send_at <= _p("at"), _FREE)
    .group_by(_MESSAGE.c.staff)
    .order_by(sa.func.min(_MESSAGE.c.send_at), _MESSAGE.c.staff)
    .limit(_p("limit"))
)
_OF_ONE = Statement(
    sa.select(
        _MESSAGE.c.id, _MESSAGE.c.dedupe_key, _MESSAGE.c.mail, _MESSAGE.c.attempts, _CASE.c.ref, _MESSAGE.c.occurrence,
        _MESSAGE.c.what, _MESSAGE.c.urgent, _MESSAGE.c.send_at, _CASE.c.protocol, _CASE.c.protocol_version,
    )
    .select_from(_MESSAGE.join(_CASE, _CASE.c.id == _MESSAGE.c.case_id))
    .where(_MESSAGE.c.staff == _p("staff"), *_UNSENT, _MESSAGE.c.send_at <= _p("at"), _FREE)
    .order_by(_MESSAGE.c.urgent.desc(), _CASE.c.ref, _MESSAGE.c.id)
    .with_for_update(of=_MESSAGE, skip_locked=True)
)  # fmt: skip
_LEASE = Statement(
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.id == _p("which"))
    .values(mail=_p("mail"), leased_until=_p("until"), attempts=_MESSAGE.c.attempts + 1)
)
_MEMBER = Statement(sa.select(_STAFF.c.email, _STAFF.c.language, _STAFF.c.left_at).where(_STAFF.c.id == _p("staff")))
_SENT = Statement(
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.mail == _p("which"), _MESSAGE.c.sent_at.is_(None))
    .values(sent_at=_p("at"), leased_until=sa.null(), fault="")
)
_DEAD = Statement(
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.mail == _p("which"), _MESSAGE.c.sent_at.is_(None))
    .values(dead=True, leased_until=sa.null(), fault=_p("fault"))
)
_LATER = Statement(
    sa.update(_MESSAGE)
    .where(_MESSAGE.c.mail == _p("which"), _MESSAGE.c.sent_at.is_(None))
    .values(leased_until=_p("until"), fault=_p("fault"))
)
_COUNT = Statement(
    sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((_MESSAGE.c.fault != "", 1), else_=0)), 0),
    ).where(*_UNSENT, _MESSAGE.c.send_at <= _p("at"))
)


class Parcel(NamedTuple):
    """One mail to one person, leased. `id` stays the same however often it is tried."""

    id: str
    staff: str
    lines: tuple[mail.Line, ...]
    attempts: int
    at_once: bool
    email: str
    language: str


def people_waiting(db: Database, at: dt.datetime, limit: int = PEOPLE) -> list[str]:
    """Staff ids for whom mail is due, those who wait longest first."""
    with db.read() as tx:
        return [row[0] for row in tx.all(_WHO, {"at": at, "real": clock.real_now(), "limit": limit})]


def pack(db: Database, staff: str, at: dt.datetime) -> list[Parcel]:
    """Lease everything that is due for one person, as few mails as possible.

    What was in a mail that failed goes into the same mail again, under its Message-ID; the rest into a new one.
    """
    real = clock.real_now()
    with db.write() as tx:
        rows = tx.all(_OF_ONE, {"staff": staff, "at": at, "real": real})
        member = tx.one(_MEMBER, {"staff": staff})
        if not rows or member is None:
            return []
        email, language, left_at = member
        fresh = str(uuid.uuid5(NAMESPACE, "|".join(sorted(row[1] for row in rows if row[2] is None))))
        groups: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        for row in rows:
            groups[row[2] or fresh].append(row)
            tx.run(_LEASE, {"which": row[0], "mail": row[2] or fresh, "until": real + LEASE})
        return [_parcel(tx, db, id, staff, found, "" if left_at else email, language) for id, found in groups.items()]


def _parcel(
    tx: Tx, db: Database, id: str, staff: str, rows: list[tuple[object, ...]], email: str, language: str
) -> Parcel:
    lines = []
    for _, _, _, _, ref, occurrence, what, urgent, _, protocol, version in rows:
        found = protocols.version(tx, db, str(protocol), str(version))
        step = step_named(found, str(occurrence).partition("#")[0].partition("~")[0])
        name = (step.name.get(language) or next(iter(step.name.values()))) if step else ""
        lines.append(mail.Line(str(ref), name, str(what), bool(urgent)))
    at_once = any(line.urgent or line.what == "late" for line in lines)
    attempts = max(int(str(row[3])) for row in rows) + 1
    return Parcel(id, staff, tuple(lines), attempts, at_once, email, language)


async def send_to(db: Database, staff: str, at: dt.datetime) -> dict[str, int]:
    """Everything that is due for one person; how the mails ended. SLUIS_SMTP_URL must be set."""
    smtp_url = db.settings.smtp_url
    assert smtp_url is not None
    outcomes = [await send(db, parcel, smtp_url, db.settings.public_url) for parcel in pack(db, staff, at)]
    return {outcome: outcomes.count(outcome) for outcome in set(outcomes)}


async def send(db: Database, parcel: Parcel, smtp_url: str, public_url: str) -> str:
    """Send one mail and record what came of it: `sent`, `later` or `refused`."""
    try:
        message = mail.compose(
            parcel.lines, parcel.email, parcel.language, mail_id=parcel.id, at_once=parcel.at_once,
            sender=mail.sender_of(smtp_url, public_url), public_url=public_url,
        )  # fmt: skip
        await hand_over(message, smtp_url)
    except mail.BadAddress:
        return _refused(db, parcel, "no usable address")
    except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
        code = _code_of(error)
        return (
            _refused(db, parcel, f"refused {code}")
            if code >= 500 and _is_about_mail(error)
            else _later(db, parcel, f"SMTP {code}")
        )
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return _later(db, parcel, type(error).__name__)
    with db.write() as tx:
        tx.run(_SENT, {"which": parcel.id, "at": clock.now()})
    return "sent"


async def hand_over(message: EmailMessage, smtp_url: str) -> None:
    """Give one mail to the server of SLUIS_SMTP_URL. Raises what aiosmtplib raises."""
    parts = urlsplit(smtp_url)
    await aiosmtplib.send(
        message,
        hostname=parts.hostname,
        port=parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=parts.scheme == "smtps",
        start_tls=parts.scheme == "smtp+starttls",
        timeout=TIMEOUT_SECONDS,
    )


def _code_of(error: aiosmtplib.SMTPException) -> int:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max((refused.code for refused in error.recipients), default=0)
    return int(getattr(error, "code", 0))


def _is_about_mail(error: aiosmtplib.SMTPException) -> bool:
    """Whether the server refused this mail for good. A refused sign-in is a fault of the settings: that is mended."""
    about_us = (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPHeloError)
    return not isinstance(error, (*about_us, aiosmtplib.SMTPSenderRefused))


def _refused(db: Database, parcel: Parcel, fault: str) -> str:
    with db.write() as tx:
        tx.run(_DEAD, {"which": parcel.id, "fault": fault})
    return "refused"


def _later(db: Database, parcel: Parcel, fault: str) -> str:
    pause = min(dt.timedelta(seconds=30) * 2 ** min(parcel.attempts, 10), LONGEST_PAUSE)
    with db.write() as tx:
        tx.run(_LATER, {"which": parcel.id, "until": clock.real_now() + pause, "fault": fault})
    return "later"


def unsent(db: Database, at: dt.datetime) -> tuple[int, int]:
    """How many messages wait for mail now, and how many of them because it failed: shown, never silent."""
    with db.read() as tx:
        row = tx.one(_COUNT, {"at": at})
    return (int(row[0]), int(row[1])) if row else (0, 0)
