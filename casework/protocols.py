"""The protocol files in force, the closing days, and the calendars made of both."""

import datetime as dt
import threading
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

import protocol.definitions
from casework import ledger
from casework.db import Database
from casework.errors import NotAllowed
from casework.statements import Statement, Tx
from models.base import table_of
from models.cases import ProtocolVersion
from models.ledger import LedgerStream
from models.people import ClosingDay
from protocol import parse
from protocol.commands import SYSTEM, Actor
from protocol.errors import Fault, ProtocolFault, Refused
from protocol.language import Protocol
from protocol.visibility import may
from protocol.workdays import WorkCalendar

DEFAULT = "mechelen"
_VERSION = table_of(ProtocolVersion)
_CLOSING = table_of(ClosingDay)
_STREAM = table_of(LedgerStream)
_p = sa.bindparam

_ONE = Statement(
    sa.select(_VERSION.c.text, _VERSION.c.sha256).where(
        _VERSION.c.key == _p("key"), _VERSION.c.version == _p("version")
    )
)
_NEWEST = Statement(
    sa.select(_VERSION.c.version)
    .where(_VERSION.c.key == _p("key"), _VERSION.c.in_force_at.is_not(None))
    .order_by(_VERSION.c.in_force_at.desc())
    .limit(1)
)
_IN_FORCE = _VERSION.c.in_force_at.is_not(None)
_KEYS = Statement(sa.select(_VERSION.c.key).where(_IN_FORCE).distinct().order_by(_VERSION.c.key))
_VERSIONS = Statement(
    sa.select(_VERSION.c.key, _VERSION.c.version).where(_IN_FORCE).order_by(_VERSION.c.key, _VERSION.c.version)
)
_STATUS = Statement(
    sa.select(_VERSION.c.status).where(_VERSION.c.key == _p("key"), _VERSION.c.version == _p("version"))
)
_ADD = Statement(sa.insert(_VERSION))
_DAYS = Statement(sa.select(_CLOSING.c.day))
_ADD_DAY = Statement(sa.insert(_CLOSING))
_REMOVE_DAY = Statement(sa.delete(_CLOSING).where(_CLOSING.c.day == _p("which")))

REVISION = sa.select(_STREAM.c.seq).where(_STREAM.c.stream == ledger.PARTNERSHIP).scalar_subquery()
"""Goes up whenever protocols, staff or closing days change: what is remembered of them is stale then."""
_REVISION = Statement(sa.select(REVISION))

_parsed: dict[str, Protocol] = {}
_parsing = threading.Lock()


def parsed(text: str, name: str, digest: str | None = None) -> Protocol:
    """The protocol that a text says. Parsed once per process: it takes most of a second."""
    digest = digest or sha256(text.encode()).hexdigest()
    with _parsing:
        found = _parsed.get(digest)
        if found is None:
            found = _parsed[digest] = parse.read(text, name)
    return found


class _Calendars(NamedTuple):
    """The calendars as they are at one revision; other threads may hold those of another."""

    at_revision: int
    closing_days: frozenset[dt.date]
    by_protocol: dict[tuple[str, str], WorkCalendar]


def put_in_force(db: Database, text: str, name: str, actor: Actor, at: dt.datetime) -> Protocol:
    """Add a version of a protocol. New cases follow the version added last; running cases keep theirs.

    Raises ProtocolFault for a file that cannot be used, Refused for a version that exists with another text.
    """
    found = parsed(text, name)
    digest = sha256(text.encode()).hexdigest()
    allowed = may(found, actor, "administer", "", frozenset())
    if not allowed.allowed:
        raise NotAllowed(allowed.reason)
    with db.write() as tx:
        known = tx.one(_ONE, {"key": found.protocol, "version": found.version})
        if known is not None:
            if known[1] == digest:
                return found
            raise Refused(
                "protocol.version",
                f"version {found.version} of {found.protocol} is in force with another text",
                "give the changed file a new version",
                "version",
            )
        row = {"key": found.protocol, "version": found.version, "text": text, "sha256": digest, "added_at": at}
        tx.run(_ADD, {**row, "status": found.status, "added_by": actor.id, "in_force_at": at})
        body: dict[str, object] = {"protocol": found.protocol, "version": found.version, "sha256": digest}
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "protocol_added", body)
    return found


