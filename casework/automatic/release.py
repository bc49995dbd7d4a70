"""The releases of a day, and the phone list of those on duty."""

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework.automatic import proposals
from casework.automatic.facts import facts_of
from casework.automatic.orders import Order
from casework.automatic.preparation import SLOTS, is_a_meeting, slots
from casework.automatic.recipients import Directory
from casework.db import Database
from casework.rows import CASE, STEP
from casework.statements import Statement

PHONE_LIST = "phone_list"
_p = sa.bindparam
_OF_THE_DAY = Statement(
    sa.select(CASE.c.id, CASE.c.ref, STEP.c.occurrence, STEP.c.due_at, CASE.c.certainty)
    .select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))
    .where(STEP.c.is_open, STEP.c.due_on == _p("day"), STEP.c.role == "liaison")
    .order_by(STEP.c.due_at, CASE.c.ref)
)


class ToConfirm(NamedTuple):
    """A release to be confirmed on a day."""

    case_id: int
    case: str
    occurrence: str
    due_at: dt.datetime
    certainty: str | None


def to_confirm(db: Database, day: dt.date) -> list[ToConfirm]:
    """What the liaisons confirm on this day, by the hour. Whoever shows it has asked `visibility` per case."""
    with db.read() as tx:
        return [ToConfirm(*row) for row in tx.all(_OF_THE_DAY, {"day": day})]


def renew_phone_list(db: Database, case: int | str, occurrence: str, day: dt.date) -> bool:
    """Who is phoned, in this order, if the release of that day is not confirmed; whether the list changed."""
    facts = facts_of(db, case)
    rota = Directory(db, day).on_duty(facts)
    return proposals.save(db, facts, occurrence, PHONE_LIST, rota)


def prepare_day(db: Database, day: dt.date) -> dict[str, int]:
    """Renew the phone list of every release of the day: absences may have been recorded since."""
    found = to_confirm(db, day)
    changed = sum(renew_phone_list(db, one.case_id, one.occurrence, day) for one in found)
    return {"releases": len(found), "changed": changed}


def prepare(db: Database, order: Order) -> bool:
    """Prepare one step around the release; whether anything is new."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    today = facts.calendar.local_day(order.created_at)
    changed = renew_phone_list(db, facts.id, order.step, task.due or today)
    if is_a_meeting(facts, task):
        changed = proposals.save(db, facts, order.step, SLOTS, slots(db, facts, task, today)) or changed
    return changed
