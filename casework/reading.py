"""The only door to case data. Every call takes the acting person, asks visibility, and writes the read log."""

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, disputes, emergency, ledger, pace, people, protocols, read_log
from casework.db import Database
from casework.errors import NotFound
from casework.lists import OF_CASE, Page, Task, late_work, open_tasks, task_rows, tasks_for
from casework.loading import CONFLICT, Loaded, load, state_of
from casework.people import Details
from casework.permission import relation_to, step_of
from casework.rows import CASE
from casework.shown import knows_outcome, shown_events, shown_state
from casework.statements import Statement, Tx
from casework.transitions import content_of, events_in
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.events import Event
from protocol.language import Protocol
from protocol.state import CaseState
from protocol.visibility import Decision, may
from protocol.workdays import WorkCalendar

__all__ = [
    "CaseView",
    "HistoryLine",
    "Page",
    "Task",
    "case_for",
    "form_of",
    "history",
    "late_work",
    "open_tasks",
    "tasks_for",
]

SETTLED = ("step_done", "step_proposed")
_p = sa.bindparam
_PRISON = Statement(sa.select(CASE.c.prison, CASE.c.person_id).where(CASE.c.id == _p("case")))


@dataclass(frozen=True)
class CaseView:
    """A case as one person may see it. `state` holds no outcome that this person may not know."""

    id: int
    ref: str
    protocol: Protocol
    calendar: WorkCalendar
    state: CaseState
    relation: frozenset[str]
    lead: str | None
    deputy: str | None
    prison: str | None
    tasks: list[Task]
    sees: dict[str, Decision]
    """per kind of item: allowed or not, and why"""
    emergency_until: dt.datetime | None = None
    """it is read by emergency access, which ends then"""
    person: Details | None = field(default=None, repr=False)
    """None: this person may not see who it is about, or the case is not about a person"""


@dataclass(frozen=True)
class HistoryLine:
    seq: int
    recorded_at: dt.datetime
    by: str
    command: str
    events: tuple[Event, ...]


class Seen(NamedTuple):
    case: Loaded
    state: CaseState
    protocol: Protocol
    relation: frozenset[str]
    decision: Decision


