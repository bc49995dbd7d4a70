"""From events to the state of a case: the same functions for live work, replay, simulation and migration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from protocol import events as e
from protocol.state import AnchorValue, CaseState, Occurrence

DEFAULTS = {name: field.default for name, field in CaseState.model_fields.items()}
DICTS = ("anchors", "steps", "rounds", "milestones", "milestones_on_time", "redated", "extra", "decided")


class Draft:
    """A state under construction: the fields of `CaseState`, changeable, with dicts of its own."""

    protocol: str
    version: str
    release_type: str
    conditions: str
    phase: str
    phase_since: dt.date
    phase_until: dt.date | None
    notice: str | None
    notified_on: dt.date
    anchors: dict[str, AnchorValue]
    steps: dict[str, Occurrence]
    rounds: dict[str, int]
    milestones: dict[str, dt.date]
    milestones_on_time: dict[str, bool]
    redated: dict[str, dt.date]
    extra: dict[str, tuple[dt.date, ...]]
    end_on: dt.date | None
    drop_before: dt.date | None
    ended: str | None
    erased: bool
    decided: dict[str, int]

    def __init__(self, state: CaseState | None = None):
        found = vars(self)
        found |= vars(state) if state is not None else DEFAULTS
        for name in DICTS:
            found[name] = dict(found[name]) if state is not None else {}

    def freeze(self) -> CaseState:
        # the values were validated when their events were made; a copy costs a tenth of `model_construct`
        return _ANY_STATE.model_copy(update=vars(self))

    def change(self, id: str, **fields: Any) -> None:
        self.steps[id] = self.steps[id].model_copy(update=fields)


def _opened(draft: Draft, event: e.CaseOpened) -> None:
    draft.protocol, draft.version = event.protocol, event.version
    draft.release_type, draft.conditions = event.release_type, event.conditions
    draft.phase, draft.phase_since, draft.notified_on = event.phase, event.notified_on, event.notified_on


def _anchor(draft: Draft, event: e.AnchorKnown) -> None:
    if event.on is None:
        draft.anchors.pop(event.anchor, None)
    else:
        value = AnchorValue(on=event.on, known_on=event.known_on, certainty=event.certainty)
        draft.anchors[event.anchor] = value


def _step_opened(draft: Draft, event: e.StepOpened) -> None:
    draft.steps[event.id] = _ANY_OCCURRENCE.model_copy(
        update={
            "id": event.id, "step": event.step, "n": event.n, "round": event.round, "ready_on": event.ready_on,
            "opened_on": event.opened_on, "due": event.due, "at": event.at, "form": event.form, "trigger": event.trigger,
            "own_rule": event.own_rule, "last": event.last, "given": {},
        }
    )  # fmt: skip


_ANY_STATE = CaseState.model_construct(**DEFAULTS)
_ANY_OCCURRENCE = Occurrence.model_construct(
    **{name: field.default for name, field in Occurrence.model_fields.items() if not field.is_required()}
)


def _step_due(draft: Draft, event: e.StepDue) -> None:
    status = "open" if event.why == "returned" else draft.steps[event.id].status
    moved = draft.steps[event.id].moved or event.why == "moved_once"
    eased = draft.steps[event.id].eased or event.why == "again"
    draft.change(
        event.id, ready_on=event.ready_on, due=event.due, at=event.at, form=event.form, last=event.last, moved=moved,
        status=status, escalated=0, eased=eased,
    )  # fmt: skip


def _proposed(draft: Draft, event: e.StepProposed) -> None:
    draft.change(
        event.id, status="proposed", proposed_by=event.by, proposed_service=event.service, outcome=event.outcome,
        settled_on=event.occurred_on, given=event.given,
    )  # fmt: skip


def _returned(draft: Draft, event: e.StepReturned) -> None:
    again = draft.steps[event.id].disagreements + 1
    draft.change(
        event.id, status="open", proposed_by=None, outcome=None, settled_on=None, given={}, disagreements=again
    )


def _done(draft: Draft, event: e.StepDone) -> None:
    draft.change(
        event.id, status="done", outcome=event.outcome, settled_on=event.occurred_on, recorded_on=event.recorded_on,
        given=event.given,
    )  # fmt: skip


def _waived(draft: Draft, event: e.StepWaived) -> None:
    draft.change(
        event.id,
        status="waived",
        outcome="waived",
        settled_on=event.occurred_on,
        recorded_on=event.recorded_on,
        why=event.reason,
    )


def _cancelled(draft: Draft, event: e.StepCancelled) -> None:
    if event.id not in draft.steps:  # cancelled before it became ready
        step, n, round_ = parse_id(event.id)
        draft.steps[event.id] = Occurrence(
            id=event.id, step=step, n=n, round=round_, ready_on=event.on, opened_on=event.on
        )
    draft.change(
        event.id, status="cancelled", as_settled=event.as_settled, why=event.why, settled_on=event.on, recorded_on=event.on,
        outcome=None,
    )  # fmt: skip


def _reopened(draft: Draft, event: e.StepReopened) -> None:
    draft.change(
        event.id,
        status="open",
        outcome=None,
        settled_on=None,
        recorded_on=None,
        given={},
        proposed_by=None,
        as_settled=False,
    )


def _renewed(draft: Draft, event: e.StepsRenewed) -> None:
    for step in event.steps:
        draft.rounds[step] = draft.rounds.get(step, 1) + 1


def _redated(draft: Draft, event: e.Redated) -> None:
    for step in event.steps:
        draft.redated[step] = event.on


def _milestone(draft: Draft, event: e.MilestoneReached) -> None:
    draft.milestones[event.milestone] = event.on
    draft.milestones_on_time[event.milestone] = event.on_time


def _milestone_lost(draft: Draft, event: e.MilestoneLost) -> None:
    draft.milestones.pop(event.milestone, None)
    draft.milestones_on_time.pop(event.milestone, None)


def _phase(draft: Draft, event: e.PhaseEntered) -> None:
    if event.phase != draft.phase:
        draft.phase_since = event.on
    draft.phase, draft.phase_until = event.phase, event.until
    draft.drop_before = event.drop_before or draft.drop_before


def _happened(draft: Draft, event: e.EventHappened) -> None:
    draft.decided[event.event] = draft.decided.get(event.event, 0) + 1


def _type(draft: Draft, event: e.TypeChanged) -> None:
    draft.release_type, draft.conditions = event.release_type, event.conditions


def _extended(draft: Draft, event: e.Extended) -> None:
    draft.end_on = event.until
    for step, days in event.extra.items():
        draft.extra[step] = tuple(sorted({*draft.extra.get(step, ()), *days}))


def _ended(draft: Draft, event: e.CaseEnded) -> None:
    if event.phase != draft.phase:
        draft.phase_since = event.on
    draft.phase, draft.phase_until, draft.ended = event.phase, None, event.phase


def _set(**fields: str) -> Callable[[Draft, Any], None]:
    """An event that copies some of its fields into the state."""

    def copy(draft: Draft, event: Any) -> None:
        for name, source in fields.items():
            setattr(draft, name, getattr(event, source))

    return copy


def _set_step(**fields: str) -> Callable[[Draft, Any], None]:
    def copy(draft: Draft, event: Any) -> None:
        draft.change(event.id, **{name: getattr(event, source) for name, source in fields.items()})

    return copy


def _taken_over(draft: Draft, event: e.StepTakenOver) -> None:
    draft.change(event.id, taken_by=event.by, assignee=None)


def _erased(draft: Draft, event: e.CaseErased) -> None:
    draft.erased = True


def _nothing(draft: Draft, event: Any) -> None:
    """An event that is a fact of the log only."""


APPLY: dict[str, Callable[[Draft, Any], None]] = {
    "case_opened": _opened,
    "anchor_known": _anchor,
    "notice_chosen": _set(notice="notice"),
    "step_opened": _step_opened,
    "step_due": _step_due,
    "step_assigned": _set_step(assignee="staff"),
    "step_appointed": _set_step(appointment="at"),
    "step_proposed": _proposed,
    "step_returned": _returned,
    "step_done": _done,
    "step_waived": _waived,
    "step_cancelled": _cancelled,
    "step_reopened": _reopened,
    "step_corrected": _set_step(settled_on="occurred_on"),
    "steps_renewed": _renewed,
    "redated": _redated,
    "milestone_reached": _milestone,
    "milestone_lost": _milestone_lost,
    "phase_entered": _phase,
    "event_happened": _happened,
    "type_changed": _type,
    "extended": _extended,
    "step_taken_over": _taken_over,
    "escalated": _set_step(escalated="rung"),
    "acknowledged": _set_step(acknowledged_by="by"),
    "case_ended": _ended,
    "case_erased": _erased,
    "protocol_moved": _set(version="version"),
    "taken_over": _nothing,
}


def apply(draft: Draft, event: Any) -> None:
    APPLY[event.kind](draft, event)


def replay(events: Iterable[Any], state: CaseState | None = None) -> CaseState:
    """The state after these events (or entries of them), in order; from nothing, or from an earlier state."""
    draft = Draft(state)
    for item in events:
        for event in item.events if isinstance(item, e.Entry) else (item,):
            APPLY[event.kind](draft, event)
    return draft.freeze()


def occurrence_id(step: str, n: int, round_: int, repeated: bool) -> str:
    """`contact`, `followup#3`, `ready#1~2`: the n-th occurrence, in the round-th time the step is to be done."""
    return step + (f"#{n}" if repeated or n > 1 else "") + (f"~{round_}" if round_ > 1 else "")


def parse_id(id: str) -> tuple[str, int, int]:
    rest, _, round_ = id.partition("~")
    step, _, n = rest.partition("#")
    return step, int(n or 1), int(round_ or 1)
