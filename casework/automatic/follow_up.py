"""After the release: the next meeting opens when it is due, and no open case is left without anything that wakes it."""

import datetime as dt

import sqlalchemy as sa

from casework import timers, transitions
from casework.automatic import deadlines, proposals
from casework.automatic.facts import facts_of
from casework.automatic.orders import Order
from casework.automatic.preparation import SLOTS, is_a_meeting, slots
from casework.automatic.timers_due import WAKE
from casework.db import Database
from casework.errors import NotFound
from casework.rows import CASE, STEP, TIMER
from casework.statements import Statement
from casework.timers import Due
from protocol.commands import SYSTEM, Wake
from protocol.errors import Refused

BATCH = 200
_p = sa.bindparam
_no_timer = ~sa.exists().where(TIMER.c.case_id == CASE.c.id)
_no_step = ~sa.exists().where(STEP.c.case_id == CASE.c.id, STEP.c.is_open)
_ASLEEP = Statement(
    sa.select(CASE.c.id)
    .where(CASE.c.erased_at.is_(None), CASE.c.ended.is_(None), CASE.c.id > _p("after"), sa.or_(_no_timer, _no_step))
    .order_by(CASE.c.id)
    .limit(_p("limit"))
)


def due(db: Database, at: dt.datetime, batch: int = BATCH) -> list[Due]:
    """Cases in which time alone changes something now: the next occurrence of a cadence, the end of a phase."""
    return timers.due(db, at, batch, only=WAKE)


def open_occurrence(db: Database, timer: Due, at: dt.datetime) -> str:
    """Let one case notice the time; the same as the sweep does, once only."""
    return deadlines.fire(db, timer, at)


def asleep(db: Database, after: int = 0, batch: int = BATCH) -> list[int]:
    """Cases that are not ended, in which nothing is open or nothing would ring: something was lost."""
    with db.read() as tx:
        return [case for (case,) in tx.all(_ASLEEP, {"after": after, "limit": batch})]


def wake(db: Database, case: int, at: dt.datetime) -> str:
    """Look at such a case: open what is ready, and set its alarm again."""
    command_id = f"awake:{case}:{at:%Y%m%d%H}"
    try:
        performed = transitions.perform(db, SYSTEM, case, Wake(), command_id, at)
    except (NotFound, Refused):
        return "void"
    if performed.events:
        return "done"
    return "done" if deadlines.restore_wake(db, case, at) else "void"


def wake_all(db: Database, at: dt.datetime) -> int:
    """Every case that is asleep; how many there were."""
    count, after = 0, 0
    while found := asleep(db, after):
        for case in found:
            count += wake(db, case, at) == "done"
        after = found[-1]
    return count


def prepare(db: Database, order: Order) -> bool:
    """Propose moments for a meeting after the release; whether they changed."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open or not is_a_meeting(facts, task):
        return False
    today = facts.calendar.local_day(order.created_at)
    return proposals.save(db, facts, order.step, SLOTS, slots(db, facts, task, today))
