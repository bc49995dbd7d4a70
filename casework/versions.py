"""Versions of a protocol: uploaded and proved as a draft, applied informally by decision, approved when all have signed.

The text never changes with its status: what is signed is the file itself. Source: design, section 2 ("status draft,
informal, approved with signatories and dates"). New cases follow the version that came in force last; running cases
keep theirs.
"""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import select

from casework import jobs, ledger, protocols
from casework.checked import Checks
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.partnership import DEMO
from casework.prove import proved
from casework.rows import CASE
from casework.statements import Statement, Tx
from models.base import table_of
from models.cases import ProtocolVersion
from models.people import Organisation
from models.signatures import ProtocolSignature
from protocol.commands import Actor
from protocol.errors import Problem, Refused
from protocol.language import Protocol

CHECK = "protocol_check"
_VERSION, _SIGNATURE, _ORGANISATION = table_of(ProtocolVersion), table_of(ProtocolSignature), table_of(Organisation)
_p = sa.bindparam
_LIST = Statement(
    sa.select(
        _VERSION.c.key, _VERSION.c.version, _VERSION.c.status, _VERSION.c.added_at, _VERSION.c.in_force_at,
        sa.select(sa.func.count()).select_from(CASE)
        .where(CASE.c.protocol == _VERSION.c.key, CASE.c.protocol_version == _VERSION.c.version, CASE.c.is_open)
        .scalar_subquery(),
    ).order_by(_VERSION.c.key, sa.func.coalesce(_VERSION.c.in_force_at, _VERSION.c.added_at).desc())
)  # fmt: skip
_ADD = Statement(sa.insert(_VERSION))
_ONE = Statement(sa.select(_VERSION.c.sha256).where(_VERSION.c.key == _p("key"), _VERSION.c.version == _p("version")))
_SET = Statement(
    sa.update(_VERSION)
    .where(_VERSION.c.key == _p("of_key"), _VERSION.c.version == _p("of_version"))
    .values(status=_p("status"), in_force_at=sa.func.coalesce(_VERSION.c.in_force_at, _p("at")))
)
_ASK = Statement(sa.insert(_SIGNATURE))
_SIGN = Statement(
    sa.update(_SIGNATURE)
    .where(
        _SIGNATURE.c.key == _p("of_key"), _SIGNATURE.c.version == _p("of_version"), _SIGNATURE.c.organisation == _p("who")
    )
    .values(name=_p("name"), signed_on=_p("signed_on"), recorded_by=_p("recorded_by"), recorded_at=_p("recorded_at"))
)  # fmt: skip
_MOVABLE = Statement(
    sa.select(CASE.c.ref)
    .where(CASE.c.protocol == _p("key"), CASE.c.protocol_version != _p("version"), CASE.c.is_open)
    .order_by(CASE.c.id)
    .limit(_p("upto"))
)


class Version(NamedTuple):
    key: str
    version: str
    status: str
    added_at: dt.datetime
    in_force_at: dt.datetime | None
    cases: int
    """open cases that follow it"""


def every(db: Database) -> list[Version]:
    """All versions: per protocol the newest first."""
    with db.read() as tx:
        return [Version(*row) for row in tx.all(_LIST, {})]


def find(db: Database, key: str, version: str) -> Version:
    """Raises NotFound."""
    found = next((each for each in every(db) if (each.key, each.version) == (key, version)), None)
    if found is None:
        raise NotFound
    return found


def text_of(db: Database, key: str, version: str) -> Protocol:
    """The parsed text of a version, in force or not. Raises NotFound."""
    find(db, key, version)
    with db.read() as tx:
        return protocols.version(tx, db, key, version)


def upload(db: Database, actor: Actor, content: bytes, name: str, at: dt.datetime) -> str:
    """Read a file, and have it proved in the background; sound, it becomes a draft. The id of the job.

    Raises ProtocolFault for a file that cannot be read as a protocol, Refused for a version that is there already.
    """
    with db.read() as tx:
        protocols.must_administer(tx, db, actor)
    text = protocols.decoded(content, name)
    found = protocols.parsed(text, name)
    digest = sha256(text.encode()).hexdigest()
    with db.read() as tx:
        if tx.one(_ONE, {"key": found.protocol, "version": found.version}) is not None:
            raise Refused(
                "protocol.version", f"version {found.version} of {found.protocol} is there already",
                "give the changed file a new version", "file",
            )  # fmt: skip

    def work(progress: jobs.Progress) -> dict[str, Any]:
        report = proved(text, name, progress)
        if report["sound"]:
            _keep(db, actor, found, text, digest, at)
        return {**report, "key": found.protocol}

    return jobs.start(db, CHECK, actor, work, at, content)


