"""What happened to a case: frozen events, the only input of `replay`.

Every event stands in a ledger entry that carries `recorded_at` (the clock); `occurred_on` is what the person says,
never in the future. Computed consequences (a step opened, a due day) are events too, so that a replay needs no
calendar and a worker is judged by what was known on that day.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from protocol.state import Frozen


class CaseOpened(Frozen):
    kind: Literal["case_opened"] = "case_opened"
    protocol: str
    version: str
    release_type: str
    conditions: str
    phase: str
    notified_on: dt.date
    occurred_on: dt.date


class AnchorKnown(Frozen):
    """A date became known, moved, became unknown again (`on` None) or was corrected."""

    kind: Literal["anchor_known"] = "anchor_known"
    anchor: str
    on: dt.date | None
    was: dt.date | None = None
    known_on: dt.date
    certainty: str = "confirmed"
    why: Literal["known", "moved", "withdrawn", "corrected", "confirmed"] = "known"


class NoticeChosen(Frozen):
    kind: Literal["notice_chosen"] = "notice_chosen"
    notice: str
    working_days: int | None


class StepOpened(Frozen):
    kind: Literal["step_opened"] = "step_opened"
    id: str
    step: str
    n: int
    round: int
    ready_on: dt.date
    opened_on: dt.date
    due: dt.date | None
    at: str | None = None
    form: str = "full"
    trigger: str = ""
    own_rule: bool = False
    last: bool = False
    because: tuple[str, ...] = ()


class StepDue(Frozen):
    """The due day of an open step changed."""

    kind: Literal["step_due"] = "step_due"
    id: str
    ready_on: dt.date
    due: dt.date | None
    at: str | None = None
    form: str = "full"
    last: bool = False
    why: Literal[
        "date_moved",
        "released",
        "moved_once",
        "resumed",
        "returned",
        "permission",
        "calendar",
        "protocol",
        "corrected",
        "type_changed",
        "extended",
        "again",
        "taken_over",
    ]
    because: tuple[str, ...] = ()


class StepAssigned(Frozen):
    kind: Literal["step_assigned"] = "step_assigned"
    id: str
    staff: str


class StepAppointed(Frozen):
    kind: Literal["step_appointed"] = "step_appointed"
    id: str
    at: dt.datetime | None


class StepProposed(Frozen):
    """Done by its owner, waiting for the second person."""

    kind: Literal["step_proposed"] = "step_proposed"
    id: str
    by: str
    service: str
    outcome: str
    occurred_on: dt.date
    given: dict[str, str] = {}


class StepReturned(Frozen):
    kind: Literal["step_returned"] = "step_returned"
    id: str
    by: str


class StepDone(Frozen):
    kind: Literal["step_done"] = "step_done"
    id: str
    outcome: str
    occurred_on: dt.date
    recorded_on: dt.date
    by: str
    second: str | None = None
    given: dict[str, str] = {}


class StepWaived(Frozen):
    kind: Literal["step_waived"] = "step_waived"
    id: str
    by: str
    reason: str
    occurred_on: dt.date
    recorded_on: dt.date


class StepCancelled(Frozen):
    kind: Literal["step_cancelled"] = "step_cancelled"
    id: str
    why: str
    """an event key, `released`, `variant`, `phase`, `corrected`, `pause`"""
    on: dt.date
    as_settled: bool = False


class StepReopened(Frozen):
    """A step recorded as done by accident is open again."""

    kind: Literal["step_reopened"] = "step_reopened"
    id: str
    reason: str


class StepCorrected(Frozen):
    kind: Literal["step_corrected"] = "step_corrected"
    id: str
    occurred_on: dt.date
    was: dt.date
    reason: str


class StepsRenewed(Frozen):
    """These steps are to be done again."""

    kind: Literal["steps_renewed"] = "steps_renewed"
    steps: tuple[str, ...]
    why: str


class Redated(Frozen):
    """Ready days of these steps are no earlier than `on`."""

    kind: Literal["redated"] = "redated"
    steps: tuple[str, ...]
    on: dt.date


class MilestoneReached(Frozen):
    kind: Literal["milestone_reached"] = "milestone_reached"
    milestone: str
    on: dt.date
    on_time: bool = True


class MilestoneLost(Frozen):
    kind: Literal["milestone_lost"] = "milestone_lost"
    milestone: str


class PhaseEntered(Frozen):
    kind: Literal["phase_entered"] = "phase_entered"
    phase: str
    on: dt.date
    until: dt.date | None = None
    why: str = ""
    drop_before: dt.date | None = None


class EventHappened(Frozen):
    """An exceptional event of the protocol file."""

    kind: Literal["event_happened"] = "event_happened"
    event: str
    occurred_on: dt.date
    by: str
    given: dict[str, str] = {}


class TypeChanged(Frozen):
    kind: Literal["type_changed"] = "type_changed"
    release_type: str
    conditions: str


class Extended(Frozen):
    kind: Literal["extended"] = "extended"
    until: dt.date
    extra: dict[str, tuple[dt.date, ...]]


class Escalated(Frozen):
    """Late work was told to these roles; never about the person."""

    kind: Literal["escalated"] = "escalated"
    id: str
    rung: int
    who: tuple[str, ...]
    urgent: bool = False


class StepTakenOver(Frozen):
    """The hard stop of a step came: from now on it is the work of another role."""

    kind: Literal["step_taken_over"] = "step_taken_over"
    id: str
    by: str
    """the role"""
    on: dt.date


class Acknowledged(Frozen):
    kind: Literal["acknowledged"] = "acknowledged"
    id: str
    by: str


class CaseEnded(Frozen):
    kind: Literal["case_ended"] = "case_ended"
    phase: str
    on: dt.date
    why: str = ""


class CaseErased(Frozen):
    kind: Literal["case_erased"] = "case_erased"
    on: dt.date


class ProtocolMoved(Frozen):
    """The case was moved to another version of the protocol, by decision."""

    kind: Literal["protocol_moved"] = "protocol_moved"
    version: str
    reason: str


class TakenOver(Frozen):
    """The case ran before sluis did; its past steps stand as recorded there."""

    kind: Literal["taken_over"] = "taken_over"
    on: dt.date


Event = Annotated[
    CaseOpened
    | AnchorKnown
    | NoticeChosen
    | StepOpened
    | StepDue
    | StepAssigned
    | StepAppointed
    | StepProposed
    | StepReturned
    | StepDone
    | StepWaived
    | StepCancelled
    | StepReopened
    | StepCorrected
    | StepsRenewed
    | Redated
    | MilestoneReached
    | MilestoneLost
    | PhaseEntered
    | EventHappened
    | TypeChanged
    | Extended
    | Escalated
    | StepTakenOver
    | Acknowledged
    | CaseEnded
    | CaseErased
    | ProtocolMoved
    | TakenOver,
    Field(discriminator="kind"),
]
EVENTS: TypeAdapter[tuple[Event, ...]] = TypeAdapter(tuple[Event, ...])


class Entry(Frozen):
    """One transition in the ledger: the events of one command, with the clock and who did it."""

    seq: int
    recorded_at: dt.datetime
    by: str
    command: str
    events: tuple[Event, ...]
