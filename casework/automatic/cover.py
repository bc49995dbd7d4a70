"""Tasks of absent colleagues: the first present substitute takes what falls due while somebody is away.

Source: protocol, "Four eyes": "A recorded absence passes the task to the first present substitute that keeps two
services; none present: E." A task that was passed on does not come back by itself.
"""

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework import staff, transitions
from casework.automatic.facts import facts_of
from casework.automatic.recipients import Directory
from casework.db import Database
from casework.errors import NotFound
from casework.rows import CASE, STEP
from casework.statements import Statement
from protocol.commands import SYSTEM, AssignStep
from protocol.errors import Refused

_p = sa.bindparam
_DUE = Statement(
    sa.select(STEP.c.case_id, STEP.c.occurrence, STEP.c.role, STEP.c.assignee, STEP.c.due_on)
    .select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))
    .where(STEP.c.is_open, STEP.c.due_on <= _p("last"), CASE.c.erased_at.is_(None))
    .order_by(STEP.c.due_at, STEP.c.case_id)
)


class Uncovered(NamedTuple):
    """A task that falls due while everybody whose task it is, is away."""

    case_id: int
    occurrence: str
    role: str
    absent: str


def away_until(db: Database, today: dt.date) -> dict[str, dt.date]:
    """Who is away today, and until which day at the latest."""
    found: dict[str, dt.date] = {}
    for absence in staff.absences(db):
        if absence.from_on <= today <= absence.until_on:
            found[absence.staff] = max(absence.until_on, found.get(absence.staff, today))
    return found


def uncovered(db: Database, today: dt.date) -> list[Uncovered]:
    away = away_until(db, today)
    if not away:
        return []
    directory = Directory(db, today)
    with db.read() as tx:
        rows = tx.all(_DUE, {"last": max(away.values())})
    found = []
    for case_id, occurrence, role, assignee, due_on in rows:
        owners = [assignee] if assignee else directory.holders(role)
        if owners and all(owner in away and due_on <= away[owner] for owner in owners):
            found.append(Uncovered(case_id, occurrence, role, owners[0]))
    return found


def pass_on(db: Database, task: Uncovered, today: dt.date, at: dt.datetime) -> bool:
    """Give one task to the first present substitute; False: there is none, and escalation goes its way."""
    try:
        facts = facts_of(db, task.case_id)
        found = facts.state.steps[task.occurrence]
        other_than = found.proposed_service if found.status == "proposed" and found.proposed_service else ""
        member = staff.substitute_for(db, task.absent, task.role, today, other_than)
        taker = member.id if member else _deputy(db, facts.deputy, task, today)
        if taker is None:
            return False
        command_id = f"cover:{task.case_id}:{task.occurrence}:{taker}:{today:%y%m%d}"[:80]
        command = AssignStep(id=task.occurrence, staff=taker)
        return bool(transitions.perform(db, SYSTEM, task.case_id, command, command_id, at).events)
    except (NotFound, Refused, KeyError):
        return False


def _deputy(db: Database, deputy: str | None, task: Uncovered, today: dt.date) -> str | None:
    """The deputy of the case stands in for its lead worker."""
    present = deputy is not None and deputy != task.absent and deputy not in staff.away(db, today)
    return deputy if present and task.role == "lead_worker" else None


def cover_absences(db: Database, today: dt.date, at: dt.datetime) -> int:
    """Every task that nobody would do; how many found somebody."""
    return sum(pass_on(db, task, today, at) for task in uncovered(db, today))
