"""Who could be lead worker: a proposal with reasons. The coordinator decides.

The order is about the workers and their time, never about the person concerned: who knew the person before first,
then who speaks the language, then the lowest load for the hours worked. Source: domain, "the recommender" and
"workload in points, pro-rated to contracted hours, minus dated absences".
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import staff
from casework.automatic import proposals
from casework.automatic.facts import Facts, facts_of
from casework.automatic.orders import Order
from casework.automatic.people_known import language_of
from casework.db import Database
from casework.loading import CONFLICT
from casework.statements import Statement
from models.base import table_of
from models.cases import CaseMember, ReleaseCase, Step
from models.people import Absence, Staff
from protocol.workdays import ONE_DAY, WorkCalendar

ROLE = "lead_worker"
KIND = "lead_workers"

FULL_WEEK_HOURS = 38.0
FULL_POINTS = 20.0
"""what somebody who works full time can carry"""
LEAD_POINTS, DEPUTY_POINTS, TASK_POINTS = 2.0, 0.5, 0.5
AHEAD = dt.timedelta(days=28)
"""absences and tasks within these calendar days count"""
SHOWN = 5

_CASE, _MEMBER, _STEP = table_of(ReleaseCase), table_of(CaseMember), table_of(Step)
_p = sa.bindparam


def _open_where(column: Any) -> Statement:
    """Open cases per member of staff in this column."""
    query = sa.select(column, sa.func.count()).where(_CASE.c.is_open, column.is_not(None))
    return Statement(query.group_by(column))


_LEADS, _DEPUTIES = _open_where(_CASE.c.lead), _open_where(_CASE.c.deputy)
_TASKS = Statement(
    sa.select(_STEP.c.assignee, sa.func.count())
    .where(_STEP.c.is_open, _STEP.c.assignee.is_not(None), _STEP.c.due_at <= _p("until"))
    .group_by(_STEP.c.assignee)
)
_EARLIER = Statement(
    sa.select(_CASE.c.lead, _CASE.c.deputy, _CASE.c.id).where(
        _CASE.c.person_id == _p("person"), _CASE.c.id != _p("case"), _CASE.c.person_id.is_not(None)
    )
)
_EARLIER_MEMBERS = Statement(
    sa.select(_MEMBER.c.staff, _MEMBER.c.relation)
    .select_from(_MEMBER.join(_CASE, _CASE.c.id == _MEMBER.c.case_id))
    .where(_CASE.c.person_id == _p("person"), _CASE.c.person_id.is_not(None))
)


class Candidate(NamedTuple):
    """A possible lead worker. `points` against `capacity` is about the worker's time."""

    staff: str
    knew_before: bool
    speaks: bool
    points: float
    capacity: float
    away_on_due_day: bool

    @property
    def load(self) -> float:
        return self.points / self.capacity if self.capacity > 0 else float("inf")


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Who knew the person before first, then the language, then the lowest load."""
    return sorted(
        candidates, key=lambda one: (one.away_on_due_day, not one.knew_before, not one.speaks, one.load, one.staff)
    )


def capacity(hours: float, absences: Iterable[Absence], today: dt.date, calendar: WorkCalendar) -> float:
    """Points that somebody can carry: contracted hours, minus the working days that they are away."""
    days = [today + n * ONE_DAY for n in range(AHEAD.days)]
    working = [day for day in days if calendar.is_working(day)]
    away = {day for absence in absences for day in working if absence.from_on <= day <= absence.until_on}
    present = (len(working) - len(away)) / len(working) if working else 0.0
    return round(FULL_POINTS * hours / FULL_WEEK_HOURS * present, 1)


class Workload:
    """The points of everybody, counted once for a batch."""

    def __init__(self, db: Database, today: dt.date) -> None:
        until = dt.datetime.combine(today + AHEAD, dt.time(), dt.UTC)
        with db.read() as tx:
            self._leads: dict[str, int] = dict(tx.all(_LEADS, {}))
            self._deputies: dict[str, int] = dict(tx.all(_DEPUTIES, {}))
            self._tasks: dict[str, int] = dict(tx.all(_TASKS, {"until": until}))
        self._absences: dict[str, list[Absence]] = {}
        for absence in staff.absences(db):
            self._absences.setdefault(absence.staff, []).append(absence)

    def points(self, member: str) -> float:
        counted = ((self._leads, LEAD_POINTS), (self._deputies, DEPUTY_POINTS), (self._tasks, TASK_POINTS))
        return sum(float(counts.get(member, 0)) * each for counts, each in counted)

    def absences(self, member: str) -> list[Absence]:
        return self._absences.get(member, [])

    def away_on(self, member: str, day: dt.date) -> bool:
        return any(absence.from_on <= day <= absence.until_on for absence in self.absences(member))


def knew_before(db: Database, facts: Facts) -> tuple[frozenset[str], frozenset[str]]:
    """Who worked for this person in an earlier case, and who may not work for them."""
    if facts.person_id is None:
        return frozenset(), frozenset(facts.related(CONFLICT))
    with db.read() as tx:
        cases = tx.all(_EARLIER, {"person": facts.person_id, "case": facts.id})
        members = tx.all(_EARLIER_MEMBERS, {"person": facts.person_id})
    known = {member for lead, deputy, _ in cases for member in (lead, deputy) if member}
    known |= {member for member, relation in members if relation in ("lead", "deputy")} - {facts.lead, facts.deputy}
    return frozenset(known - {None}), frozenset(member for member, relation in members if relation == CONFLICT)


def candidates(
    db: Database, facts: Facts, today: dt.date, due: dt.date | None
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """Those who could, in order; and those who are left out, with the reason."""
    work, (known, conflicts) = Workload(db, today), knew_before(db, facts)
    language = language_of(db, facts)
    found, left_out = [], []
    for member in staff.everybody(db, ROLE):
        if member.id in conflicts:
            left_out.append((member.id, "conflict_of_interest"))
            continue
        able = capacity(member.hours_per_week, work.absences(member.id), today, facts.calendar)
        if able <= 0:
            left_out.append((member.id, "away"))
            continue
        away = due is not None and work.away_on(member.id, due)
        found.append(
            Candidate(member.id, member.id in known, _speaks(member, language), work.points(member.id), able, away)
        )
    return in_order(found), left_out


def _speaks(member: Staff, language: str | None) -> bool:
    return language is not None and language in {member.language, *member.languages}


def reasons(candidate: Candidate) -> list[str]:
    """Why somebody is proposed, as keys that the pages put into words."""
    given = (
        (candidate.knew_before, "knew_the_person"),
        (candidate.speaks, "speaks_the_language"),
        (candidate.load < 0.5, "has_room"),
        (candidate.load > 1, "is_full"),
        (candidate.away_on_due_day, "away_on_the_due_day"),
    )
    return [key for holds, key in given if holds]


def prepare(db: Database, order: Order) -> bool:
    """Propose lead workers for one step; whether the proposal is new or changed."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    today = facts.calendar.local_day(order.created_at)
    found, left_out = candidates(db, facts, today, task.due)
    content = {
        "proposed": [
            {"staff": one.staff, "reasons": reasons(one), "points": one.points, "capacity": one.capacity}
            for one in found[:SHOWN]
        ],
        "left_out": [{"staff": member, "reason": reason} for member, reason in left_out],
    }
    return proposals.save(db, facts, order.step, KIND, content)
