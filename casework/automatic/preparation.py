"""A plan to start from, and visiting slots. Everything is proposed: the lead worker and the person decide."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from casework import staff
from casework.automatic import proposals
from casework.automatic.facts import Facts, Filled, facts_of, filled
from casework.automatic.orders import Order
from casework.db import Database
from casework.rows import STEP
from casework.statements import Statement
from protocol.advance import form_of
from protocol.language import FormField
from protocol.state import Occurrence
from protocol.workdays import ONE_DAY

PREFILL, SLOTS = "prefill", "slots"
HOURS = ("10:00", "14:00")
MOST_SLOTS = 6
LOOK_DAYS = 60
SAME_MEANING = {"missing": "to_do", "to_do": "missing"}
"""Words that two forms use for the same state of a condition."""
NOT_WANTED = "not_asked"
NEEDS_SOMEBODY = ("to_do", "under_way")

_p = sa.bindparam
_TAKEN = Statement(
    sa.select(STEP.c.appointment).where(STEP.c.assignee == _p("staff"), STEP.c.is_open, STEP.c.appointment.is_not(None))
)


# --- the plan


def prefill(facts: Facts, task: Occurrence, forms: list[Filled]) -> dict[str, Any]:
    """The fields that follow one list of tracks, each row from the newest form that followed the same list."""
    found = {}
    for field in form_of(facts.step_of(task), task).fields:
        if field.type == "tracks" and field.tracks:
            rows = _rows(facts, field, forms)
            if rows:
                found[field.key] = rows
    return found


def _rows(facts: Facts, field: FormField, forms: list[Filled]) -> dict[str, dict[str, str]]:
    tracks = facts.protocol.tracks[field.tracks or ""]
    choice = next((column for column in field.fields if column.type == "choice"), None)
    if choice is None:
        return {}
    known, unwanted = _last_known(tracks, forms), _unwanted(tracks, forms)
    rows = {}
    for track in tracks:
        value = NOT_WANTED if track in unwanted else known.get(track, "")
        value = value if value in (choice.options or {}) else SAME_MEANING.get(value, "")
        if value in (choice.options or {}):
            rows[track] = {choice.key: value} | _owner(facts, field, value)
    return rows


def _owner(facts: Facts, field: FormField, value: str) -> dict[str, str]:
    column = next((column for column in field.fields if column.type == "staff"), None)
    return {column.key: facts.lead} if column and facts.lead and value in NEEDS_SOMEBODY else {}


def _track_rows(tracks: Any, forms: list[Filled]) -> list[dict[str, dict[str, str]]]:
    """Everything that was recorded about these tracks, the newest first."""
    values = [value for form in forms for value in form.fields.values()]
    return [value for value in values if isinstance(value, dict) and set(value) and set(value) <= set(tracks)]


def _last_known(tracks: Any, forms: list[Filled]) -> dict[str, str]:
    known: dict[str, str] = {}
    for rows in _track_rows(tracks, forms):
        for track, row in rows.items():
            state = row.get("state") or row.get("status")
            if state:
                known.setdefault(track, state)
    return known


def _unwanted(tracks: Any, forms: list[Filled]) -> set[str]:
    """What the person did not choose. Source: protocol, "only the chosen conditions get a plan"."""
    for rows in _track_rows(tracks, forms):
        if any("wanted" in row for row in rows.values()):
            return {track for track in tracks if rows.get(track, {}).get("wanted") != "yes"}
    return set()


# --- slots


def slots(db: Database, facts: Facts, task: Occurrence, today: dt.date) -> list[str]:
    """Moments up to the due day at which the worker is there and has no other appointment: local ISO date-times."""
    worker = task.assignee or facts.lead
    if worker is None or task.due is None:
        return []
    with db.read() as tx:
        taken = {moment for (moment,) in tx.all(_TAKEN, {"staff": worker})}
    away = [(absence.from_on, absence.until_on) for absence in staff.absences(db, worker)]
    found: list[str] = []
    day = today + ONE_DAY
    last = min(task.due, today + dt.timedelta(days=LOOK_DAYS))
    while day <= last and len(found) < MOST_SLOTS:
        if facts.calendar.is_working(day) and not any(first <= day <= until for first, until in away):
            for hour in HOURS:
                if facts.calendar.moment(day, hour) not in taken:
                    found.append(f"{day.isoformat()}T{hour}")
        day += ONE_DAY
    return found[:MOST_SLOTS]


def is_a_meeting(facts: Facts, task: Occurrence) -> bool:
    """Whether people meet in this step: its form asks whether it was held, or how."""
    return any(
        field.key in ("held", "how", "leaflet", "contact") for field in form_of(facts.step_of(task), task).fields
    )


def prepare(db: Database, order: Order) -> bool:
    """Prepare one step of the lead worker; whether anything is new."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    changed = False
    rows = prefill(facts, task, filled(db, facts))
    if rows:
        changed = proposals.save(db, facts, order.step, PREFILL, rows)
    if is_a_meeting(facts, task):
        moments = slots(db, facts, task, facts.calendar.local_day(order.created_at))
        changed = proposals.save(db, facts, order.step, SLOTS, moments) or changed
    return changed
