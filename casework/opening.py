"""Opening a case: its number, its key, the person, and the first steps, in one transaction."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import clock, ledger, people, protocols, staff, states
from casework.db import CONFLICTS, Database
from casework.errors import NotAllowed
from casework.people import Details, Known
from casework.rows import CASE, DONE, INSERT_DONE, INSERT_MEMBER, StepRows, plain_columns, write_effects, write_steps
from casework.sealing import Sealer
from casework.statements import Statement, Tx
from casework.transitions import ATTEMPTS, Performed, after_commit, append, entry_of, perform_in
from models.base import table_of
from models.cases import CaseNumber
from protocol.advance import advance
from protocol.commands import Actor, OpenCase, TakeOver
from protocol.errors import Refused
from protocol.visibility import may

_NUMBER = table_of(CaseNumber)
_p = sa.bindparam


def _next_number(insert: Any) -> Any:
    first = insert(_NUMBER).values({"year": _p("year"), "last": 1})
    counted = first.on_conflict_do_update(index_elements=["year"], set_={"last": _NUMBER.c.last + 1})
    return counted.returning(_NUMBER.c.last)


_NEXT_NUMBER = Statement(_next_number(sqlite_insert), postgresql=_next_number(postgresql_insert))
_COLUMNS = (
    "ref", "protocol", "protocol_version", "person_id", "key_id", "phase", "ended", "is_open", "release_type", "notice",
    "planned_release", "certainty", "actual_release", "prison", "lead", "deputy", "version", "snapshot",
    "snapshot_seq", "head_seq",
    "head_hash", "notified_at", "opened_at", "ended_at", "follows",
)  # fmt: skip
_INSERT = Statement(
    sa.insert(CASE).values({**{name: _p(name) for name in _COLUMNS}, "judged": False}).returning(CASE.c.id)
)
_DONE_IN = Statement(sa.select(DONE.c.case_id).where(DONE.c.command_id == _p("command_id")))
_OPEN_CASE = Statement(sa.select(CASE.c.id, CASE.c.ref).where(CASE.c.person_id == _p("person"), CASE.c.is_open))
_LAST_CASE = Statement(sa.select(CASE.c.id).where(CASE.c.person_id == _p("person")).order_by(CASE.c.id.desc()).limit(1))

NewKey = tuple[str, Sealer]


@dataclass(frozen=True)
class Opening:
    """A case to be opened. `details` None: the protocol is not about persons."""

    command: OpenCase | TakeOver
    details: Details | None = None
    prison: str | None = None
    protocol: str = protocols.DEFAULT
    another_person: bool = False
    """decided by a human: not the person of the same name and birth date whose case is open"""
    people: Mapping[str, str] = field(default_factory=dict)
    """of a case that ran before: its `lead` and `deputy`, by staff id"""


class OneOpenCase(Refused):
    """Source: protocol, "One open case per person"."""

    def __init__(self, ref: str, *, certain: bool) -> None:
        self.ref = ref
        if certain:
            reason, remedy = "this person has an open case", "report the news in the open case"
        else:
            reason = "a person of the same name and birth date has an open case under another reference"
            remedy = "report it in that case as news of another prison, or confirm that these are two persons"
        super().__init__("person.one-open-case", reason, remedy, "reference")


def open_case(
    db: Database, actor: Actor, opening: Opening, command_id: str, at: dt.datetime | None = None
) -> Performed:
    """Open a case. The same command id again gives the first outcome. Raises OneOpenCase, NotAllowed, Refused."""
    at = at or clock.now()
    keys = stored_keys(db, opening, at)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db.write() as tx:
                performed, head = open_in(tx, db, actor, opening, keys, command_id, at)
            break
        except CONFLICTS:
            if attempt == ATTEMPTS:
                raise
    after_commit(db, performed, head, at, actor)
    return performed


def stored_keys(db: Database, opening: Opening, at: dt.datetime) -> list[NewKey]:
    """New keys, durable before the case is: for the case, and for a person who is new."""
    count = 1
    if opening.details is not None:
        with db.read() as tx:
            count += people.find(tx, db, opening.details.prison, opening.details.reference) is None
    return [(key_id, db.keys.sealer(key_id)) for key_id in db.keys.make(count, at)]


def open_in(
    tx: Tx, db: Database, actor: Actor, opening: Opening, keys: list[NewKey], command_id: str, at: dt.datetime
) -> tuple[Performed, ledger.Head]:
    """The same inside a transaction of the caller, with keys that are stored already."""
    before = tx.one(_DONE_IN, {"command_id": command_id}) if command_id else None
    if before is not None:
        return perform_in(tx, db, actor, int(before[0]), opening.command, command_id, at)
    protocol = protocols.newest(tx, db, opening.protocol)
    allowed = may(protocol, actor, "open", "", frozenset())
    if not allowed.allowed:
        raise NotAllowed(allowed.reason)
    known = _find_person(tx, db, opening)
    calendar = protocols.calendar(tx, db, protocol)
    outcome = advance(protocol, None, opening.command, at, actor, calendar)
    named = _people_named(tx, db, opening)
    (key_id, key), *spare = keys
    person_id, follows = _person_of(tx, db, opening, known, spare, at)
    ref = _next_ref(tx, calendar.local_day(at).year)
    head = append(tx, ledger.NEW_STREAM, ref, key, entry_of(actor, opening.command.kind, outcome, at))
    state = outcome.state
    row = {
        **plain_columns(protocol, state, named),
        "ref": ref,
        "protocol": protocol.protocol,
        "person_id": person_id,
        "key_id": key_id,
        "prison": opening.prison or (opening.details.prison if opening.details else None),
        "version": 1,
        "snapshot": states.sealed(key, key_id, head.seq, state),
        "snapshot_seq": head.seq,
        "head_seq": head.seq,
        "head_hash": head.hash,
        "notified_at": _notified_at(opening),
        "opened_at": at,
        "ended_at": at if state.ended else None,
        "follows": follows,
    }
    case_id = int(tx.all(_INSERT, row)[0][0])
    members = {relation: who for relation, who in named.items() if who is not None}
    if "system" not in actor.roles and isinstance(opening.command, OpenCase):
        members["announcer"] = actor.id
    rows = [{"case_id": case_id, "staff": who, "relation": name, "since": at} for name, who in members.items()]
    tx.many(INSERT_MEMBER, rows)
    write_steps(tx, StepRows(case_id, protocol, calendar, state, named), None, state, all_open=False)
    write_effects(tx, case_id, ref, head.seq, outcome.effects, at)
    if command_id:
        tx.run(INSERT_DONE, {"command_id": command_id, "case_id": case_id, "seq": head.seq})
    return Performed(case_id, ref, head.seq, outcome.events, outcome.effects, state), head


def _people_named(tx: Tx, db: Database, opening: Opening) -> dict[str, str | None]:
    """Lead and deputy from the start: only a case that ran before has them. Raises StaffUnknown."""
    for relation, who in opening.people.items():
        staff.must_work_here(tx, db, who, relation, protocols.revision(tx))
    return {"lead": None, "deputy": None, **opening.people}


def _find_person(tx: Tx, db: Database, opening: Opening) -> Known | None:
    """The person of an opening, if known. Raises OneOpenCase."""
    details = opening.details
    if details is None:
        return None
    known = people.find(tx, db, details.prison, details.reference)
    if known is not None:
        running = tx.one(_OPEN_CASE, {"person": known.id})
        if running is not None:
            raise OneOpenCase(running[1], certain=True)
    elif not opening.another_person:
        ref = people.same_name_open(tx, db, details)
        if ref is not None:
            raise OneOpenCase(ref, certain=False)
    return known


def _person_of(
    tx: Tx, db: Database, opening: Opening, known: Known | None, spare: list[NewKey], at: dt.datetime
) -> tuple[int | None, int | None]:
    """The person's id, added where new, and the earlier case that this one follows."""
    if opening.details is None:
        return None, None
    if known is None:
        if not spare:
            raise Refused("person.changed", "the person was erased meanwhile", "send the notification again")
        key_id, key = spare[0]
        return people.add(tx, db, opening.details, key_id, key, at), None
    last = tx.one(_LAST_CASE, {"person": known.id})
    return known.id, int(last[0]) if last else None


def _next_ref(tx: Tx, year: int) -> str:
    """2026-014 is the fourteenth case of 2026."""
    return f"{year}-{tx.all(_NEXT_NUMBER, {'year': year})[0][0]:03d}"


def _notified_at(opening: Opening) -> dt.datetime:
    command = opening.command
    return command.notified_at if isinstance(command, OpenCase) else command.open.notified_at