def case_for(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> CaseView:
    """A case, with what this person may see of it. Raises NotFound, and Refused for one that was erased."""
    at = at or clock.now()
    with db.write() as tx:
        seen = look(tx, db, actor, ref, "case", at)
        view = _view(tx, db, actor, seen, at) if seen is not None and seen.decision.allowed else None
    if view is None:
        raise NotFound
    return view


def history(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> list[HistoryLine]:
    """What happened in a case, in order, without what this person may not know. Raises NotFound."""
    at = at or clock.now()
    lines = []
    with db.write() as tx:
        seen = look(tx, db, actor, ref, "history", at)
        allowed = seen is not None and seen.decision.allowed
        if seen is not None and allowed:
            key, _state = state_of(tx, db, seen.case)
            today = protocols.calendar(tx, db, seen.protocol).local_day(at)
            known: dict[str, bool] = {}
            for header, body in ledger.entries(tx, ledger.case_stream(seen.case.ref)):
                events = shown_events(
                    seen.protocol, seen.state, actor, seen.relation, events_in(key, header, body), today, known
                )
                if events:  # that somebody did something at all can be secret: a document, a sharing decision
                    lines.append(HistoryLine(header.seq, header.recorded_at, header.by, header.command, events))
    if not allowed:
        raise NotFound
    return lines


def form_of(db: Database, actor: Actor, ref: str, occurrence: str, at: dt.datetime | None = None) -> dict[str, object]:
    """What was last written in the form of a step, for those who own it, decide second or lead the case.

    Raises NotFound, and Refused where this person may not read it.
    """
    at = at or clock.now()
    content: dict[str, object] = {}
    with db.write() as tx:
        seen = look(tx, db, actor, ref, f"form:{occurrence}", at)
        found = seen.state.steps.get(occurrence) if seen is not None and seen.decision.allowed else None
        knows = seen is not None and found is not None
        if seen is not None and found is not None:
            relation = relation_to(seen.case, actor, found)
            knows = knows_outcome(step_of(seen.protocol, seen.state, found), found, seen.protocol, actor, relation)
            if knows:
                content = _last_form(tx, db, seen, occurrence)
                shares = step_of(seen.protocol, seen.state, found).shares
                if shares is not None:
                    key, _state = state_of(tx, db, seen.case)
                    place = (seen.case.id, str(seen.case.key_id))
                    content = disputes.as_now(tx, key, place, occurrence, shares, content)
    if found is None:
        raise NotFound
    if not knows:
        raise Refused("form.not-yours", "this form is for those who work on the step", "ask its owner")
    return content


def _last_form(tx: Tx, db: Database, seen: Seen, occurrence: str) -> dict[str, object]:
    key, _state = state_of(tx, db, seen.case)
    for header, body in reversed(ledger.entries(tx, ledger.case_stream(seen.case.ref))):
        if header.command == "complete_step":
            content = content_of(key, header, body)
            if any(event.get("id") == occurrence and event["kind"] in SETTLED for event in content["events"]):
                return dict(content["form"])
    return {}


def look(tx: Tx, db: Database, actor: Actor, ref: str, what: str, at: dt.datetime) -> Seen | None:
    """Load, decide, and log: also what was refused. None: there is no such case."""
    try:
        case = load(tx, ref, actor, lock=False)
    except NotFound:
        return None
    _key, state = state_of(tx, db, case)
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    relation = case.relations | by_tasks(protocol, state, actor, case.relations)
    decision = may(protocol, actor, "see", "logistics", relation)
    if decision.allowed:
        pace.must_be_human(tx, db, actor, (case.id, case.ref), at)
    read_log.note(tx, actor, case.id, what, decision, at, [case.ref])
    return Seen(case, state, protocol, relation, decision)


def by_tasks(
    protocol: Protocol, state: CaseState, actor: Actor, relations: frozenset[str] = frozenset()
) -> frozenset[str]:
    """A task in a case ties somebody to it: one that is assigned, or one that waits for a second person like them."""
    if CONFLICT in relations:
        return frozenset()
    for occurrence in state.steps.values():
        if not occurrence.open:
            continue
        seconds = step_of(protocol, state, occurrence).four_eyes
        asked = (
            occurrence.status == "proposed"
            and seconds is not None
            and bool(set(seconds.role) & set(actor.roles))
            and occurrence.proposed_service != actor.service
        )
        if actor.does_work_of(occurrence.assignee, relations) or occurrence.taken_by in actor.roles or asked:
            return frozenset({"own_task"})
    return frozenset()


def _view(tx: Tx, db: Database, actor: Actor, seen: Seen, at: dt.datetime) -> CaseView:
    case, protocol = seen.case, seen.protocol
    calendar = protocols.calendar(tx, db, protocol, case.revision)
    sees = {item: may(protocol, actor, "see", item, seen.relation) for item in protocol.item_kinds}
    row = tx.one(_PRISON, {"case": case.id})
    assert row is not None
    identity = sees.get("identity")
    known = people.by_id(tx, db, row[1]) if row[1] is not None and identity is not None and identity.allowed else None
    return CaseView(
        id=case.id,
        ref=case.ref,
        protocol=protocol,
        calendar=calendar,
        state=shown_state(protocol, seen.state, actor, seen.relation, calendar.local_day(at)),
        relation=seen.relation,
        lead=case.lead,
        deputy=case.deputy,
        prison=row[0],
        tasks=task_rows(tx, db, tx.all(OF_CASE, {"case": case.id}), at),
        sees=sees,
        emergency_until=emergency.until(tx, case.id, actor, at) if emergency.RELATION in seen.relation else None,
        person=known.details if known else None,
    )
