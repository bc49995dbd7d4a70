"""Asking visibility before anything is done or shown: what a command is called there, what ties a person to a case."""

from casework.errors import NotAllowed, NotFound
from casework.loading import CONFLICT, Loaded
from protocol.commands import Actor, Command
from protocol.language import Protocol, Step
from protocol.state import CaseState, Occurrence
from protocol.variants import steps_for
from protocol.visibility import Decision, may

ACTIONS = {
    "complete_step": "complete", "decide_second": "second", "assign_step": "assign", "appoint": "appoint",
    "waive_step": "waive", "move_occurrence": "move", "record_anchor": "record_date", "correct_anchor": "correct",
    "report_event": "report", "correct_step": "mend", "undo_step": "mend", "acknowledge": "acknowledge",
    "recalculate": "administer", "move_protocol": "migrate", "wake": "run", "escalate": "run",
}  # fmt: skip
"""What a command is called where visibility is asked."""
ON_A_STEP = frozenset({"complete", "second", "assign", "appoint", "waive", "move", "mend"})


def step_of(protocol: Protocol, state: CaseState, occurrence: Occurrence) -> Step:
    steps = steps_for(protocol, state.release_type, state.notice, state.conditions)
    step = steps.get(occurrence.step) or protocol.steps[occurrence.step]
    # at its hard stop a step became the work of another role
    return step if occurrence.taken_by is None else step.model_copy(update={"owner": occurrence.taken_by})


def relation_to(case: Loaded, actor: Actor, occurrence: Occurrence | None) -> frozenset[str]:
    """What ties the acting person to the case and to this task."""
    if occurrence is None:
        return case.relations
    found = set(case.relations)
    if CONFLICT in found:
        return case.relations
    if actor.does_work_of(occurrence.assignee, case.relations):
        found.add("own_task")
    if occurrence.proposed_by == actor.id:
        found.add("author")
    return frozenset(found)


def has_task(actor: Actor, state: CaseState, relation: frozenset[str]) -> bool:
    """Whether an open task of this case is the acting person's."""
    return any(each.open and actor.does_work_of(each.assignee, relation) for each in state.steps.values())


def must_be_allowed(protocol: Protocol, actor: Actor, case: Loaded, state: CaseState, command: Command) -> None:
    """Ask visibility. Raises NotFound where this person may not even know the case, else NotAllowed."""
    if "system" in actor.roles:
        return
    action = ACTIONS.get(command.kind, "run")
    occurrence = state.steps.get(getattr(command, "id", ""))
    relation = relation_to(case, actor, occurrence)
    if action in ON_A_STEP:
        if occurrence is None:
            decision = may(protocol, actor, "see", "logistics", relation)
        else:
            decision = may(
                protocol, actor, action, occurrence.step, relation, step=step_of(protocol, state, occurrence)
            )
    elif action == "run":
        decision = Decision(False, "this happens by itself when its time has come")
    else:
        if action == "report" and has_task(actor, state, relation):
            relation |= {"own_task"}
        decision = may(protocol, actor, action, getattr(command, "event", ""), relation)
    if not decision.allowed:
        if not may(protocol, actor, "see", "logistics", relation).allowed:
            raise NotFound
        raise NotAllowed(decision.reason)
