"""The sweep: a due timer becomes a command, performed as everybody's commands are, by the system.

The command id follows from the timer and its moment, so a sweep that is killed half-way and done again, or two sweeps
at once, have one effect.
"""

import datetime as dt
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, timers, transitions
from casework.automatic import timers_due
from casework.automatic.facts import facts_of
from casework.automatic.timers_due import ESCALATE, WAKE, kind_of, occurrence_of
from casework.db import Database
from casework.errors import NotFound
from casework.statements import Statement
from casework.timers import Due
from models.base import table_of
from models.cases import ReleaseCase, Step
from models.messages import Message
from protocol.commands import SYSTEM, Acknowledge, Actor, Command, Escalate, ReportEvent, Wake
from protocol.errors import Refused
from protocol.escalation import chain_of
from protocol.language import Chain
from protocol.outside import wake_at
from protocol.run import Run
from protocol.workdays import WorkCalendar

BATCH = 200
UNACKNOWLEDGED = "unacknowledged"
BETWEEN_RUNGS = dt.timedelta(hours=4)


def command_id(timer: Due) -> str:
    """The same for the same timer at the same moment, whoever sweeps and however often."""
    words = f"{timer.case_id}|{timer.key}|{int(timer.at.timestamp())}|{timer.rung}"
    return "timer:" + sha256(words.encode()).hexdigest()[:40]


def fire(db: Database, timer: Due, at: dt.datetime) -> str:
    """Perform what a timer asks for: `done`, `void` (there was nothing to do any more) or `later` (it failed)."""
    try:
        outcome = _unacknowledged(db, timer, at) if kind_of(timer) == UNACKNOWLEDGED else _perform(db, timer, at)
    except (NotFound, Refused):
        outcome = "void"
    except Exception:
        timers_due.later(db, timer)
        return "later"
    # A transition that set this timer anew gave it another moment: only the one that rang is dropped.
    timers.settle(db, timer)
    if outcome == "void" and kind_of(timer) == WAKE:
        restore_wake(db, timer.case_id, at)
    return outcome


def restore_wake(db: Database, case: int | str, at: dt.datetime) -> bool:
    """Set the case's alarm for the next moment at which time alone changes something. False: there is none."""
    try:
        facts = facts_of(db, case)
    except (NotFound, Refused):
        return False
    moment = wake_at(Run(facts.protocol, facts.state, facts.calendar, at, SYSTEM))
    if moment is None or moment <= at:
        return False
    timers_due.set_timer(db, facts.id, WAKE, moment)
    return True


def _perform(db: Database, timer: Due, at: dt.datetime) -> str:
    escalates = kind_of(timer) == ESCALATE
    command: Command = Escalate(id=occurrence_of(timer), rung=timer.rung) if escalates else Wake()
    performed = transitions.perform(db, SYSTEM, timer.case_id, command, command_id(timer), at)
    if escalates and any(event.kind == "escalated" and event.urgent for event in performed.events):
        _ask_for_acknowledgement(db, timer, at)
    return "done" if performed.events else "void"


# --- calls that nobody acknowledged


def _ask_for_acknowledgement(db: Database, timer: Due, at: dt.datetime) -> None:
    """After the last call, somebody must have acknowledged within the time between two calls."""
    facts = facts_of(db, timer.case_id)
    task = facts.state.steps[occurrence_of(timer)]
    chain = chain_of(facts.protocol, facts.step_of(task), task)
    if chain is None or chain.unacknowledged is None or task.acknowledged_by:
        return
    if task.escalated >= len(chain.rungs) - 1:
        moment = within_calling_hours(chain, at + BETWEEN_RUNGS, facts.calendar)
        timers_due.set_timer(db, timer.case_id, f"{UNACKNOWLEDGED}:{occurrence_of(timer)}", moment)


def within_calling_hours(chain: Chain, at: dt.datetime, calendar: WorkCalendar) -> dt.datetime:
    """ "Calls 08:00–20:00 only": what falls in the night waits for the morning."""
    if chain.calls_from is None or chain.calls_until is None:
        return at
    local = at.astimezone(calendar.zone)
    hour, day = local.strftime("%H:%M"), local.date()
    if chain.calls_from <= hour <= chain.calls_until:
        return at
    return calendar.moment(day if hour < chain.calls_from else day + dt.timedelta(days=1), chain.calls_from)


