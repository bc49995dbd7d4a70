"""The next meeting of each series and its agenda, from the cases that need it; who should sit at a conference."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import protocols
from casework.automatic import proposals
from casework.automatic.facts import Facts, facts_of, step_named
from casework.automatic.orders import Order
from casework.automatic.recipients import Directory
from casework.db import Database
from casework.rows import CASE, STEP
from casework.statements import Statement
from models.base import table_of
from models.meetings import AgendaItem, Meeting
from protocol.advance import form_of
from protocol.language import Meeting as Series
from protocol.language import Protocol, Rule, Step

PREFILL = "prefill"
_MEETING, _ITEM = table_of(Meeting), table_of(AgendaItem)
_p = sa.bindparam
_NEW_MEETING = {"series": _p("series"), "held_on": _p("held_on"), "status": "planned", "attendees": _p("attendees")}
_PLAN = Statement(
    sqlite_insert(_MEETING).values(_NEW_MEETING).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_MEETING).values(_NEW_MEETING).on_conflict_do_nothing(),
)
_WHICH = Statement(
    sa.select(_MEETING.c.id, _MEETING.c.status).where(
        _MEETING.c.series == _p("series"), _MEETING.c.held_on == _p("held_on")
    )
)
_NEEDED = Statement(
    sa.select(CASE.c.id, STEP.c.occurrence, STEP.c.step, CASE.c.protocol, CASE.c.protocol_version)
    .select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))
    .where(STEP.c.is_open, STEP.c.due_on <= _p("held_on"))
    .order_by(STEP.c.due_on, CASE.c.ref)
)
_NEW_ITEM: dict[str, Any] = {name: _p(name) for name in ("meeting_id", "case_id", "occurrence", "position")} | {
    "proposed_by": "system"
}
_ADD = Statement(
    sqlite_insert(_ITEM).values(_NEW_ITEM).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_ITEM).values(_NEW_ITEM).on_conflict_do_nothing(),
)
_ITEMS = Statement(
    sa.select(_ITEM.c.case_id, _ITEM.c.occurrence, _ITEM.c.proposed_by).where(_ITEM.c.meeting_id == _p("meeting"))
)
_REMOVE = Statement(
    sa.delete(_ITEM).where(
        _ITEM.c.meeting_id == _p("of_meeting"), _ITEM.c.case_id == _p("which"), _ITEM.c.occurrence == _p("task")
    )
)


def next_of(series: Series, today: dt.date) -> dt.date:
    """The next fixed meeting on or after today."""
    passed = max(0, -(-(today - series.first).days // series.every_days))
    return series.first + dt.timedelta(days=passed * series.every_days)


def uses(step: Step, series: str) -> bool:
    """Whether a step is held at the meetings of a series."""
    rules: list[Rule | None] = [step.due, step.repeat.cadence if step.repeat else None]
    return any(rule is not None and rule.meeting == series for rule in rules)


def build_all(db: Database, today: dt.date) -> dict[str, int]:
    """Plan the next meeting of every series and bring its agenda up to date."""
    with db.read() as tx:
        newest = protocols.all_newest(tx, db)
    counts = {"meetings": 0, "added": 0, "removed": 0}
    for protocol in newest:
        for key, series in protocol.meetings.items():
            added, removed = build(db, key, next_of(series, today))
            counts["meetings"] += 1
            counts["added"] += added
            counts["removed"] += removed
    return counts


def build(db: Database, series: str, held_on: dt.date) -> tuple[int, int]:
    """Bring one agenda up to date: items that came and items that went. A meeting that was held is left alone.

    The order is by due day and case number, never by person. What a human put on the agenda stays there.
    """
    with db.write() as tx:
        tx.run(_PLAN, {"series": series, "held_on": held_on, "attendees": []})
        found = tx.one(_WHICH, {"series": series, "held_on": held_on})
        assert found is not None
        meeting, status = found
        if status != "planned":
            return 0, 0
        there = {(case, occurrence): by for case, occurrence, by in tx.all(_ITEMS, {"meeting": meeting})}
        needed: list[tuple[int, str]] = []
        for case, occurrence, step, key, version in tx.all(_NEEDED, {"held_on": held_on}):
            protocol: Protocol = protocols.version(tx, db, key, version)
            definition = step_named(protocol, step)
            if definition is not None and uses(definition, series):
                needed.append((case, occurrence))
        new = [item for item in needed if item not in there]
        gone = [item for item, by in there.items() if by == "system" and item not in needed]
        tx.many(
            _ADD,
            [
                {
                    "meeting_id": meeting,
                    "case_id": case,
                    "occurrence": occurrence,
                    "position": needed.index((case, occurrence)),
                }
                for case, occurrence in new
            ],
        )
        tx.many(_REMOVE, [{"of_meeting": meeting, "which": case, "task": occurrence} for case, occurrence in gone])
    return len(new), len(gone)


def attendance(db: Database, facts: Facts, step: Step, day: dt.date) -> list[str]:
    """One present person per seat of the quorum, and the workers of the case."""
    directory = Directory(db, day)
    own = [member for member in (facts.lead, facts.deputy) if member]
    found = dict.fromkeys(own)
    for seat in step.quorum:
        roles = set(seat)
        if any(roles & set(directory.people[member].roles) for member in found if member in directory.people):
            continue
        holders = [member for role in seat for member in directory.holders(role)]
        present = [member for member in holders if member not in directory.absent] or holders
        if present:
            found[present[0]] = None
    return list(found)


def prepare(db: Database, order: Order) -> bool:
    """Propose who sits at the table, where a form asks who was there; whether it changed."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    step = facts.step_of(task)
    field = next((field for field in form_of(step, task).fields if field.type == "staff_list"), None)
    if field is None or not step.quorum:
        return False
    day = task.due or facts.calendar.local_day(order.created_at)
    return proposals.save(db, facts, order.step, PREFILL, {field.key: attendance(db, facts, step, day)})
