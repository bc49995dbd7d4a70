"""Documents of a case: added, listed, opened and removed through one door that asks visibility and writes the read log.

A file is sealed in pieces under the key of its case; each piece is bound to its case, its file and its place in it. The
ledger entry, in the same transaction, holds a digest of what was stored, so a piece that was changed or swapped shows.
"""

import datetime as dt
import json
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import clock, ledger, pace, protocols, read_log, reading, staff, states
from casework.db import CONFLICTS, Database
from casework.document_files import check
from casework.errors import CommandReused, NotAllowed, NotFound
from casework.loading import Loaded, content_of, load, state_of
from casework.sealing import SealBroken, Sealer, seal, unseal
from casework.statements import Row, Statement, Tx
from casework.transitions import ATTEMPTS, Stale, record
from models.base import table_of
from models.documents import Document, DocumentChunk
from models.sharing import HANDLING
from protocol.commands import Actor
from protocol.errors import Problem, Refused
from protocol.language import Protocol
from protocol.state import CaseState
from protocol.visibility import Decision, may

CHUNK_BYTES = 128 * 1024
TITLE_LENGTH, PURPOSE_LENGTH = 120, 200
ATTACHED, REMOVED = "attach_document", "remove_document"
CODES = tuple(code for code in HANDLING if code != "oral_only")
"""what is only said in a meeting is never a file"""
_DOCUMENT, _CHUNK = table_of(Document), table_of(DocumentChunk)
_p = sa.bindparam

_COLUMNS = ("id", "item", "handling", "named", "author", "size", "chunks", "recorded_at", "restricted_at", "sealed")
_GIVEN = ("id", "case_id", "item", "handling", "regime", "named", "author", "size", "chunks", "recorded_at", "sealed")
_INSERT = Statement(sa.insert(_DOCUMENT).values({name: _p(name) for name in _GIVEN}))
_INSERT_CHUNK = Statement(sa.insert(_CHUNK).values({name: _p(name) for name in ("document", "n", "case_id", "sealed")}))
_there = sa.select(*(_DOCUMENT.c[name] for name in _COLUMNS)).where(
    _DOCUMENT.c.case_id == _p("case"), _DOCUMENT.c.removed_at.is_(None), _DOCUMENT.c.sealed.is_not(None)
)
_OF_CASE = Statement(_there.order_by(_DOCUMENT.c.recorded_at.desc(), _DOCUMENT.c.id))
_ONE = Statement(_there.where(_DOCUMENT.c.id == _p("document")))
_CHUNKS = Statement(
    sa.select(_CHUNK.c.sealed)
    .where(_CHUNK.c.case_id == _p("case"), _CHUNK.c.document == _p("document"))
    .order_by(_CHUNK.c.n)
)
_REMOVE = Statement(sa.update(_DOCUMENT).where(_DOCUMENT.c.id == _p("which")).values(sealed=None, removed_at=_p("at")))
_REMOVE_CHUNKS = Statement(sa.delete(_CHUNK).where(_CHUNK.c.document == _p("which")))


