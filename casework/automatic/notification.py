"""Checks of an announced release: what is missing, what cannot be right, and whether the person was known before."""

import datetime as dt
from typing import Any

from casework.automatic import proposals
from casework.automatic.assignment import knew_before
from casework.automatic.facts import Facts, facts_of
from casework.automatic.orders import Order
from casework.automatic.people_known import earlier_cases
from casework.db import Database

CHECKS, PREFILL = "checks", "prefill"


def missing(facts: Facts) -> list[str]:
    """What the notification does not say yet, as keys that the pages put into words."""
    state = facts.state
    planned, released = state.anchors.get("planned_release"), state.anchors.get("actual_release")
    found = []
    if planned is None and released is None:
        found.append("planned_release")
    if state.conditions == "unknown":
        found.append("conditions")
    if planned is not None and planned.certainty == "unconfirmed":
        found.append("confirmation_of_the_date")
    if not facts.prison:
        found.append("prison")
    return found


def doubts(facts: Facts, today: dt.date) -> list[str]:
    """What cannot well be right and is asked back: a date on a Sunday or a holiday, a date that has passed."""
    planned = facts.anchor("planned_release")
    found = []
    if planned is not None and facts.anchor("actual_release") is None:
        if planned < today:
            found.append("planned_release_has_passed")
        elif not facts.calendar.is_working(planned, rota=True):
            found.append("planned_release_is_no_working_day")
    return found


def prefilled(facts: Facts) -> dict[str, Any]:
    """What the form of the step can take over from the notification itself."""
    planned = facts.state.anchors.get("planned_release")
    found: dict[str, Any] = {
        "prison": facts.prison,
        "release_type": facts.state.release_type,
        "conditions": facts.state.conditions,
        "planned_release": planned.on.isoformat() if planned else None,
        "certainty": planned.certainty if planned else "unconfirmed",
    }
    return {key: value for key, value in found.items() if value}


def prepare(db: Database, order: Order) -> bool:
    """Check the notification of one case; whether anything is new."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    known, _ = knew_before(db, facts)
    checks = {
        "missing": missing(facts),
        "doubts": doubts(facts, facts.calendar.local_day(order.created_at)),
        "earlier_cases": earlier_cases(db, facts),
        "who_knew": sorted(known),
    }
    changed = proposals.save(db, facts, order.step, CHECKS, checks)
    form = {field.key for field in facts.step_of(task).form.fields}
    fitting = {key: value for key, value in prefilled(facts).items() if key in form}
    return (bool(fitting) and proposals.save(db, facts, order.step, PREFILL, fitting)) or changed
