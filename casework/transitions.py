"""One transaction per action: load and lock → ask visibility → advance → save case, steps, ledger, timers, outbox."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from casework import clock, disputes, emergency, erasure, ledger, monitor, proposing, protocols, staff, states
from casework.db import CONFLICTS, Database
from casework.errors import CommandReused
from casework.ledger import Head
from casework.loading import (
    CLEARED,
    CONFLICT,
    CONFLICTED,
    RELATIONS_OF,
    Loaded,
    content_of,
    done_meanwhile,
    events_in,
    load,
    state_of,
)
from casework.permission import must_be_allowed, step_of
from casework.release import Releasing
from casework.rows import (
    INSERT_DONE,
    INSERT_MEMBER,
    REMOVE_ONE_MEMBER,
    UPDATE_CASE,
    UPDATE_HEAD,
    UPDATE_STATE,
    StepRows,
    name_member,
    plain_columns,
    write_effects,
    write_steps,
)
from casework.sealing import Sealer, packed
from casework.statements import Tx
from protocol.advance import Outcome, advance
from protocol.commands import Actor, Command
from protocol.effects import Effect, Erase
from protocol.errors import Refused
from protocol.events import EVENTS, Event
from protocol.language import Protocol
from protocol.state import CaseState
from protocol.workdays import WorkCalendar

__all__ = ["Loaded", "Performed", "Turn", "content_of", "events_in", "load", "perform", "state_of", "step_of"]

ATTEMPTS = 4
NAMED_IN_FORM = {"lead": "lead", "deputy": "deputy", "liaison": "announcer"}
"""Fields of kind `staff` by which a form gives somebody a relation to the case."""


class Stale(Exception):
    """Another transaction was first; the case is loaded anew and the command tried again."""


@dataclass(frozen=True, slots=True)
class Performed:
    """What an action led to. `repeated`: this command id had its effect before, and that outcome is given again."""

    case_id: int
    ref: str
    seq: int
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    state: CaseState
    repeated: bool = False


@dataclass(slots=True)
class Turn:
    """What one transition works with."""

    tx: Tx
    db: Database
    actor: Actor
    at: dt.datetime
    case: Loaded
    key: Sealer
    protocol: Protocol
    calendar: WorkCalendar
    before: CaseState


def perform(
    db: Database, actor: Actor, case: int | str, command: Command, command_id: str, at: dt.datetime | None = None
) -> Performed:
    """Carry out a command on a case (its id or its number), in one durable transaction.

    The same command id again gives the outcome of the first. Raises Refused (NotFound, NotAllowed …) with rule,
    reason and remedy; the case is then unchanged.
    """
    at = at or clock.now()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db.write() as tx:
                performed, head = perform_in(tx, db, actor, case, command, command_id, at)
            break
        except (Stale, *CONFLICTS):
            if attempt == ATTEMPTS:
                raise
    after_commit(db, performed, head, at, actor)
    return performed


def perform_in(
    tx: Tx, db: Database, actor: Actor, case: int | str, command: Command, command_id: str, at: dt.datetime
) -> tuple[Performed, Head]:
    """The same inside a transaction of the caller, who calls `after_commit` later."""
    loaded = load(tx, case, actor, command_id, at=at)
    if loaded.done is not None:
        return _first_outcome(tx, db, loaded), loaded.head
    turn = begin(tx, db, actor, loaded, at)
    try:
        must_be_allowed(turn.protocol, actor, loaded, turn.before, command)
        if command.kind == "assign_step":
            staff.must_work_here(tx, db, command.staff, "staff", loaded.revision)
        outcome = advance(turn.protocol, turn.before, command, at, actor, turn.calendar)
        outcome = disputes.restricted(turn, command, proposing.checked(turn, outcome))
    except Refused:
        loaded.done = done_meanwhile(tx, command_id)
        if loaded.done is None:
            raise
        return _first_outcome(tx, db, loaded), loaded.head
    if not outcome.events:
        # nothing happened: a timer that came too early, a date that was known
        return Performed(loaded.id, loaded.ref, loaded.head.seq, (), outcome.effects, turn.before), loaded.head
    return save(turn, outcome, command.kind, command_id)


def begin(tx: Tx, db: Database, actor: Actor, case: Loaded, at: dt.datetime) -> Turn:
    """Everything a transition on this case needs. Raises Refused for a case that was erased."""
    key, before = state_of(tx, db, case)
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    calendar = protocols.calendar(tx, db, protocol, case.revision)
    return Turn(tx, db, actor, at, case, key, protocol, calendar, before)


def save(turn: Turn, outcome: Outcome, kind: str, command_id: str) -> tuple[Performed, Head]:
    """Write what an outcome changed."""
    tx, case, state = turn.tx, turn.case, outcome.state
    people = _people_named(turn, outcome)
    head = append(tx, case.head, case.ref, turn.key, entry_of(turn.actor, kind, outcome, turn.at))
    _update_case(turn, state, people, head)
    rows = StepRows(case.id, turn.protocol, turn.calendar, state, people)
    write_steps(tx, rows, turn.before, state, all_open=people != case.people)
    write_effects(tx, case.id, case.ref, head.seq, outcome.effects, turn.at)
    _release(turn, outcome)
    for event in outcome.events:
        if event.kind == "event_happened":
            emergency.grant(turn, event.event)
    monitor.count(tx, turn.protocol, turn.key, case, turn.before, (outcome.events, outcome.clean))
    if command_id:
        tx.run(INSERT_DONE, {"command_id": command_id, "case_id": case.id, "seq": head.seq})
    return Performed(case.id, case.ref, head.seq, outcome.events, outcome.effects, state), head


def _release(turn: Turn, outcome: Outcome) -> None:
    """What a settled sharing decision releases."""
    for event in outcome.events:
        if event.kind == "step_done" and event.by != "system":
            key, case = turn.key, turn.case
            Releasing(turn.tx, case, key, turn.protocol, turn.calendar, outcome.state, turn.at).take(
                event, outcome.clean
            )


def entry_of(actor: Actor, kind: str, outcome: Outcome, at: dt.datetime) -> tuple[dt.datetime, str, str, bytes]:
    """What goes into the ledger: moment, person, kind of command; and, sealed, the events and the form with its texts,
    which stand nowhere else."""
    body = b'{"events":%b,"form":%b}' % (
        EVENTS.dump_json(outcome.events),
        states.json_bytes(outcome.clean) if outcome.clean else b"{}",
    )
    return at, actor.id, kind, body


def append(tx: Tx, before: Head, ref: str, key: Sealer, content: tuple[dt.datetime, str, str, bytes]) -> Head:
    """Add a sealed entry to the stream of a case."""
    at, by, kind, body = content
    stream = ledger.case_stream(ref)
    sealed = ledger.sealed_body(key, stream, before.seq + 1, packed(body))
    head, entry = ledger.compose(before, stream, at, by, kind, sealed)
    ledger.append(tx, head, entry, stream)
    return head


def record(
    tx: Tx, case: Loaded, key: Sealer, by: str, kind: str, form: dict[str, Any], command_id: str, at: dt.datetime
) -> Head:
    """An entry for what is no event of the protocol but happened in the case: a document, a recall. Raises Stale."""
    body = states.json_bytes({"events": [], "form": form})
    head = append(tx, case.head, case.ref, key, (at, by, kind, body))
    values = {"case_id": case.id, "version_before": case.version, "version": case.version + 1}
    if tx.run(UPDATE_HEAD, {**values, "head_seq": head.seq, "head_hash": head.hash}) == 0:
        raise Stale
    if command_id:
        tx.run(INSERT_DONE, {"command_id": command_id, "case_id": case.id, "seq": head.seq})
    return head


def _update_case(turn: Turn, state: CaseState, people: dict[str, str | None], head: Head) -> None:
    case = turn.case
    assert case.key_id is not None
    values: dict[str, Any] = {
        "case_id": case.id,
        "version_before": case.version,
        "version": case.version + 1,
        "head_seq": head.seq,
        "head_hash": head.hash,
    }
    now = plain_columns(turn.protocol, state, people)
    # The verdicts lag behind from the first transition on; saying so again would only move an index entry.
    same = not case.judged and now == plain_columns(turn.protocol, turn.before, case.people)
    if same and not states.is_time(case.snapshot_seq, head.seq):
        changed = turn.tx.run(UPDATE_HEAD, values)
    else:
        values |= {"snapshot": states.sealed(turn.key, case.key_id, head.seq, state), "snapshot_seq": head.seq}
        if not same:
            ended_at = (case.ended_at or turn.at) if state.ended else None
            values |= {**now, "ended_at": ended_at, "judged": False}
        changed = turn.tx.run(UPDATE_STATE if same else UPDATE_CASE, values)
    if changed == 0:
        raise Stale


def _people_named(turn: Turn, outcome: Outcome) -> dict[str, str | None]:
    """Lead and deputy after this outcome: a settled form can name them, and so can news of a hand-over."""
    people = turn.case.people
    for event in outcome.events:
        if event.kind not in ("step_done", "event_happened") or not event.given:
            continue
        if event.kind == "event_happened":
            _conflict(turn, event.given)
        for field, relation in NAMED_IN_FORM.items():
            named = event.given.get(field)
            if named:
                staff.must_work_here(turn.tx, turn.db, named, field, turn.case.revision)
                _must_be_free(turn, named, field)
                name_member(turn.tx, turn.case.id, relation, named, turn.at)
                people = {**people, relation: named} if relation in people else people
    return people


def _conflict(turn: Turn, given: dict[str, str]) -> None:
    """Somebody comes to have a conflict of interest, or has none after all."""
    if conflicted := given.get(CONFLICTED):
        staff.must_work_here(turn.tx, turn.db, conflicted, CONFLICTED, turn.case.revision)
        member = {"case_id": turn.case.id, "staff": conflicted, "relation": CONFLICT, "since": turn.at}
        turn.tx.run(INSERT_MEMBER, member)
    if cleared := given.get(CLEARED):
        turn.tx.run(REMOVE_ONE_MEMBER, {"of_case": turn.case.id, "which": CONFLICT, "who": cleared})


def _must_be_free(turn: Turn, named: str, field: str) -> None:
    """Raises Refused for somebody with a conflict of interest in this case."""
    if (CONFLICT,) in turn.tx.all(RELATIONS_OF, {"case": turn.case.id, "who": named}):
        reason = "this person has a conflict of interest in this case"
        raise Refused("assignment.conflict", reason, "choose somebody else", field)


def _first_outcome(tx: Tx, db: Database, case: Loaded) -> Performed:
    """What the command led to when it came first."""
    assert case.done is not None
    case_id, seq = case.done
    if case_id != case.id:
        raise CommandReused
    key, state = state_of(tx, db, case)
    found = ledger.entry(tx, ledger.case_stream(case.ref), seq)
    assert found is not None
    return Performed(case.id, case.ref, seq, events_in(key, *found), (), state, repeated=True)


def after_commit(db: Database, performed: Performed, head: Head, at: dt.datetime, actor: Actor) -> None:
    """What may only happen once the transaction is durable."""
    if not performed.repeated:
        states.remember(db, performed.case_id, head.hash, performed.state)
    if any(isinstance(effect, Erase) for effect in performed.effects):
        # The outbox holds the same order, should this process stop here.
        erasure.erase(db, performed.case_id, actor, at)
