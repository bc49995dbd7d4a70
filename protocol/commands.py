"""What people, and the passing of time, ask of a case. `advance` turns a command into events, or refuses it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from protocol.state import Frozen


class Actor(Frozen):
    """Who acts: an opaque staff id, the roles held now, the service worked for."""

    id: str
    roles: tuple[str, ...] = ()
    """the roles held now, and those of absent colleagues this person stands in for"""
    service: str = ""
    stands_for: tuple[tuple[str, str], ...] = ()
    """(staff id, role) of colleagues who are away today: their work and their access are this person's meanwhile"""
    deputises: tuple[str, ...] = ()
    """lead workers who are away today without a present substitute: in their cases the deputy does their work"""

    def does_work_of(self, staff: str | None, relation: frozenset[str] = frozenset()) -> bool:
        """Whether the work of this member of staff is the acting person's: it is their own, or they stand in."""
        if staff is None:
            return False
        if staff == self.id or any(staff == absent for absent, _ in self.stands_for):
            return True
        return staff in self.deputises and "deputy" in relation


SYSTEM = Actor(id="system", roles=("system",), service="system")


class OpenCase(Frozen):
    kind: Literal["open_case"] = "open_case"
    release_type: str
    notified_at: dt.datetime
    """aware; the cut-off hour and non-working days shift N"""
    conditions: str = "unknown"
    anchors: dict[str, dt.date] = {}
    """planned_release, actual_release, planned_return … as far as known"""
    certainty: str = "confirmed"
    given: dict[str, str] = {}


class CompleteStep(Frozen):
    """A step is done; `fields` are the form's raw values (text included, which never reaches an event)."""

    kind: Literal["complete_step"] = "complete_step"
    id: str
    occurred_on: dt.date
    fields: dict[str, object] = {}


class DecideSecond(Frozen):
    """The second person agrees or disagrees with a proposed step."""

    kind: Literal["decide_second"] = "decide_second"
    id: str
    agree: bool
    field: str | None = None
    """the field disagreed with, where the protocol distinguishes"""
    occurred_on: dt.date
    narrowed: dict[str, object] = {}
    """of a step that shares: a shorter text, fewer recipients, an earlier end, instead of what was proposed"""


class AssignStep(Frozen):
    kind: Literal["assign_step"] = "assign_step"
    id: str
    staff: str


class Appoint(Frozen):
    """An appointment beside the due day; None: no appointment any more."""

    kind: Literal["appoint"] = "appoint"
    id: str
    at: dt.datetime | None


class WaiveStep(Frozen):
    kind: Literal["waive_step"] = "waive_step"
    id: str
    reason: str
    """a reason key, never free text"""
    occurred_on: dt.date


class MoveOccurrence(Frozen):
    """A repeated step moves once, by a few working days."""

    kind: Literal["move_occurrence"] = "move_occurrence"
    id: str
    to: dt.date


class RecordAnchor(Frozen):
    """A date became known or moved; `on` None: unknown again."""

    kind: Literal["record_anchor"] = "record_anchor"
    anchor: str
    on: dt.date | None
    certainty: str = "confirmed"


class CorrectAnchor(Frozen):
    """A date was recorded wrongly: the steps counted from it are cancelled, or counted from the right date."""

    kind: Literal["correct_anchor"] = "correct_anchor"
    anchor: str
    on: dt.date | None
    reason: str = "wrong_date"


class ReportEvent(Frozen):
    """An exceptional event of the protocol file, with its form."""

    kind: Literal["report_event"] = "report_event"
    event: str
    occurred_on: dt.date
    fields: dict[str, object] = {}
    about: tuple[str, ...] = ()
    """of a dispute: `item:7`, `document:ab12`; none: everything that was shared of the case"""


class CorrectStep(Frozen):
    kind: Literal["correct_step"] = "correct_step"
    id: str
    occurred_on: dt.date
    reason: str = "wrong_date"


class UndoStep(Frozen):
    kind: Literal["undo_step"] = "undo_step"
    id: str
    reason: str = "by_accident"


class Wake(Frozen):
    """Time passed: the next occurrence opens, or a phase runs out."""

    kind: Literal["wake"] = "wake"


class Escalate(Frozen):
    kind: Literal["escalate"] = "escalate"
    id: str
    rung: int


class Acknowledge(Frozen):
    kind: Literal["acknowledge"] = "acknowledge"
    id: str


class Recalculate(Frozen):
    """The calendar changed: due days of open steps are counted again."""

    kind: Literal["recalculate"] = "recalculate"


class MoveProtocol(Frozen):
    """The case goes on under another version (the protocol given to `advance` is the new one)."""

    kind: Literal["move_protocol"] = "move_protocol"
    reason: str


class PastStep(Frozen):
    """A step of a case that ran before sluis."""

    step: str
    n: int = 1
    on: dt.date | None
    """the day it was done; None: it was left out, and is not to be done any more"""
    outcome: str | None = None
    """None: the one that the form expects"""
    second_date: dt.date | None = None
    """where the outcome asks for a date: when to ask again, until when to wait"""
    given: dict[str, str] = {}
    """what else is known of the form: whom it named"""


class TakeOver(Frozen):
    """A case that ran before sluis: its settled steps with their true dates, in any order."""

    kind: Literal["take_over"] = "take_over"
    open: OpenCase
    done: tuple[PastStep, ...] = ()
    since: dt.date


Command = (
    OpenCase
    | CompleteStep
    | DecideSecond
    | AssignStep
    | Appoint
    | WaiveStep
    | MoveOccurrence
    | RecordAnchor
    | CorrectAnchor
    | ReportEvent
    | CorrectStep
    | UndoStep
    | Wake
    | Escalate
    | Acknowledge
    | Recalculate
    | MoveProtocol
    | TakeOver
)
