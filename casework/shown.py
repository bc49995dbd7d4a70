"""What of a step's outcome a person may know: its owners, those who decide second, who leads the case, who runs it.

A step that is *settled on its due day* shows as open to everybody else until then, whatever its outcome.
Source: protocol, "Sharing".
"""

import datetime as dt
from typing import Any

from casework.permission import step_of
from protocol.commands import Actor
from protocol.events import Event
from protocol.language import Protocol, Step
from protocol.state import CaseState, Occurrence
from protocol.visibility import EVERY_CASE, owners

_UNSAID: dict[str, Any] = {"outcome": None, "given": {}, "why": None, "disagreements": 0}
_OPEN_STILL: dict[str, Any] = {
    **_UNSAID, "status": "open", "settled_on": None, "recorded_on": None, "proposed_by": None, "proposed_service": None,
    "as_settled": False, "assignee": None,
}  # fmt: skip
_TELLING = ("step_done", "step_proposed", "step_waived", "step_returned", "step_cancelled", "step_reopened")
_QUIET_EVENTS = ("event_happened", "milestone_reached", "milestone_lost")


def knows_outcome(
    step: Step, occurrence: Occurrence, protocol: Protocol, actor: Actor, relation: frozenset[str]
) -> bool:
    """Whether this person may know how a step came out."""
    roles = set(actor.roles)
    if "system" in roles or occurrence.proposed_by == actor.id:
        return True
    if step.settled_on_due_day:
        asked = (
            occurrence.status == "proposed" and step.four_eyes is not None and bool(roles & set(step.four_eyes.role))
        )
        if occurrence.assignee is not None:  # another service shares what is its own: not the owner's business
            return asked or actor.does_work_of(occurrence.assignee, relation)
        return asked or bool(roles & owners(protocol, step))
    if roles & EVERY_CASE or relation & {"lead", "deputy"} or actor.does_work_of(occurrence.assignee):
        return True
    seconds = set(step.four_eyes.role) if step.four_eyes else set()
    return bool(roles & seconds) or (bool(roles & owners(protocol, step)) and step.owner != "lead_worker")


def shown_state(
    protocol: Protocol, state: CaseState, actor: Actor, relation: frozenset[str], today: dt.date
) -> CaseState:
    """The state without what this person may not know."""
    steps = {}
    for occurrence in state.steps.values():
        step = step_of(protocol, state, occurrence)
        steps[occurrence.id] = (
            occurrence
            if knows_outcome(step, occurrence, protocol, actor, relation)
            else _from_outside(step, occurrence, today)
        )
    runs_it = bool(set(actor.roles) & (EVERY_CASE | {"system"})) or bool(relation & {"lead", "deputy"})
    return state.model_copy(update={"steps": steps} if runs_it else {"steps": steps, "decided": {}, "milestones": {}})


def _from_outside(step: Step, occurrence: Occurrence, today: dt.date) -> Occurrence:
    if not step.settled_on_due_day:
        return occurrence.model_copy(update=_UNSAID)
    if occurrence.due is not None and today >= occurrence.due and not occurrence.open:
        return occurrence.model_copy(
            update={**_OPEN_STILL, "status": "done", "settled_on": occurrence.due, "recorded_on": occurrence.due}
        )
    return occurrence.model_copy(update=_OPEN_STILL)


def shown_events(
    protocol: Protocol,
    state: CaseState,
    actor: Actor,
    relation: frozenset[str],
    events: tuple[Event, ...],
    today: dt.date,
    known: dict[str, bool],
) -> tuple[Event, ...]:
    """The events without what this person may not know. `known` remembers the answer per occurrence, of one reading."""
    runs_it = bool(set(actor.roles) & (EVERY_CASE | {"system"})) or bool(relation & {"lead", "deputy"})
    found: list[Event] = []
    for event in events:
        occurrence = state.steps.get(getattr(event, "id", ""))
        if occurrence is None:
            if runs_it or event.kind not in _QUIET_EVENTS:
                found.append(event)
            continue
        if event.kind not in _TELLING:
            found.append(event)
            continue
        knows = known.get(occurrence.id)
        if knows is None:
            step = step_of(protocol, state, occurrence)
            knows = known[occurrence.id] = knows_outcome(step, occurrence, protocol, actor, relation)
        if knows:
            found.append(event)
        elif not step_of(protocol, state, occurrence).settled_on_due_day:
            unsaid: dict[str, Any] = {
                name: value for name, value in (("outcome", ""), ("given", {})) if hasattr(event, name)
            }
            found.append(event.model_copy(update=unsaid))
    return tuple(found)
