"""Telling people: outbox rows become messages in the application at once, and mail when it is time.

Grouped per person on Monday 09:00 Brussels. At once only what cannot wait until then: urgent or late work, and work
that is due before that Monday. Everything of one person that is due goes in one mail.
"""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework.automatic import orders
from casework.automatic.facts import Facts, facts_of
from casework.automatic.orders import Order
from casework.automatic.recipients import Directory, recipients
from casework.db import Database
from casework.errors import NotFound
from casework.settings import LOCAL
from casework.statements import Statement
from models.base import table_of
from models.messages import Message
from protocol.errors import Refused

BATCH = 200
GROUPED_AT = dt.time(9)
MONDAY = 0
CANNOT_WAIT = frozenset(
    {"late", "taken_over", "urgent_news", "disputed", "lifted", "corrected", "erased", "unusual_reading"}
)
WORK = frozenset({"opened", "moved", "second", "assigned", "reminder"})
"""messages that ask for work: they do not wait beyond its due day"""

_MESSAGE = table_of(Message)
_p = sa.bindparam
_ROW = {
    name: _p(name)
    for name in ("dedupe_key", "staff", "case_id", "occurrence", "what", "urgent", "created_at", "send_at")
} | {"attempts": 0, "dead": False, "fault": ""}
_INSERT = Statement(
    sqlite_insert(_MESSAGE).values(_ROW).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_MESSAGE).values(_ROW).on_conflict_do_nothing(),
)


class Addressed(NamedTuple):
    """One message for one person, not yet stored."""

    staff: str
    case_id: int
    occurrence: str
    what: str
    urgent: bool
    send_at: dt.datetime


def next_grouped(at: dt.datetime) -> dt.datetime:
    """The next Monday 09:00 in Brussels, in UTC; exactly then, it is this one."""
    local = at.astimezone(LOCAL)
    day = local.date() + dt.timedelta(days=(MONDAY - local.weekday()) % 7)
    moment = dt.datetime.combine(day, GROUPED_AT, LOCAL)
    if moment < local:
        moment = dt.datetime.combine(day + dt.timedelta(days=7), GROUPED_AT, LOCAL)
    return moment.astimezone(dt.UTC)


def send_at(facts: Facts, what: str, occurrence: str, urgent: bool, at: dt.datetime) -> dt.datetime:
    """When a message goes out by mail."""
    monday = next_grouped(at)
    if urgent or what in CANNOT_WAIT:
        return at
    task = facts.state.steps.get(occurrence)
    if what in WORK and task is not None and task.open and task.due is not None:
        return at if facts.calendar.moment(task.due, task.at) < monday else monday
    return monday


def address(db: Database, at: dt.datetime, batch: int = BATCH) -> int:
    """Turn outbox rows into messages for the people they mean; how many messages there are now more.

    The messages and the settled rows are one transaction, so this needs no lease and can be killed at any point.
    """
    with db.read() as tx:
        waiting = orders.due_now(tx, "tell", batch)
    if not waiting:
        return 0
    directory = Directory(db, at.astimezone(LOCAL).date())
    known: dict[str, Facts | None] = {}
    addressed = [(order, _for_order(db, directory, known, order, at)) for order in waiting]
    return _store(db, addressed, at)


def _for_order(
    db: Database, directory: Directory, known: dict[str, Facts | None], order: Order, at: dt.datetime
) -> list[Addressed]:
    if order.case not in known:
        try:
            known[order.case] = facts_of(db, order.case)
        except (NotFound, Refused):
            known[order.case] = None  # erased meanwhile: there is nothing to tell any more
    facts = known[order.case]
    if facts is None:
        return []
    who, what = str(order.payload["who"]), str(order.payload["what"])
    urgent = bool(order.payload.get("urgent"))
    moment = send_at(facts, what, order.step, urgent, at)
    step = "" if what == "handled" else order.step  # "notifier: handled", and nothing else
    people = recipients(db, directory, facts, who, order.step)
    return [Addressed(member, facts.id, step, what, urgent, moment) for member in people]


def _store(db: Database, addressed: Iterable[tuple[Order, list[Addressed]]], at: dt.datetime) -> int:
    stored = 0
    with db.write() as tx:
        for order, messages in addressed:
            rows = [
                {**message._asdict(), "dedupe_key": f"{order.key}:{message.staff}", "created_at": at}
                for message in messages
            ]
            tx.many(_INSERT, rows)
            orders.settle(tx, order.id, "" if rows else "nobody")
            stored += len(rows)
    return stored
