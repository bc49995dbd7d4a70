"""The rows of one case held against its ledger: what replaying says must be what the rows say."""

import json
from typing import Any

import sqlalchemy as sa

from casework import ledger, protocols, states
from casework.db import Database
from casework.documents import ATTACHED, REMOVED, digest_of
from casework.keys import KeyGone
from casework.loading import CLEARED, CONFLICT, CONFLICTED, content_of, load
from casework.people import name_index, opened_details
from casework.rows import CASE, MEMBER, PLAIN_COLUMNS, STEP, STEP_COLUMNS, StepRows, plain_columns
from casework.sealing import SealBroken
from casework.settings import SettingsFault
from casework.statements import Statement, Tx
from models.base import table_of
from models.documents import Document, DocumentChunk
from models.people import Person
from protocol.commands import SYSTEM
from protocol.errors import ProtocolFault
from protocol.events import EVENTS, Event
from protocol.replay import replay
from protocol.state import CaseState

_DOCUMENT, _CHUNK, _PERSON = table_of(Document), table_of(DocumentChunk), table_of(Person)
_p = sa.bindparam
_PLAIN = tuple(name for name in PLAIN_COLUMNS if name != "ended_at")
_ROW = Statement(
    sa.select(CASE.c.snapshot, CASE.c.snapshot_seq, CASE.c.erased_at, *(CASE.c[name] for name in _PLAIN)).where(
        CASE.c.id == _p("case")
    )
)
_STEPS = Statement(
    sa.select(STEP.c.occurrence, STEP.c.step, STEP.c.n, *(STEP.c[name] for name in STEP_COLUMNS)).where(
        STEP.c.case_id == _p("case")
    )
)
_MEMBERS = Statement(sa.select(MEMBER.c.relation, MEMBER.c.staff).where(MEMBER.c.case_id == _p("case")))
_DOCUMENTS = Statement(
    sa.select(
        _DOCUMENT.c.id, _DOCUMENT.c.item, _DOCUMENT.c.handling, _DOCUMENT.c.named, _DOCUMENT.c.author,
        _DOCUMENT.c.size, _DOCUMENT.c.chunks, _DOCUMENT.c.sealed,
    ).where(_DOCUMENT.c.case_id == _p("case"), _DOCUMENT.c.removed_at.is_(None))
)  # fmt: skip
_CHUNKS = Statement(
    sa.select(_CHUNK.c.document, _CHUNK.c.sealed)
    .where(_CHUNK.c.case_id == _p("case"))
    .order_by(_CHUNK.c.document, _CHUNK.c.n)
)
_PERSON_ROW = Statement(
    sa.select(_PERSON.c.key_id, _PERSON.c.sealed, _PERSON.c.name_index, _PERSON.c.erased_at).where(
        _PERSON.c.id == _p("person")
    )
)
WHOSE = ("role", "assignee", "due_at")
"""columns of a step that are kept up to date while it is open"""


def wrong_case(tx: Tx, db: Database, case_id: int) -> str:
    """What the rows of a case say that its ledger does not; empty: nothing."""
    case = load(tx, case_id, SYSTEM, lock=False)
    row = tx.one(_ROW, {"case": case_id})
    assert row is not None
    try:
        key = states.key_of(db, case.key_id)
        found = [
            (header, content_of(key, header, body)) for header, body in ledger.entries(tx, ledger.case_stream(case.ref))
        ]
        events = [EVENTS.validate_python(content["events"]) for _, content in found]
        state = replay([event for some in events for event in some])
        protocol = protocols.version(tx, db, case.protocol_key, state.version)
        stored = states.opened(key, str(case.key_id), row[1], row[0])
        later = [
            event for (header, _), some in zip(found, events, strict=True) if header.seq > row[1] for event in some
        ]
        if (replay(later, stored) if later else stored) != state:
            return "the sealed state is not what its ledger says"
    except (KeyGone, SettingsFault):
        return "its key does not belong to it"
    except (SealBroken, TypeError):
        return "what is sealed does not belong to it"
    except (ValueError, KeyError, ProtocolFault):
        return "its entries or its protocol cannot be read"
    adopted = found[0][0].command != "open_case"
    people = _people(events, case.people if adopted else {"lead": None, "deputy": None})
    if row[2] is not None or case.version != case.head.seq or (case.ended_at is None) != (state.ended is None):
        return "its row is not what its ledger says"
    if dict(zip(_PLAIN, row[3:], strict=True)) != plain_columns(protocol, state, people):
        return "its row is not what its ledger says"
    calendar = protocols.calendar(tx, db, protocol, case.revision)
    return (
        _wrong_steps(tx, StepRows(case_id, protocol, calendar, state, people), state)
        or _wrong_members(tx, case_id, people, events)
        or _wrong_documents(tx, case_id, found)
    )


