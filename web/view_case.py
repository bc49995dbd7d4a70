"""How much of a case a person sees: all of it, without the names of colleagues, or only their own part."""

from __future__ import annotations

from casework.permission import step_of
from casework.reading import CaseView
from protocol.state import Occurrence
from protocol.visibility import may, owners
from web.visitor import Visitor

LOGISTICS = "logistics"
BY_TASK = frozenset({"own_task", "announcer", "emergency"})
"""Relations that give dates and one's own work, not the case as a whole."""


def sees_own_part_only(v: Visitor, case: CaseView) -> bool:
    """Whether this person is here because of one task or one announcement. Source: protocol, visibility matrix."""
    return not may(case.protocol, v.actor, "see", LOGISTICS, case.relation - BY_TASK).allowed


def is_pseudonymous(v: Visitor, case: CaseView) -> bool:
    """Whether this person sees steps and times without names, those of colleagues neither."""
    seen = {
        cell.see
        for cell in case.protocol.visibility
        if LOGISTICS in cell.item and set(cell.role) & set(v.actor.roles)
        if "any" in cell.relation or set(cell.relation) & case.relation
    }
    return seen == {"pseudonymous"}


def names_for(v: Visitor, case: CaseView) -> dict[str, str]:
    """The names of colleagues that this person may see in a case."""
    return {} if is_pseudonymous(v, case) else v.names


def is_own(v: Visitor, case: CaseView, occurrence: Occurrence) -> bool:
    """Whether a step is one's own part: assigned, owned by one's role, or waiting for one's decision."""
    step = step_of(case.protocol, case.state, occurrence)
    roles = set(v.actor.roles)
    seconds = set(step.four_eyes.role) if step.four_eyes else set()
    asked = occurrence.status == "proposed" and bool(roles & seconds)
    return (
        v.actor.does_work_of(occurrence.assignee, case.relation) or bool(roles & owners(case.protocol, step)) or asked
    )
