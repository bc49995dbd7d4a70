"""Figures for the evaluation, and erasing what the protocol no longer lets us keep."""

from collections import Counter
from typing import Any

import sqlalchemy as sa

from casework import clock, erasure
from casework.automatic import proposals
from casework.automatic.facts import Facts, Filled, facts_of, filled
from casework.automatic.orders import Order
from casework.db import Database
from casework.loading import load
from casework.rows import CASE
from casework.statements import Statement
from models.base import table_of
from models.messages import Message
from protocol.commands import SYSTEM

FIGURES = "figures"
_MESSAGE = table_of(Message)
_p = sa.bindparam
_LEFT = Statement(
    sa.select(_MESSAGE.c.case_id)
    .where(_MESSAGE.c.case_id.in_(sa.select(CASE.c.id).where(CASE.c.erased_at.is_not(None))))
    .distinct()
    .limit(500)
)
_FORGET = Statement(sa.delete(_MESSAGE).where(_MESSAGE.c.case_id == _p("which")))


def figures(facts: Facts, forms: list[Filled]) -> dict[str, Any]:
    """What came of the case in numbers: steps by how they ended, and the conditions each time they were recorded.

    Nothing here is a verdict on the person: it says what the partnership did, and what changed.
    """
    steps = facts.state.steps.values()
    late = sum(1 for one in steps if one.due and one.settled_on and one.status == "done" and one.settled_on > one.due)
    return {
        "steps": dict(sorted(Counter(one.status for one in steps).items())),
        "late": late,
        "held": dict(sorted(Counter(one.step for one in steps if one.outcome == "held").items())),
        "conditions": _recorded_conditions(facts, forms),
    }


def _recorded_conditions(facts: Facts, forms: list[Filled]) -> list[dict[str, Any]]:
    """The state of each track whenever a form recorded it, the oldest first: first visit, release day, six months."""
    found = []
    for form in reversed(forms):
        for value in form.fields.values():
            rows = value if isinstance(value, dict) else {}
            states = {track: row["state"] for track, row in rows.items() if isinstance(row, dict) and "state" in row}
            task = facts.state.steps.get(form.occurrence)
            if states and task is not None:
                on = task.settled_on or facts.calendar.local_day(form.recorded_at)
                found.append({"step": task.step, "on": on.isoformat(), "states": states})
    return found


def prepare(db: Database, order: Order) -> bool:
    """Prepare the evaluation of one case; whether the figures changed."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    return proposals.save(db, facts, order.step, FIGURES, figures(facts, filled(db, facts)))


def erase(db: Database, order: Order) -> bool:
    """Finish an erasure that was decided: the process that began it stopped half-way. Again: nothing more happens."""
    with db.read() as tx:
        case = load(tx, order.case, SYSTEM, lock=False)
    return erasure.erase(db, case.id, SYSTEM, clock.now())


def forget_messages(db: Database) -> int:
    """Remove what people were told about erased cases; how many cases there were."""
    count = 0
    while True:
        with db.write() as tx:
            found = [case for (case,) in tx.all(_LEFT, {})]
            tx.many(_FORGET, [{"which": case} for case in found])
        count += len(found)
        if not found:
            return count
