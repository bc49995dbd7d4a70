"""What a transition writes: the rows that changed, as statements that are compiled once."""

import datetime as dt
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework.statements import Statement, Tx, Values
from models.base import table_of
from models.cases import CaseMember, CommandDone, ReleaseCase, Step, Timer
from models.columns import NO_LIMIT
from models.outbox import Outbox
from protocol.effects import Effect, Erase, Prepare, Tell
from protocol.effects import Timer as TimerEffect
from protocol.language import Protocol
from protocol.language import Step as LanguageStep
from protocol.state import CaseState, Occurrence
from protocol.variants import steps_for
from protocol.workdays import WorkCalendar

CASE, STEP, MEMBER = table_of(ReleaseCase), table_of(Step), table_of(CaseMember)
TIMER, OUTBOX, DONE = table_of(Timer), table_of(Outbox), table_of(CommandDone)
_p = sa.bindparam

PERSONAL_ROLES = {"lead_worker": "lead", "deputy_worker": "deputy"}
"""Roles that one member of staff holds in a case: their tasks are that person's, without a separate assignment."""

HEAD_COLUMNS = ("version", "head_seq", "head_hash")
STATE_COLUMNS = (*HEAD_COLUMNS, "snapshot", "snapshot_seq")
PLAIN_COLUMNS = (
    "protocol_version", "phase", "ended", "is_open", "release_type", "notice", "planned_release", "certainty",
    "actual_release", "lead", "deputy", "ended_at",
)  # fmt: skip
STEP_COLUMNS = ("status", "is_open", "ready_on", "due_on", "due_at", "role", "assignee", "rung", "appointment")


def _update_case(columns: tuple[str, ...]) -> Statement:
    guard = (CASE.c.id == _p("case_id"), CASE.c.version == _p("version_before"))
    return Statement(sa.update(CASE).where(*guard).values({name: _p(name) for name in columns}))


UPDATE_HEAD = _update_case(HEAD_COLUMNS)
UPDATE_STATE = _update_case(STATE_COLUMNS)
UPDATE_CASE = _update_case((*STATE_COLUMNS, *PLAIN_COLUMNS, "judged"))
INSERT_STEP = Statement(
    sa.insert(STEP).values({name: _p(name) for name in ("case_id", "occurrence", "step", "n", *STEP_COLUMNS)})
)


def _update_step(columns: tuple[str, ...]) -> Statement:
    guard = (STEP.c.case_id == _p("of_case"), STEP.c.occurrence == _p("which"))
    return Statement(sa.update(STEP).where(*guard).values({name: _p(name) for name in columns}))


UPDATE_STEP = _update_step(STEP_COLUMNS)
UPDATE_WHOSE = _update_step(("role", "assignee"))
"""leaves the index of due moments alone"""
_MEMBER: dict[str, Any] = {
    "case_id": _p("case_id"),
    "staff": _p("staff"),
    "relation": _p("relation"),
    "since": _p("since"),
}
INSERT_MEMBER = Statement(
    sqlite_insert(MEMBER).values(_MEMBER).on_conflict_do_nothing(),
    postgresql=postgresql_insert(MEMBER).values(_MEMBER).on_conflict_do_nothing(),
)
REMOVE_MEMBER = Statement(sa.delete(MEMBER).where(MEMBER.c.case_id == _p("of_case"), MEMBER.c.relation == _p("which")))
REMOVE_ONE_MEMBER = Statement(
    sa.delete(MEMBER).where(
        MEMBER.c.case_id == _p("of_case"), MEMBER.c.relation == _p("which"), MEMBER.c.staff == _p("who")
    )
)
_TIMER = {"case_id": _p("case_id"), "key": _p("key"), "at": _p("at"), "rung": _p("rung"), "attempts": 0}
_AGAIN: dict[str, Any] = {"at": _p("at"), "rung": _p("rung"), "attempts": 0, "leased_until": None}
SET_TIMER = Statement(
    sqlite_insert(TIMER).values(_TIMER).on_conflict_do_update(index_elements=["case_id", "key"], set_=_AGAIN),
    postgresql=postgresql_insert(TIMER)
    .values(_TIMER)
    .on_conflict_do_update(index_elements=["case_id", "key"], set_=_AGAIN),
)
CLEAR_TIMER = Statement(sa.delete(TIMER).where(TIMER.c.case_id == _p("of_case"), TIMER.c.key == _p("which")))
_OUTBOX: dict[str, Any] = {name: _p(name) for name in ("kind", "dedupe_key", "payload", "created_at", "available_at")}
_FRESH = {**_OUTBOX, "attempts": 0, "dead": False, "fault": ""}
INSERT_OUTBOX = Statement(
    sqlite_insert(OUTBOX).values(_FRESH).on_conflict_do_nothing(),
    postgresql=postgresql_insert(OUTBOX).values(_FRESH).on_conflict_do_nothing().inline(),
)
INSERT_DONE = Statement(sa.insert(DONE).values({name: _p(name) for name in ("command_id", "case_id", "seq")}))


def queue_of_seconds(step: LanguageStep) -> str:
    """The queue of a proposed step: all roles of which one member may decide second."""
    assert step.four_eyes is not None
    return "|".join(step.four_eyes.role)


