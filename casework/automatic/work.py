"""Which preparation belongs to which flow, and everything that is due, done at once in this process.

The flows serve the same functions batch by batch under Prefect; the demo and the tests call `everything`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable

from casework import outcomes
from casework.automatic import (
    assignment,
    closure,
    deadlines,
    delivery,
    follow_up,
    information,
    meetings,
    notification,
    orders,
    preparation,
    release,
)
from casework.automatic.orders import Order
from casework.db import Database
from casework.settings import LOCAL

PREPARES: dict[str, Callable[[Database, Order], object]] = {
    "notification": notification.prepare,
    "information": information.prepare,
    "assignment": assignment.prepare,
    "preparation": preparation.prepare,
    "release": release.prepare,
    "follow_up": follow_up.prepare,
    "meetings": meetings.prepare,
    "closure": closure.prepare,
}
"""What a step in a protocol file may name as its `flow`."""


def everything(db: Database, at: dt.datetime, *, nightly: bool = False) -> Counter[str]:
    """All that is due at this moment, once. Mail is only addressed, not sent."""
    counts: Counter[str] = Counter()
    counts.update({f"timers_{key}": number for key, number in deadlines.sweep(db, at).items()})
    for flow, prepare in PREPARES.items():
        while waiting := orders.claim(db, "prepare", 100, flow):
            for order in waiting:
                counts[orders.carry_out(db, order, prepare).outcome] += 1
    while waiting := orders.claim(db, "erase", 100):
        for order in waiting:
            counts[f"erase_{orders.carry_out(db, order, closure.erase).outcome}"] += 1
    while told := delivery.address(db, at):
        counts["told"] += told
    if nightly:
        today = at.astimezone(LOCAL).date()
        counts["asleep"] += follow_up.wake_all(db, at)
        counts["agenda"] += meetings.build_all(db, today)["added"]
        counts["shared_ended"] += information.end_sharing(db, at)
        counts["judged"] += outcomes.refresh(db, at)
        closure.forget_messages(db)
    return counts
