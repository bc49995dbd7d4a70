"""How much work everybody has, in points against the hours they work. About the workers' time, never about a person.

Source: domain, "workload in points, pro-rated to contracted hours, minus dated absences".
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from casework import clock, protocols, read_log, staff
from casework.automatic import proposals
from casework.automatic.assignment import AHEAD, KIND, ROLE, Workload, capacity
from casework.automatic.facts import facts_of
from casework.case_lists import must_see_every_case
from casework.db import Database
from casework.lists import Task, task_rows
from casework.rows import CASE, STEP
from casework.statements import Statement
from models.people import Absence
from protocol.commands import Actor

MOST_UNASSIGNED = 50
_p = sa.bindparam
_ROW = sa.select(
    CASE.c.ref, STEP.c.case_id, STEP.c.occurrence, STEP.c.step, STEP.c.n, STEP.c.status, STEP.c.due_on, STEP.c.due_at,
    STEP.c.role, STEP.c.assignee, STEP.c.rung, STEP.c.appointment, CASE.c.protocol, CASE.c.protocol_version,
).select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))  # fmt: skip
_WAITING = Statement(
    _ROW.where(STEP.c.is_open, STEP.c.assignee.is_(None), STEP.c.role == _p("role"), STEP.c.step == _p("which"))
    .order_by(STEP.c.due_at, STEP.c.case_id)
    .limit(MOST_UNASSIGNED)
)
_LEADS = Statement(
    sa.select(CASE.c.lead, sa.func.count()).where(CASE.c.is_open, CASE.c.lead.is_not(None)).group_by(CASE.c.lead)
)
_DEPUTIES = Statement(
    sa.select(CASE.c.deputy, sa.func.count()).where(CASE.c.is_open, CASE.c.deputy.is_not(None)).group_by(CASE.c.deputy)
)


@dataclass(frozen=True)
class Load:
    """One worker: points of work against the points that the hours of the coming 28 days allow."""

    staff: str
    name: str
    hours: float
    points: float
    capacity: float
    leads: int
    deputies: int
    absences: tuple[Absence, ...]
    """those within the coming 28 days"""


@dataclass(frozen=True)
class Unassigned:
    """A case that waits for a lead worker, with what the automatic half proposed."""

    task: Task
    proposed: list[dict[str, Any]]
    """staff, reasons, points, capacity; the best placed first. The coordinator decides"""


def loads(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[Load]:
    """Everybody who can be lead worker, by name: the order says nothing about anybody. Raises NotAllowed."""
    at = at or clock.now()
    with db.read() as tx:
        must_see_every_case(tx, db, actor)
        calendar = protocols.calendar(tx, db, protocols.newest(tx, db, protocols.DEFAULT))
        leads: dict[str, int] = dict(tx.all(_LEADS, {}))
        deputies: dict[str, int] = dict(tx.all(_DEPUTIES, {}))
    today = calendar.local_day(at)
    work = Workload(db, today)
    found = []
    for member in staff.everybody(db, ROLE):
        near = tuple(a for a in work.absences(member.id) if a.until_on >= today and a.from_on < today + AHEAD)
        able = capacity(member.hours_per_week, near, today, calendar)
        counts = (leads.get(member.id, 0), deputies.get(member.id, 0))
        found.append(
            Load(member.id, member.name, member.hours_per_week, work.points(member.id), able, *counts, absences=near)
        )
    return sorted(found, key=lambda one: one.name)


def unassigned(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[Unassigned]:
    """The cases whose assignment is open, the first due first, with proposals and reasons. Raises NotAllowed."""
    at = at or clock.now()
    with db.write() as tx:
        why = must_see_every_case(tx, db, actor)
        rows = []
        for protocol in protocols.all_in_force(tx, db):
            for key, step in protocol.steps.items():
                if step.flow == "assignment":
                    rows += tx.all(_WAITING, {"role": step.owner, "which": key})
        rows = sorted(set(rows), key=lambda row: (row[7], row[1]))[:MOST_UNASSIGNED]
        tasks = task_rows(tx, db, rows, at)
        read_log.note(tx, actor, None, "unassigned", why, at, [task.ref for task in tasks])
    found = []
    for task in tasks:
        read = proposals.read(db, facts_of(db, task.case_id), task.id, KIND) or {}
        found.append(Unassigned(task, list(read.get("proposed", ()))))
    return found