def plain_columns(protocol: Protocol, state: CaseState, people: dict[str, str | None]) -> dict[str, Any]:
    """What lists need of a case. A case past its closing event no longer counts as open."""
    phase = protocol.phases[state.phase]
    planned, actual = state.anchors.get("planned_release"), state.anchors.get("actual_release")
    over = state.ended is not None or phase.ended or state.phase == protocol.closing_phase
    return {
        "protocol_version": state.version,
        "phase": state.phase,
        "ended": state.ended,
        "is_open": not over,
        "release_type": state.release_type,
        "notice": state.notice,
        "planned_release": planned.on if planned else None,
        "certainty": planned.certainty if planned else None,
        "actual_release": actual.on if actual else None,
        **people,
    }


class StepRows:
    """How occurrences become rows: owner, moment of lateness, and whose task it is."""

    def __init__(
        self, case_id: int, protocol: Protocol, calendar: WorkCalendar, state: CaseState, people: dict[str, str | None]
    ) -> None:
        self.case_id = case_id
        self._protocol = protocol
        self._calendar = calendar
        self._people = people
        self._paused = protocol.phases[state.phase].paused
        self._steps = steps_for(protocol, state.release_type, state.notice, state.conditions)

    def values(self, occurrence: Occurrence) -> dict[str, Any]:
        step = self._steps.get(occurrence.step) or self._protocol.steps[occurrence.step]
        late_after = NO_LIMIT
        if occurrence.due is not None and (not self._paused or step.runs_in_pause):  # else nothing is late in a pause
            late_after = self._calendar.moment(occurrence.due, occurrence.at)
        owner, assignee = self._whose(step, occurrence)
        return {
            "status": occurrence.status,
            "is_open": occurrence.open,
            "ready_on": occurrence.ready_on,
            "due_on": occurrence.due,
            "due_at": late_after,
            "role": owner,
            "assignee": assignee,
            "rung": occurrence.escalated,
            "appointment": occurrence.appointment,
        }

    def _whose(self, step: LanguageStep, occurrence: Occurrence) -> tuple[str, str | None]:
        """The queue a task stands in, and whose task it is. A proposed step waits for a second person."""
        if occurrence.status == "proposed" and step.four_eyes is not None:
            return queue_of_seconds(step), None
        role = occurrence.taken_by or step.owner
        personal = PERSONAL_ROLES.get(role)
        return role, occurrence.assignee or (self._people.get(personal) if personal else None)

    def inserted(self, occurrence: Occurrence) -> dict[str, Any]:
        key = {"case_id": self.case_id, "occurrence": occurrence.id, "step": occurrence.step, "n": occurrence.n}
        return {**key, **self.values(occurrence)}

    def updated(self, occurrence: Occurrence) -> dict[str, Any]:
        return {"of_case": self.case_id, "which": occurrence.id, **self.values(occurrence)}


_WHEN = attrgetter("status", "ready_on", "due", "at", "escalated", "appointment")
"""What the row of a step says beside whose it is."""


def _reads_anew(before: CaseState, after: CaseState) -> bool:
    """Whether owner or lateness of every open step may have changed, not only of those that were touched."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("phase", "release_type", "notice", "conditions", "version")
    )


def write_steps(tx: Tx, rows: StepRows, before: CaseState | None, after: CaseState, *, all_open: bool) -> None:
    """Write the steps that differ between two states."""
    known = before.steps if before else {}
    every = all_open or (before is not None and _reads_anew(before, after))
    new: list[Values] = []
    changed: list[Values] = []
    given: list[Values] = []
    for occurrence in after.steps.values():
        was = known.get(occurrence.id)
        if was is None:
            new.append(rows.inserted(occurrence))
        elif (was is not occurrence and was != occurrence) or (every and occurrence.open):
            only_whose = not every and _WHEN(was) == _WHEN(occurrence)
            (given if only_whose else changed).append(rows.updated(occurrence))
    tx.many(INSERT_STEP, new)
    tx.many(UPDATE_STEP, changed)
    tx.many(UPDATE_WHOSE, given)


def write_effects(tx: Tx, case_id: int, ref: str, seq: int, effects: tuple[Effect, ...], at: dt.datetime) -> None:
    """Timers, and everything for the outside as outbox rows: opaque ids only."""
    gone: list[Values] = []
    timers: dict[str, Values] = {}
    messages: list[Values] = []
    for effect in effects:
        if isinstance(effect, TimerEffect):
            gone.append({"of_case": case_id, "which": effect.key})
            timers.pop(effect.key, None)
            if effect.at is not None:
                row = {"case_id": case_id, "key": effect.key, "at": effect.at, "rung": effect.rung}
                timers[effect.key] = row
        else:
            kind, payload = _message(effect)
            key = f"{ref}:{seq}:{len(messages)}"
            times = {"created_at": at, "available_at": at}
            messages.append({"kind": kind, "dedupe_key": key, "payload": {"case": ref, **payload}, **times})
    tx.many(CLEAR_TIMER, [row for row in gone if row["which"] not in timers])
    tx.many(SET_TIMER, list(timers.values()))
    tx.many(INSERT_OUTBOX, messages)


def name_member(tx: Tx, case_id: int, relation: str, staff: str, at: dt.datetime) -> None:
    """Give somebody a relation to a case that one person at a time has."""
    tx.run(REMOVE_MEMBER, {"of_case": case_id, "which": relation})
    tx.run(INSERT_MEMBER, {"case_id": case_id, "staff": staff, "relation": relation, "since": at})


def _message(effect: Effect) -> tuple[str, dict[str, Any]]:
    if isinstance(effect, Tell):
        return "tell", {"who": effect.who, "what": effect.what, "step": effect.id, "urgent": effect.urgent}
    if isinstance(effect, Prepare):
        return "prepare", {"flow": effect.flow, "step": effect.id}
    assert isinstance(effect, Erase)
    return "erase", {}
