"""A case as a transition or a reader finds it: its row, and the state that is sealed in it."""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from casework import clock, ledger, protocols, states
from casework.db import Database
from casework.errors import NotFound
from casework.keys import KeyGone
from casework.ledger import Head
from casework.rows import CASE, DONE, MEMBER
from casework.sealing import Sealer, unpacked
from casework.statements import Row, Statement, Tx, in_some, some
from models.base import table_of
from models.emergency import EmergencyAccess
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.events import EVENTS, Event
from protocol.replay import replay
from protocol.state import CaseState


@dataclass(slots=True)
class Loaded:
    """A case as a transition finds it, locked."""

    id: int
    ref: str
    protocol_key: str
    protocol_version: str
    key_id: str | None
    version: int
    head: Head
    lead: str | None
    deputy: str | None
    ended_at: dt.datetime | None
    relations: frozenset[str]
    done: tuple[int, int] | None
    """case and seq of the command, if it had its effect before"""
    revision: int
    snapshot_seq: int
    judged: bool

    @property
    def people(self) -> dict[str, str | None]:
        return {"lead": self.lead, "deputy": self.deputy}


EMERGENCY = table_of(EmergencyAccess)
_p = sa.bindparam
_relations = (
    sa.select(sa.func.aggregate_strings(MEMBER.c.relation, ","))
    .where(MEMBER.c.case_id == CASE.c.id, MEMBER.c.staff == _p("actor"))
    .scalar_subquery()
)
_done_case = sa.select(DONE.c.case_id).where(DONE.c.command_id == _p("command_id")).scalar_subquery()
_done_seq = sa.select(DONE.c.seq).where(DONE.c.command_id == _p("command_id")).scalar_subquery()
_emergency = (
    sa.select(sa.func.count())
    .where(EMERGENCY.c.case_id == CASE.c.id, EMERGENCY.c.staff == _p("actor"), EMERGENCY.c.until > _p("at"))
    .scalar_subquery()
)
_load = sa.select(
    CASE.c.id, CASE.c.ref, CASE.c.protocol, CASE.c.protocol_version, CASE.c.key_id, CASE.c.version, CASE.c.head_seq,
    CASE.c.head_hash, CASE.c.lead, CASE.c.deputy, CASE.c.ended_at, _relations, _done_case, _done_seq,
    protocols.REVISION,
    CASE.c.snapshot_seq, CASE.c.judged, _emergency,
)  # fmt: skip
_LOCK_BY_REF = Statement(_load.where(CASE.c.ref == _p("case")).with_for_update(of=CASE))
_LOCK_BY_ID = Statement(_load.where(CASE.c.id == _p("case")).with_for_update(of=CASE))
_READ_BY_REF = Statement(_load.where(CASE.c.ref == _p("case")))
_READ_BY_ID = Statement(_load.where(CASE.c.id == _p("case")))
_READ_EACH = Statement(_load.where(CASE.c.id.in_(some())))
RELATIONS_OF = Statement(
    sa.select(MEMBER.c.relation).where(MEMBER.c.case_id == _p("case"), MEMBER.c.staff == _p("who"))
)
TIED_BY = {"lead_worker": "lead", "deputy_worker": "deputy", "liaison": "announcer", "notifier": "announcer"}
CONFLICT = "conflict"
"""who should not work for this person: no tie to the case counts any more"""
CONFLICTED, CLEARED = "conflicted", "cleared"
"""fields of news by which somebody comes to have a conflict of interest, or has none after all"""
OF_ANY_ROLE = frozenset({"member", "partner", "own_task"})
_DONE = Statement(sa.select(DONE.c.case_id, DONE.c.seq).where(DONE.c.command_id == _p("command_id")))
_SNAPSHOT = Statement(sa.select(CASE.c.snapshot, CASE.c.snapshot_seq).where(CASE.c.id == _p("case")))


def done_meanwhile(tx: Tx, command_id: str) -> tuple[int, int] | None:
    """Case and seq of a command that had its effect while `load` waited for the lock.

    PostgreSQL reads a locked row as it is after the wait, but everything beside it as it was before.
    """
    row = tx.one(_DONE, {"command_id": command_id}) if command_id else None
    return (row[0], row[1]) if row else None


