"""What the person concerned gets on paper: the plan as it was last agreed, and the leaflet on their rights.

The plan is for those who see it anyway; making it is in the read log. Nothing is stored.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from casework import clock, reading, staff
from casework.automatic.facts import Filled, facts_of, filled
from casework.automatic.preparation import is_a_meeting
from casework.db import Database
from casework.errors import NotAllowed
from casework.people import Details
from casework.reading import CaseView
from models.people import Staff
from protocol.advance import form_of
from protocol.commands import Actor
from protocol.language import FormField, Text
from protocol.state import Occurrence

PLAN = "social_plan"


@dataclass(frozen=True)
class Agreed:
    """One line of the plan: the track, and what was written in its columns."""

    track: Text
    columns: tuple[FormField, ...]
    row: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """The plan of one person, to be printed. `meetings`: what is to come with the lead worker, the first one first."""

    case: CaseView = field(repr=False)
    person: Details | None = field(repr=False)
    agreed_on: dt.date | None
    """None: there is no plan yet"""
    lines: list[Agreed] = field(repr=False)
    meetings: list[Occurrence]
    lead: Staff | None


def plan_of(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> Plan:
    """Raises NotFound, NotAllowed for who does not see the plan, and Refused for a case that was erased."""
    at = at or clock.now()
    case = reading.case_for(db, actor, ref, at)
    sees = case.sees.get(PLAN)
    if sees is None or not sees.allowed:
        raise NotAllowed(sees.reason if sees else "this protocol has no plan")
    facts = facts_of(db, ref)
    form, lines = _agreed(case, filled(db, facts))
    task = case.state.steps.get(form.occurrence) if form else None
    today = case.calendar.local_day(at)
    meetings = [each for each in case.state.steps.values() if each.open and is_a_meeting(facts, each)]
    meetings.sort(key=lambda each: (_day(each, case) or dt.date.max, each.id))
    return Plan(
        case, case.person, (task.settled_on if task else None) or (today if lines else None), lines, meetings,
        staff.find(db, case.lead) if case.lead else None,
    )  # fmt: skip


def _day(each: Occurrence, case: CaseView) -> dt.date | None:
    return case.calendar.local_day(each.appointment) if each.appointment else each.due


def _agreed(case: CaseView, forms: list[Filled]) -> tuple[Filled | None, list[Agreed]]:
    """The newest form that says per track who sees to it: that is the plan, whatever its step is called."""
    for form in forms:
        occurrence = case.state.steps.get(form.occurrence)
        if occurrence is None or occurrence.status != "done":
            continue
        step = case.protocol.steps.get(occurrence.step)
        for asked in form_of(step, occurrence).fields if step else ():
            rows = form.fields.get(asked.key)
            if asked.type == "tracks" and any(column.type == "staff" for column in asked.fields) and rows:
                tracks = case.protocol.tracks[asked.tracks or ""]
                return form, [
                    Agreed(tracks[key], asked.fields, dict(row)) for key, row in rows.items() if key in tracks
                ]
    return None, []