def _keep(db: Database, actor: Actor, found: Protocol, text: str, digest: str, at: dt.datetime) -> None:
    row = {
        "key": found.protocol, "version": found.version, "text": text, "sha256": digest, "status": "draft",
        "added_at": at, "added_by": actor.id, "in_force_at": None,
    }  # fmt: skip
    with db.write() as tx:
        if tx.one(_ONE, {"key": found.protocol, "version": found.version}) is None:
            tx.run(_ADD, row)
            _tell(tx, actor, at, found.protocol, found.version, "protocol_uploaded", sha256=digest)


def _tell(tx: Tx, actor: Actor, at: dt.datetime, key: str, version: str, what: str, **more: object) -> None:
    body: dict[str, object] = {"protocol": key, "version": version, **more}
    ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, what, body)


# --- signing


def must_decide(actor: Actor) -> None:
    """The coordinator puts versions in force and records who signed. Raises NotAllowed."""
    if "coordinator" not in actor.roles:
        raise NotAllowed("the coordinator decides which version a case follows")


def apply_informally(db: Database, actor: Actor, key: str, version: str, at: dt.datetime) -> None:
    """A draft is applied while it awaits approval: new cases follow it, and a narrower set of items may be shared."""
    must_decide(actor)
    if find(db, key, version).status != "draft":
        raise Refused("protocol.status", "this version is in force already", "look at its status")
    with db.write() as tx:
        tx.run(_SET, {"of_key": key, "of_version": version, "status": "informal", "at": at})
        _tell(tx, actor, at, key, version, "protocol_informal")


def organisations(db: Database) -> list[Organisation]:
    """Those that can be asked to sign, by name."""
    with db.session() as session:
        found = session.exec(select(Organisation).where(_ORGANISATION.c.kind != DEMO).order_by(_ORGANISATION.c.name))
        return list(found.all())


def signatures(db: Database, key: str, version: str) -> list[ProtocolSignature]:
    query = select(ProtocolSignature).where(_SIGNATURE.c.key == key, _SIGNATURE.c.version == version)
    with db.session() as session:
        return list(session.exec(query.order_by(_SIGNATURE.c.organisation)).all())


def ask_to_sign(db: Database, actor: Actor, key: str, version: str, who: list[str], at: dt.datetime) -> None:
    """Name the organisations that must sign; one that was named stays. Raises Refused where none is named."""
    must_decide(actor)
    find(db, key, version)
    known, there = {each.id for each in organisations(db)}, {each.organisation for each in signatures(db, key, version)}
    new = [each for each in dict.fromkeys(who) if each not in there]
    if not new or set(new) - known:
        raise Refused("protocol.organisations", "must name organisations", "choose at least one", "organisations")
    row = {"key": key, "version": version, "name": "", "signed_on": None, "recorded_by": actor.id, "recorded_at": at}
    with db.write() as tx:
        tx.many(_ASK, [{**row, "organisation": each} for each in new])
        _tell(tx, actor, at, key, version, "signatures_asked", organisations=new)


class Signing(NamedTuple):
    """Who signed for an organisation, and when."""

    organisation: str
    name: str
    on: dt.date


def sign(db: Database, actor: Actor, version: Version, given: Signing, today: dt.date, at: dt.datetime) -> bool:
    """Record who signed for an organisation, and when. True: all have signed now, and the version is approved."""
    must_decide(actor)
    key, number = version.key, version.version
    mine = next((each for each in signatures(db, key, number) if each.organisation == given.organisation), None)
    if mine is None:
        raise NotFound
    if mine.signed_on is not None:
        raise Refused("protocol.signed", "this organisation has signed", "look at its signature", "name")
    checks = Checks({"name": given.name})
    signed_by = checks.text("name", 80, needed=True)
    if given.on > today:
        checks.problems.append(Problem("signed_on", "must not be in the future", "correct the date"))
    checks.must_hold("protocol.signature")
    with db.write() as tx:
        values = {"name": signed_by, "signed_on": given.on, "recorded_by": actor.id, "recorded_at": at}
        tx.run(_SIGN, {"of_key": key, "of_version": number, "who": given.organisation, **values})
        _tell(tx, actor, at, key, number, "protocol_signed", organisation=given.organisation, on=str(given.on))
    if any(each.signed_on is None for each in signatures(db, key, number)):
        return False
    with db.write() as tx:
        tx.run(_SET, {"of_key": key, "of_version": number, "status": "approved", "at": at})
        _tell(tx, actor, at, key, number, "protocol_approved")
    return True


def movable(db: Database, key: str, version: str, most: int) -> list[str]:
    """Open cases that follow another version of this protocol, the oldest first."""
    with db.read() as tx:
        return [row[0] for row in tx.all(_MOVABLE, {"key": key, "version": version, "upto": most})]