def _unacknowledged(db: Database, timer: Due, at: dt.datetime) -> str:
    facts = facts_of(db, timer.case_id)
    task = facts.state.steps.get(occurrence_of(timer))
    if task is None or not task.open or task.acknowledged_by:
        return "void"
    chain = chain_of(facts.protocol, facts.step_of(task), task)
    if chain is None or chain.unacknowledged is None:
        return "void"
    command = ReportEvent(event=chain.unacknowledged, occurred_on=facts.calendar.local_day(at))
    transitions.perform(db, SYSTEM, timer.case_id, command, command_id(timer), at)
    return "done"


def sweep(db: Database, at: dt.datetime | None = None, batch: int = BATCH) -> dict[str, int]:
    """Everything that is due now, batch after batch, in this process."""
    moment = at or clock.now()
    counts = {"done": 0, "void": 0, "later": 0}
    while found := timers.due(db, moment, batch):
        for timer in found:
            counts[fire(db, timer, moment)] += 1
    return counts


# --- phone now

_MESSAGE, _CASE, _STEP = table_of(Message), table_of(ReleaseCase), table_of(Step)
_p = sa.bindparam
_PHONE = Statement(
    sa.select(_MESSAGE.c.id, _CASE.c.ref, _MESSAGE.c.occurrence, _MESSAGE.c.created_at)
    .select_from(
        _MESSAGE.join(_CASE, _CASE.c.id == _MESSAGE.c.case_id).join(
            _STEP, (_STEP.c.case_id == _MESSAGE.c.case_id) & (_STEP.c.occurrence == _MESSAGE.c.occurrence)
        )
    )
    .where(_MESSAGE.c.staff == _p("staff"), _MESSAGE.c.urgent, _MESSAGE.c.acknowledged_at.is_(None), _STEP.c.is_open)
    .order_by(_MESSAGE.c.created_at)
)
_MINE = Statement(
    sa.select(_MESSAGE.c.case_id, _MESSAGE.c.occurrence).where(
        _MESSAGE.c.id == _p("which"), _MESSAGE.c.staff == _p("staff"), _MESSAGE.c.urgent
    )
)
_ACKNOWLEDGED = Statement(
    sa.update(_MESSAGE)
    .where(
        _MESSAGE.c.case_id == _p("of_case"),
        _MESSAGE.c.occurrence == _p("which"),
        _MESSAGE.c.urgent,
        _MESSAGE.c.acknowledged_at.is_(None),
    )
    .values(acknowledged_at=_p("at"))
)


class PhoneNow(NamedTuple):
    """An urgent call that waits to be acknowledged by its reader."""

    message: int
    case: str
    occurrence: str
    since: dt.datetime


def phone_now(db: Database, staff: str) -> list[PhoneNow]:
    """The "phone now" tasks of one member of staff, the oldest first, until they are settled or acknowledged."""
    with db.read() as tx:
        return [PhoneNow(*row) for row in tx.all(_PHONE, {"staff": staff})]


def acknowledge(db: Database, actor: Actor, message: int, at: dt.datetime | None = None) -> None:
    """Acknowledge an urgent call: the chain stops here. Raises NotFound for somebody else's message."""
    moment = at or clock.now()
    with db.read() as tx:
        row = tx.one(_MINE, {"which": message, "staff": actor.id})
    if row is None:
        raise NotFound
    case_id, occurrence = row
    transitions.perform(db, actor, case_id, Acknowledge(id=occurrence), f"acknowledge:{message}", moment)
    with db.write() as tx:
        tx.run(_ACKNOWLEDGED, {"of_case": case_id, "which": occurrence, "at": moment})


def delay(db: Database, at: dt.datetime | None = None) -> tuple[int, int]:
    """How many timers are due and how many seconds the oldest waits: what a page says when the sweep is late."""
    moment = at or clock.now()
    count, since = timers_due.overdue(db, moment)
    return count, int((moment - since).total_seconds()) if since else 0