class New(NamedTuple):
    """What somebody says about a file. `named`: staff ids, who alone may see it under the code `named_only`."""

    title: str
    purpose: str
    item: str
    handling: str = "case_team"
    named: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A document that this person may see, and why."""

    id: str
    title: str
    name: str
    purpose: str
    item: str
    handling: str
    author: str
    size: int
    recorded_at: dt.datetime
    why: str
    may_remove: bool


class Listing(NamedTuple):
    ref: str
    documents: list[Listed]
    items: list[str]
    """kinds of item of which this person may add documents"""
    protocol: Protocol


class Opened(NamedTuple):
    name: str
    media_type: str
    content: bytes


class _Place(NamedTuple):
    """A case with its key, as somebody stands to it."""

    case: Loaded
    key: Sealer
    state: CaseState
    protocol: Protocol
    relation: frozenset[str]


def _bound_to(key_id: str, document: str, part: str) -> bytes:
    return f"document:{key_id}:{document}#{part}".encode()


def _go_to(tx: Tx, db: Database, actor: Actor, ref: str, command_id: str = "", *, lock: bool = False) -> _Place:
    """Raises NotFound, and Refused for a case that was erased."""
    case = load(tx, ref, actor, command_id, lock=lock)
    key, state = state_of(tx, db, case)
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    # somebody named for one item is not named for every document: each has names of its own
    ties = (case.relations - {"named"}) | reading.by_tasks(protocol, state, actor, case.relations)
    return _Place(case, key, state, protocol, ties)


def _sees(place: _Place, actor: Actor, row: Row) -> Decision:
    """Whether this person may see a document, by its kind of item and its handling code."""
    _, item, handling, named, author, *_ = row
    ties = {tie for tie, is_so in (("author", author == actor.id), ("named", actor.id in named)) if is_so}
    relation = place.relation | ties
    if row[8] is not None:
        return may(place.protocol, actor, "see_restricted", "", relation)
    return may(place.protocol, actor, "see", item, relation, handling)


def _may_add(place: _Place, actor: Actor, item: str, handling: str = "case_team") -> Decision:
    decision = may(place.protocol, actor, "attach", "", place.relation)
    return (
        may(place.protocol, actor, "see", item, place.relation | {"author"}, handling) if decision.allowed else decision
    )


# --- adding and removing ----------------------------------------------------------------------------------------------


def add(
    db: Database, actor: Actor, ref: str, new: New, name: str, content: bytes, command_id: str,
    at: dt.datetime | None = None,
) -> str:  # fmt: skip
    """Check, seal and store a file; its id. The same command id again: the id of the first. Raises Refused."""
    at = at or clock.now()
    checked = check(name, content)
    _must_be_said(new)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db.write() as tx:
                place = _go_to(tx, db, actor, ref, command_id, lock=True)
                if place.case.done is not None:
                    return _first(tx, place)
                _must_be_allowed(place, actor, _may_add(place, actor, new.item, new.handling))
                for who in new.named:
                    staff.must_work_here(tx, db, who, "named", place.case.revision)
                about = {
                    "title": new.title.strip(), "purpose": new.purpose.strip(), "name": checked.name,
                    "ending": checked.kind.ending, "type": checked.kind.media_type,
                }  # fmt: skip
                entry = _store(tx, place, actor, new, about, content, at)
                head = record(tx, place.case, place.key, actor.id, ATTACHED, {"document": entry}, command_id, at)
            break
        except (Stale, *CONFLICTS):
            if attempt == ATTEMPTS:
                raise
    states.remember(db, place.case.id, head.hash, place.state)
    return str(entry["id"])


def _must_be_said(new: New) -> None:
    problems = []
    for field, text, longest in (("title", new.title, TITLE_LENGTH), ("purpose", new.purpose, PURPOSE_LENGTH)):
        if not text.strip():
            problems.append(Problem(field, "this is needed", "fill it in"))
        elif len(text) > longest or not text.isprintable():
            problems.append(Problem(field, "this is too long or cannot be read", f"give {longest} letters at most"))
    if new.handling not in CODES:
        problems.append(Problem("handling", "a file cannot have this handling code", "choose another handling code"))
    if new.handling == "named_only" and not new.named:
        problems.append(Problem("named", "this code needs the names of who may see it", "choose at least one person"))
    if problems:
        raise Refused(
            "document.form", "something is missing", "fill in what is asked", problems[0].field, tuple(problems)
        )


def _must_be_allowed(place: _Place, actor: Actor, decision: Decision) -> None:
    if decision.allowed:
        return
    if not may(place.protocol, actor, "see", "logistics", place.relation).allowed:
        raise NotFound
    raise NotAllowed(decision.reason)


def _store(
    tx: Tx, place: _Place, actor: Actor, new: New, about: dict[str, str], content: bytes, at: dt.datetime
) -> dict[str, Any]:
    """Write the rows; what the ledger says of them."""
    case, document = place.case, secrets.token_hex(8)
    assert case.key_id is not None
    parts = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
    bound = [_bound_to(case.key_id, document, f"{n}/{len(parts)}") for n in range(len(parts))]
    pieces = [seal(place.key, part, where) for part, where in zip(parts, bound, strict=True)]
    about = {**about, "sha256": sha256(content).hexdigest()}
    sealed = seal(place.key, states.json_bytes(about), _bound_to(case.key_id, document, "about"))
    plain = {
        "id": document, "item": new.item, "handling": new.handling, "named": list(new.named), "author": actor.id,
        "size": len(content), "chunks": len(pieces),
    }  # fmt: skip
    tx.run(_INSERT, {**plain, "case_id": case.id, "regime": "gdpr", "recorded_at": at, "sealed": sealed})
    rows = [{"document": document, "n": n, "case_id": case.id, "sealed": piece} for n, piece in enumerate(pieces)]
    tx.many(_INSERT_CHUNK, rows)
    return {**plain, "digest": digest_of([sealed, *pieces])}


def digest_of(pieces: Iterable[bytes]) -> str:
    """What the ledger says of the rows of a document: they are what was stored then, all of them, in this order."""
    hashed = sha256()
    for piece in pieces:
        hashed.update(len(piece).to_bytes(4))
        hashed.update(piece)
    return hashed.hexdigest()


def _first(tx: Tx, place: _Place) -> str:
    assert place.case.done is not None
    case_id, seq = place.case.done
    found = ledger.entry(tx, ledger.case_stream(place.case.ref), seq)
    if case_id != place.case.id or found is None:
        raise CommandReused
    said = content_of(place.key, *found)["form"].get("document")
    if said is None:
        raise CommandReused
    return str(said["id"])


def remove(db: Database, actor: Actor, ref: str, document: str, command_id: str, at: dt.datetime | None = None) -> None:
    """Take a file away that was added by mistake: its content goes, the ledger keeps that it was there."""
    at = at or clock.now()
    with db.write() as tx:
        place = _go_to(tx, db, actor, ref, command_id, lock=True)
        if place.case.done is not None:
            return
        row = tx.one(_ONE, {"case": place.case.id, "document": document})
        if row is None or not _sees(place, actor, row).allowed:
            raise NotFound
        if not _may_remove(place, actor, row).allowed:
            raise NotAllowed("who added a document and the coordinator may remove it")
        tx.run(_REMOVE_CHUNKS, {"which": document})
        tx.run(_REMOVE, {"which": document, "at": at})
        form = {"document": {"id": document}}
        head = record(tx, place.case, place.key, actor.id, REMOVED, form, command_id, at)
    states.remember(db, place.case.id, head.hash, place.state)


def _may_remove(place: _Place, actor: Actor, row: Row) -> Decision:
    if row[4] == actor.id:
        return Decision(True, "you added this document")
    return may(place.protocol, actor, "detach", "", place.relation)


# --- reading ----------------------------------------------------------------------------------------------------------


def listed(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> Listing:
    """The documents that this person may see, the latest first, each with why. Others are not even counted."""
    at = at or clock.now()
    found = []
    with db.write() as tx:
        place = _go_to(tx, db, actor, ref)
        decision = may(place.protocol, actor, "see", "logistics", place.relation)
        if decision.allowed:
            pace.must_be_human(tx, db, actor, (place.case.id, place.case.ref), at)
        read_log.note(tx, actor, place.case.id, "documents", decision, at, [place.case.ref])
        if decision.allowed:
            for row in tx.all(_OF_CASE, {"case": place.case.id}):
                allowed, why = _sees(place, actor, row)
                if allowed:
                    about = _about(place, row)
                    found.append(
                        Listed(
                            row[0], about["title"], about["name"], about["purpose"], row[1], row[2], row[4], row[5],
                            row[7], why, _may_remove(place, actor, row).allowed,
                        )
                    )  # fmt: skip
    if not decision.allowed:
        raise NotFound
    items = [item for item in place.protocol.item_kinds if _may_add(place, actor, item).allowed]
    return Listing(place.case.ref, found, items, place.protocol)


def opened(db: Database, actor: Actor, ref: str, document: str, at: dt.datetime | None = None) -> Opened:
    """A document whole, and a line in the read log. Raises NotFound, also where it may not be known; SealBroken."""
    at = at or clock.now()
    with db.write() as tx:
        place = _go_to(tx, db, actor, ref)
        row = tx.one(_ONE, {"case": place.case.id, "document": document})
        decision = Decision(False, "there is no such document") if row is None else _sees(place, actor, row)
        if decision.allowed:
            pace.must_be_human(tx, db, actor, (place.case.id, place.case.ref), at)
        read_log.note(tx, actor, place.case.id, f"document:{document[:24]}", decision, at, [place.case.ref])
        pieces = tx.all(_CHUNKS, {"case": place.case.id, "document": document}) if decision.allowed else []
    if row is None or not decision.allowed:
        raise NotFound
    about = _about(place, row)
    content = b"".join(
        unseal(place.key, bytes(piece), _bound_to(str(place.case.key_id), document, f"{n}/{row[6]}"))
        for n, (piece,) in enumerate(pieces)
    )
    if sha256(content).hexdigest() != about["sha256"]:
        raise SealBroken(f"document:{document}")
    return Opened(about["name"], about["type"], content)


def _about(place: _Place, row: Row) -> dict[str, str]:
    where = _bound_to(str(place.case.key_id), row[0], "about")
    about: dict[str, str] = json.loads(unseal(place.key, bytes(row[9]), where))
    return about