def install_shipped(db: Database, at: dt.datetime) -> list[Protocol]:
    """Put the protocol files that come with this version in force, where they are not yet."""
    folder = Path(protocol.definitions.__file__).parent
    return [put_in_force(db, file.read_text("utf-8"), file.name, SYSTEM, at) for file in sorted(folder.glob("*.yaml"))]


def install_where_none(db: Database, at: dt.datetime) -> None:
    """A database without any protocol gets the shipped ones: without them nothing could come in."""
    with db.read() as tx:
        if tx.all(_KEYS, {}):
            return
    install_shipped(db, at)


def version(tx: Tx, db: Database, key: str, number: str) -> Protocol:
    """A version in force. Raises Refused where there is none."""
    remembered: dict[tuple[str, str], Protocol] = db.memory.setdefault("protocols", {})
    found = remembered.get((key, number))
    if found is None:
        row = tx.one(_ONE, {"key": key, "version": number})
        if row is None:
            raise Refused("protocol.unknown", f"version {number} of {key} is not in force", "put it in force first")
        found = remembered[key, number] = parsed(row[0], f"{key} {number}", row[1])
    return found


def status(tx: Tx, of: Protocol) -> str:
    """`draft`, `informal` or `approved`: signing changes it, and never the text."""
    row = tx.one(_STATUS, {"key": of.protocol, "version": of.version})
    return str(row[0]) if row else of.status


def decoded(content: bytes, name: str) -> str:
    """The text of a file that came in. Raises ProtocolFault."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        fault = Fault(name, line, "the file", "this is not UTF-8 text", "save the file as UTF-8", "file.open")
        raise ProtocolFault([fault]) from None


def newest(tx: Tx, db: Database, key: str = DEFAULT) -> Protocol:
    """The version that new cases follow."""
    row = tx.one(_NEWEST, {"key": key})
    if row is None:
        raise Refused("protocol.none", f"no protocol {key} is in force", "put a protocol file in force first")
    return version(tx, db, key, row[0])


def all_newest(tx: Tx, db: Database) -> list[Protocol]:
    return [newest(tx, db, key) for (key,) in tx.all(_KEYS, {})]


def all_in_force(tx: Tx, db: Database) -> list[Protocol]:
    """Every version: running cases may follow any of them."""
    return [version(tx, db, key, number) for key, number in tx.all(_VERSIONS, {})]


def revision(tx: Tx) -> int:
    row = tx.one(_REVISION, {})
    return int(row[0] or 0) if row else 0


def calendar(tx: Tx, db: Database, of: Protocol, at_revision: int | None = None) -> WorkCalendar:
    """The working days of a protocol, with the closing days known now."""
    now = revision(tx) if at_revision is None else at_revision
    found: _Calendars | None = db.memory.get("calendars")
    if found is None or found.at_revision != now:
        found = db.memory["calendars"] = _Calendars(now, frozenset(day for (day,) in tx.all(_DAYS, {})), {})
    key = (of.protocol, of.version)
    if key not in found.by_protocol:
        found.by_protocol[key] = WorkCalendar(of.calendar, found.closing_days)
    return found.by_protocol[key]


def change_closing_days(
    tx: Tx, db: Database, actor: Actor, at: dt.datetime, add: dict[dt.date, str], remove: tuple[dt.date, ...]
) -> None:
    """Add or remove dated closing days, in a transaction of the caller, who counts the due days again (`moving`)."""
    must_administer(tx, db, actor)
    closing = {day for (day,) in tx.all(_DAYS, {})}
    new = {day: name for day, name in add.items() if day not in closing}
    tx.many(_ADD_DAY, [{"day": day, "name": name, "added_at": at} for day, name in sorted(new.items())])
    tx.many(_REMOVE_DAY, [{"which": day} for day in remove if day in closing])
    body: dict[str, object] = {"added": [str(day) for day in sorted(new)], "removed": [str(day) for day in remove]}
    ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "closing_days_changed", body)


def must_administer(tx: Tx, db: Database, actor: Actor) -> None:
    """Whether this person keeps staff, calendar and settings, by any protocol in force."""
    if "system" in actor.roles:
        return
    answers = [may(found, actor, "administer", "", frozenset()) for found in all_newest(tx, db)]
    if not any(answer.allowed for answer in answers):
        raise NotAllowed(answers[0].reason if answers else "no protocol is in force")