def load(
    tx: Tx, case: int | str, actor: Actor, command_id: str = "", *, lock: bool = True, at: dt.datetime | None = None
) -> Loaded:
    """Raises NotFound."""
    by_id = isinstance(case, int)
    statement = (_LOCK_BY_ID if by_id else _LOCK_BY_REF) if lock else (_READ_BY_ID if by_id else _READ_BY_REF)
    asking = {"actor": actor.id, "command_id": command_id, "at": at or clock.now()}
    row = tx.one(statement, {**asking, "case": case})
    if row is None:
        raise NotFound
    return _loaded(row, actor, _more_ties(tx, row, actor))


def _more_ties(tx: Tx, row: Row, actor: Actor) -> set[str]:
    """What ties the actor to the case beside their own place in it: somebody they stand in for, an emergency."""
    found = _of_absent(tx, row[0], actor)
    return found if found or row[11] or not row[17] else {"emergency"}


def load_each(tx: Tx, cases: Iterable[int], actor: Actor) -> dict[int, Loaded]:
    """Several cases to read, by id, in one question for each twenty-five; without those that do not exist."""
    found = {}
    asking = {"actor": actor.id, "command_id": "", "at": clock.now()}
    for values in in_some(cases):
        for row in tx.all(_READ_EACH, {**asking, **values}):
            found[row[0]] = _loaded(row, actor, _more_ties(tx, row, actor))
    return found


def _of_absent(tx: Tx, case: int, actor: Actor) -> set[str]:
    """What ties those to the case for whom the actor stands in: in the role in which they do, and never by name."""
    found = set()
    for absent, role in actor.stands_for:
        for (relation,) in tx.all(RELATIONS_OF, {"case": case, "who": absent}):
            if relation == TIED_BY.get(role) or (role not in TIED_BY and relation in OF_ANY_ROLE):
                found.add(relation)
    return found


def _loaded(row: Row, actor: Actor, of_absent: set[str]) -> Loaded:
    relations = (set(row[11].split(",")) if row[11] else set()) | of_absent
    relations |= {relation for relation, who in (("lead", row[8]), ("deputy", row[9])) if who == actor.id}
    if CONFLICT in relations:  # whatever else ties them to it
        relations = {CONFLICT}
    done = (row[12], row[13]) if row[12] is not None else None
    head = Head(row[6], bytes(row[7]))
    return Loaded(
        *(row[0], row[1], row[2], row[3], row[4], row[5], head, row[8], row[9], row[10]),
        frozenset(relations),
        done,
        row[14] or 0,
        row[15],
        row[16],
    )


def state_of(tx: Tx, db: Database, case: Loaded) -> tuple[Sealer, CaseState]:
    """The key and the state of a loaded case. Raises Refused for a case that was erased."""
    try:
        key = states.key_of(db, case.key_id)
    except KeyGone:
        states.forget(db, case.id)
        raise Refused("case.erased", "this case was erased", "nothing more can be recorded in it") from None
    state = states.recall(db, case.id, case.head.hash)
    if state is None:
        state = _replayed(tx, db, case, key)
    return key, state


def _replayed(tx: Tx, db: Database, case: Loaded, key: Sealer) -> CaseState:
    """The snapshot, and what happened after it."""
    row = tx.one(_SNAPSHOT, {"case": case.id})
    assert row is not None and case.key_id is not None
    snapshot, seq = row
    state = states.opened(key, case.key_id, seq, snapshot)
    if seq < case.head.seq:
        later = ledger.entries(tx, ledger.case_stream(case.ref), seq)
        events = [event for found in later if found[0].seq <= case.head.seq for event in events_in(key, *found)]
        state = replay(events, state)
    if seq <= case.head.seq:  # else: a reader without a lock, overtaken by a transition
        states.remember(db, case.id, case.head.hash, state)
    return state


def events_in(key: Sealer, header: ledger.Header, body: bytes) -> tuple[Event, ...]:
    """The events of a sealed entry."""
    return EVENTS.validate_python(content_of(key, header, body)["events"])


def content_of(key: Sealer, header: ledger.Header, body: bytes) -> dict[str, Any]:
    """Events and form of a sealed entry."""
    found: dict[str, Any] = json.loads(unpacked(ledger.open_body(key, header, body)))
    return found