def _people(events: list[tuple[Event, ...]], people: dict[str, str | None]) -> dict[str, str | None]:
    """Lead and deputy as the forms of settled steps, and of hand-overs, named them."""
    people = dict(people)
    for some in events:
        for event in some:
            if event.kind in ("step_done", "event_happened") and event.given:
                people |= {name: event.given[name] for name in people if event.given.get(name)}
    return people


def _wrong_steps(tx: Tx, rows: StepRows, state: CaseState) -> str:
    left = {row[0]: row for row in tx.all(_STEPS, {"case": rows.case_id})}
    for occurrence in state.steps.values():
        row = left.pop(occurrence.id, None)
        expected = rows.inserted(occurrence)
        names = ("step", "n", *STEP_COLUMNS)
        if row is None or any(
            value != expected[name]
            for name, value in zip(names, row[1:], strict=True)
            if occurrence.open or name not in WHOSE
        ):
            return f"the row of step {occurrence.id} is not what its ledger says"
    return f"there is no step {min(left)} in its ledger" if left else ""


def _wrong_members(tx: Tx, case_id: int, people: dict[str, str | None], events: list[tuple[Event, ...]]) -> str:
    rows = tx.all(_MEMBERS, {"case": case_id})
    members: dict[str, str] = dict(rows)
    conflicts = {staff for relation, staff in rows if relation == CONFLICT}
    wrong = any(members.get(relation) != who for relation, who in people.items()) or conflicts != _conflicts(events)
    return "somebody has a relation to it that its ledger does not know" if wrong else ""


def _conflicts(events: list[tuple[Event, ...]]) -> set[str]:
    """Who has a conflict of interest, as it was said and taken back."""
    found: set[str] = set()
    for some in events:
        for event in some:
            if event.kind == "event_happened":
                found |= {event.given[CONFLICTED]} if event.given.get(CONFLICTED) else set()
                found -= {event.given.get(CLEARED, "")}
    return found


def _wrong_documents(tx: Tx, case_id: int, found: list[tuple[ledger.Header, dict[str, Any]]]) -> str:
    expected: dict[str, dict[str, Any]] = {}
    for header, content in found:
        said = content["form"].get("document")
        if header.command == ATTACHED:
            expected[said["id"]] = said
        elif header.command == REMOVED:
            expected.pop(said["id"], None)
    pieces: dict[str, list[bytes]] = {}
    for document, sealed in tx.all(_CHUNKS, {"case": case_id}):
        pieces.setdefault(document, []).append(bytes(sealed))
    for row in tx.all(_DOCUMENTS, {"case": case_id}):
        said = expected.pop(row[0], {})
        plain = dict(zip(("id", "item", "handling", "named", "author", "size", "chunks"), row, strict=False))
        stored = [bytes(row[7] or b""), *pieces.pop(row[0], [])]
        if {**plain, "digest": digest_of(stored)} != said:
            return f"document {row[0]} is not what its ledger says"
    return "a document of its ledger is missing, or there is one too many" if expected or pieces else ""


def wrong_person(tx: Tx, db: Database, person_id: int, *, is_erased: bool) -> str:
    """What is wrong with the row of a person by itself: it opens, and is found under its own name."""
    row = tx.one(_PERSON_ROW, {"person": person_id})
    if row is None:
        return "the person's row is missing"
    key_id, sealed, index, erased_at = row
    if sealed is None:
        return "" if is_erased and erased_at is not None and index is None else "the person's row was emptied"
    if is_erased and erased_at is None:
        return ""  # the key is gone; the rows follow when the erasure is repeated
    if erased_at is not None:
        return "the person's row says that it was erased"
    try:
        details = opened_details(states.key_of(db, key_id), key_id, bytes(sealed))
    except (KeyGone, SealBroken, SettingsFault, json.JSONDecodeError):
        return "what is sealed about the person does not belong there"
    same = index is not None and bytes(index) == name_index(db, details)
    return "" if same else "the person is found under another name"
