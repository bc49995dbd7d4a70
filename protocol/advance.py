"""One command on one case: `advance` gives its events, effects and the state after, or refuses it. Pure.

Time is an argument: `at` is the clock (aware UTC), `occurred_on` in a command is what the person says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from protocol import commands as c
from protocol import events as e
from protocol.actions import cancel_unready, change_type, choose_notice, do, happen, reconcile, record_anchor
from protocol.effects import Effect
from protocol.errors import Refused
from protocol.escalation import calls
from protocol.forms import check_form, deciding, outcome_of
from protocol.language import Form, Protocol, Step
from protocol.outside import effects_of
from protocol.replay import Draft
from protocol.run import Cause, Run
from protocol.state import AnchorValue, CaseState, Occurrence
from protocol.taking_over import Ways, take_over
from protocol.workdays import WorkCalendar


class Outcome(NamedTuple):
    """What a command led to. `clean` is the checked form (texts included): for the sealed part of the ledger only."""

    events: tuple[Any, ...]
    effects: tuple[Effect, ...]
    state: CaseState
    clean: dict[str, Any]


def advance(
    protocol: Protocol, case: CaseState | None, command: Any, at: dt.datetime, actor: c.Actor, calendar: WorkCalendar
) -> Outcome:
    """Carry out a command. Errors: `Refused` with rule, reason and remedy; the case is then unchanged."""
    if case is None and command.kind not in ("open_case", "take_over"):
        raise Refused("case.unknown", "there is no such case", "announce a release first")
    if case is not None and command.kind in ("open_case", "take_over"):
        raise Refused("case.open", "this case is open already", "report the news in the open case")
    if case is not None and case.erased:
        raise Refused("case.erased", "this case was erased", "nothing more can be recorded in it")
    run = Run(protocol, case, calendar, at, actor)
    clean = HANDLERS[command.kind](run, command) or {}
    if command.kind not in QUIET:
        run.open_ready()
    state = run.state.freeze()
    return Outcome(tuple(run.events), effects_of(run, state, command.kind == "wake"), state, clean)


QUIET = ("assign_step", "appoint", "escalate", "acknowledge")
"""Commands after which nothing new can be ready."""


# opening


def _open_case(run: Run, command: c.OpenCase) -> None:
    protocol, calendar = run.protocol, run.calendar
    if command.release_type not in protocol.release_types:
        known = ", ".join(protocol.release_types)
        raise Refused(
            "case.release-type", "the protocol does not know this release type", f"use one of: {known}", "release_type"
        )
    if command.notified_at > run.at + dt.timedelta(minutes=5):
        raise Refused(
            "case.notified-at", "the notification lies in the future", "correct the moment it arrived", "notified_at"
        )
    notified = calendar.counted_day(command.notified_at)
    told_on = calendar.local_day(command.notified_at)
    run.emit(
        e.CaseOpened(
            protocol=protocol.protocol, version=protocol.version, release_type=command.release_type, conditions=command.conditions,
            phase=protocol.first_phase, notified_on=notified, occurred_on=told_on,
        )
    )  # fmt: skip
    run.emit(e.AnchorKnown(anchor=protocol.opens_with, on=notified, known_on=told_on))
    released = []
    for anchor, on in command.anchors.items():
        definition = _anchor(run, anchor, on)
        certainty = command.certainty if definition.certainty else "confirmed"
        run.emit(e.AnchorKnown(anchor=anchor, on=on, known_on=told_on, certainty=certainty))
        released += [anchor] if definition.stands_in_for else []
    choose_notice(run, notified)
    for anchor in released:
        do(run, protocol.anchors[anchor].when_known, Cause(told_on, key=anchor))


def _anchor(run: Run, anchor: str, on: dt.date | None) -> Any:
    definition = run.protocol.anchors.get(anchor)
    if definition is None or anchor == run.protocol.opens_with:
        raise Refused(
            "date.unknown", "the protocol does not count from such a date", "use a date of the protocol", "anchor"
        )
    if on is not None and not definition.may_be_future and on > run.today:
        raise Refused("date.future", f"the date {anchor} lies in the future", "record it when it has happened", anchor)
    return definition


def _take_over(run: Run, command: c.TakeOver) -> None:
    take_over(run, command, Ways(_open_case, _settle, _wake))


# steps


def _find(run: Run, id: str) -> tuple[Occurrence, Step]:
    occurrence = run.state.steps.get(id)
    if occurrence is None:
        raise Refused("step.not-ready", f"the step {id} is not ready", "see the open steps of the case")
    step = run.steps.get(occurrence.step) or run.protocol.steps[occurrence.step]
    return occurrence, step


def _find_open(run: Run, id: str, status: str = "open") -> tuple[Occurrence, Step]:
    occurrence, step = _find(run, id)
    if not occurrence.open:
        words = {"done": "done already", "waived": "waived", "cancelled": "cancelled"}[occurrence.status]
        raise Refused(
            "step.settled", f"the step {id} is {words}", "look at the case again: somebody may have been first"
        )
    if status == "open" and occurrence.status == "proposed":
        raise Refused("step.proposed", f"the step {id} waits for the second person", "ask the second person to decide")
    if status == "proposed" and occurrence.status != "proposed":
        raise Refused("step.not-proposed", f"the step {id} waits for its owner", "the owner completes it first")
    return occurrence, step


def _check_day(run: Run, day: dt.date) -> None:
    if day > run.today:
        raise Refused(
            "date.future", "what happened cannot lie in the future", "give the day it happened", "occurred_on"
        )
    opened = run.state.notified_on
    if day < opened - dt.timedelta(days=31):
        raise Refused("date.before-case", "that day lies before the case", "give the day it happened", "occurred_on")


def form_of(step: Step, occurrence: Occurrence) -> Form:
    """The form an occurrence asks for: its own short or minimum form where the step has one."""
    return step.forms.get(occurrence.form, step.form)


def _complete(run: Run, command: c.CompleteStep) -> dict[str, Any]:
    occurrence, step = _find_open(run, command.id)
    _check_day(run, command.occurred_on)
    form = form_of(step, occurrence)
    facts = {"release_type": run.state.release_type, "notice": run.state.notice, "trigger": occurrence.trigger, "form": occurrence.form,
             "phase": run.state.phase, "conditions": run.state.conditions}  # fmt: skip
    clean = check_form(form, command.fields, run.protocol.tracks, facts)
    given = deciding(form, clean)
    _check_dates(run, form, clean, command.occurred_on)
    outcome = outcome_of(form, given)
    if step.four_eyes is not None:
        run.emit(
            e.StepProposed(
                id=occurrence.id, by=run.actor.id, service=run.actor.service, outcome=outcome, occurred_on=command.occurred_on,
                given=given,
            )
        )  # fmt: skip
    else:
        _settle(run, occurrence, outcome, command.occurred_on, given)
    return clean


def _check_dates(run: Run, form: Form, clean: dict[str, Any], day: dt.date) -> None:
    for field in form.fields:
        if field.type != "date" or field.key not in clean:
            continue
        value = dt.date.fromisoformat(clean[field.key])
        if not field.future and value > run.today:
            raise Refused(
                "date.future", f"the field {field.key} lies in the future", "give the day it happened", field.key
            )
        if field.within is not None:
            limit = (
                run.calendar.local_day(run.at)
                if field.within.days is None
                else day + dt.timedelta(days=field.within.days)
            )
            if value > limit:
                raise Refused(
                    "date.too-far", f"the field {field.key} is too far away", f"not later than {limit}", field.key
                )


def _settle(
    run: Run,
    occurrence: Occurrence,
    outcome: str,
    day: dt.date,
    given: dict[str, str],
    by: str = "",
    second: str | None = None,
) -> None:
    """A step is done: milestones, and what its outcome does. What becomes ready opens afterwards."""
    run.emit(
        e.StepDone(
            id=occurrence.id,
            outcome=outcome,
            occurred_on=day,
            recorded_on=run.today,
            by=by or run.actor.id,
            second=second,
            given=given,
        )
    )
    _after(run, occurrence, outcome, day, given)


def _after(run: Run, occurrence: Occurrence, outcome: str, day: dt.date, given: dict[str, str]) -> None:
    step = run.steps.get(occurrence.step) or run.protocol.steps[occurrence.step]
    _milestones(run)
    if step.follows:
        do(run, step.follows, Cause(day, given, outcome, occurrence.trigger, occurrence.form, occurrence.id))


def _milestones(run: Run) -> None:
    for key, milestone in run.protocol.milestones.items():
        if key not in run.state.milestones:
            for condition in milestone.any_:
                ready = run.met(condition)
                if ready is not None:
                    run.emit(e.MilestoneReached(milestone=key, on=ready.on, on_time=ready.on_time))
                    break


def _second(run: Run, command: c.DecideSecond) -> dict[str, Any]:
    occurrence, step = _find_open(run, command.id, "proposed")
    _check_day(run, command.occurred_on)
    four_eyes = step.four_eyes
    assert four_eyes is not None
    if run.actor.id == occurrence.proposed_by:
        raise Refused("step.four-eyes", "the author cannot approve", "ask a colleague of another service")
    if run.actor.service == occurrence.proposed_service:
        raise Refused(
            "step.four-eyes", "the second person belongs to the same service", "ask a colleague of another service"
        )
    outcome, given = occurrence.outcome or "done", dict(occurrence.given)
    if not command.agree:
        if four_eyes.returned is not None:
            _return(run, occurrence, step)
            return {}
        given |= _disagreed(four_eyes.disagree_sets, command.field)
        outcome = four_eyes.disagree or outcome_of(form_of(step, occurrence), given)
    narrowed = _narrowed(run, step, command)
    _settle(run, occurrence, outcome, command.occurred_on, given, occurrence.proposed_by or "", run.actor.id)
    return narrowed


def _narrowed(run: Run, step: Step, command: c.DecideSecond) -> dict[str, Any]:
    """What the second person shares less of: text, recipients or end. That it is less is checked beside the proposal."""
    if not command.narrowed:
        return {}
    shares = step.shares
    if shares is None or not command.agree or set(command.narrowed) - {shares.text, shares.to, shares.until}:
        rule = "only the text, the recipients and the end of what is shared can be narrowed"
        raise Refused("share.narrow", rule, "agree with it as it is, or decline", "narrowed")
    fields = [
        field.model_copy(update={"required_when": None}) for field in step.form.fields if field.key in command.narrowed
    ]
    return check_form(Form(fields=tuple(fields)), command.narrowed, run.protocol.tracks, {})


def _disagreed(sets: dict[str, str] | None, field: str | None) -> dict[str, str]:
    if not sets:
        return {}
    if field is None and len(sets) > 1:
        raise Refused(
            "step.disagree", "say with which answer you disagree", "choose one of: " + ", ".join(sets), "field"
        )
    if field is not None and field not in sets:
        raise Refused(
            "step.disagree",
            "the second person does not decide on that answer",
            "choose one of: " + ", ".join(sets),
            "field",
        )
    return {field: sets[field]} if field else dict(sets)


def _return(run: Run, occurrence: Occurrence, step: Step) -> None:
    from protocol.deadlines import countdown

    four_eyes = step.four_eyes
    assert four_eyes is not None and four_eyes.returned is not None
    run.emit(e.StepReturned(id=occurrence.id, by=run.actor.id))
    due = countdown(four_eyes.returned, run.count(step, run.today, Cause(run.today)))
    run.emit(
        e.StepDue(
            id=occurrence.id,
            ready_on=run.today,
            due=due.on if due else None,
            form=occurrence.form,
            last=occurrence.last,
            why="returned",
        )
    )
    if four_eyes.then and run.state.steps[occurrence.id].disagreements > 1:
        run.open_by(four_eyes.then, None, Cause(run.today), trigger="dispute")


def _waive(run: Run, command: c.WaiveStep) -> None:
    occurrence, step = _find_open(run, command.id)
    _check_day(run, command.occurred_on)
    if not set(run.actor.roles) & set(step.skip.by):
        who = " or ".join(step.skip.by) or "nobody"
        raise Refused(
            "step.waiver",
            f"only {who} may waive the step {step.name.get('en', occurrence.step)}",
            "ask that person, or complete the step",
        )
    if step.skip.never_twice_running and occurrence.n > 1:
        before = [o for o in run.current(occurrence.step) if o.n == occurrence.n - 1]
        if before and before[0].status == "waived":
            raise Refused("step.waiver-twice", "this step was waived the time before", "hold it this time")
    if step.skip.becomes is not None and occurrence.form != step.skip.becomes:
        run.emit(
            e.StepDue(id=occurrence.id, ready_on=occurrence.ready_on, due=occurrence.due, at=occurrence.at, form=step.skip.becomes,
                      last=occurrence.last, why="again")
        )  # fmt: skip
        return
    run.emit(
        e.StepWaived(
            id=occurrence.id,
            by=run.actor.id,
            reason=command.reason,
            occurred_on=command.occurred_on,
            recorded_on=run.today,
        )
    )
    _after(run, occurrence, "waived", command.occurred_on, {})


def _assign(run: Run, command: c.AssignStep) -> None:
    occurrence, _ = _find_open(run, command.id, "any")
    if occurrence.assignee != command.staff:
        run.emit(e.StepAssigned(id=command.id, staff=command.staff))


def _appoint(run: Run, command: c.Appoint) -> None:
    _find_open(run, command.id, "any")
    run.emit(e.StepAppointed(id=command.id, at=command.at))


def _move(run: Run, command: c.MoveOccurrence) -> None:
    occurrence, step = _find_open(run, command.id)
    allowed = step.repeat.may_move if step.repeat else 0
    if not allowed or occurrence.due is None:
        raise Refused(
            "move.not-allowed", "this step cannot be moved", "complete it by its due day, or ask for a waiver"
        )
    if occurrence.moved:
        raise Refused("move.once", "this meeting was moved once already", "hold it by its due day")
    distance = run.calendar.between(min(occurrence.due, command.to), max(occurrence.due, command.to))
    if distance > allowed or command.to < run.today:
        raise Refused("move.too-far", f"a meeting moves by at most {allowed} working days", "choose a nearer day", "to")
    days = (run.slot_day(step, slot, occurrence.due) for slot in run.slots(occurrence.step, step))
    following = min((day for day in days if day is not None and day > occurrence.due), default=None)
    if following is not None and command.to >= following:
        raise Refused(
            "move.past-next", "a meeting never moves past the next one", f"choose a day before {following}", "to"
        )
    run.emit(
        e.StepDue(
            id=occurrence.id,
            ready_on=occurrence.ready_on,
            due=command.to,
            form=occurrence.form,
            last=occurrence.last,
            why="moved_once",
        )
    )


# dates, events, corrections


def _record_anchor(run: Run, command: c.RecordAnchor) -> None:
    _anchor(run, command.anchor, command.on)
    if run.state.ended is not None:
        raise Refused("case.ended", "this case is closed", "a later notification opens a new case")
    record_anchor(run, command.anchor, command.on, command.certainty, "known" if command.on else "withdrawn")


def _correct_anchor(run: Run, command: c.CorrectAnchor) -> dict[str, Any]:
    """A wrongly recorded date: what was cancelled because of it opens again, what counted from it is cancelled or recounted."""
    definition = _anchor(run, command.anchor, command.on)
    value = run.state.anchors.get(command.anchor)
    if value is None or value.on == command.on:
        raise Refused(
            "date.nothing-to-correct", "there is no other date to correct", "look at the dates of the case", "anchor"
        )
    lifted = [
        o for o in run.state.steps.values() if o.status == "cancelled" and o.why == command.anchor and o.as_settled
    ]
    record_anchor(run, command.anchor, command.on, "confirmed", "corrected")
    if command.on is None:
        for occurrence in run.open_steps():
            step = run.steps.get(occurrence.step)
            if step is not None and any(condition.anchor == command.anchor for condition in step.after):
                run.emit(e.StepCancelled(id=occurrence.id, why="corrected", on=run.today))
        answered = [key for action in definition.when_known for key in action.settle or {}]
        again = dict.fromkeys([*(o.step for o in lifted), *(key for key in answered if key in run.index)])
        if definition.stands_in_for and again:
            run.emit(e.StepsRenewed(steps=tuple(again), why="corrected"))
        cancel_unready(run, "corrected")
    return {"reason": command.reason}


def _report(run: Run, command: c.ReportEvent) -> dict[str, Any]:
    event = run.protocol.events.get(command.event)
    if event is None:
        raise Refused(
            "event.unknown", "the protocol has no such event", "choose one of: " + ", ".join(run.protocol.events)
        )
    _check_day(run, command.occurred_on)
    if event.in_phase is not None and run.state.phase not in event.in_phase:
        raise Refused(
            "event.phase", "this cannot happen in the present phase of the case", "look at the phase of the case"
        )
    if run.state.ended is not None and not (event.in_phase and run.state.phase in event.in_phase):
        raise Refused("case.ended", "this case is closed", "a later notification opens a new case")
    clean = check_form(event.form, command.fields, run.protocol.tracks)
    _check_dates(run, event.form, clean, command.occurred_on)
    happen(run, command.event, command.occurred_on, deciding(event.form, clean))
    return clean


def _correct_step(run: Run, command: c.CorrectStep) -> None:
    occurrence, _ = _find(run, command.id)
    if occurrence.status not in ("done", "waived") or occurrence.settled_on is None:
        raise Refused("step.not-settled", "only a step that is done has a day to correct", "complete the step first")
    _check_day(run, command.occurred_on)
    run.emit(
        e.StepCorrected(
            id=command.id, occurred_on=command.occurred_on, was=occurrence.settled_on, reason=command.reason
        )
    )


def _undo(run: Run, command: c.UndoStep) -> None:
    """Recorded by accident: the step opens again; what opened only because of it is cancelled."""
    occurrence, step = _find(run, command.id)
    if occurrence.status not in ("done", "waived"):
        raise Refused("step.not-settled", "only a step that is done can be taken back", "complete the step first")
    renewed = occurrence.round != run.state.rounds.get(occurrence.step, 1)
    if run.state.ended is not None or renewed or far_reaching(step, occurrence):
        raise Refused(
            "step.undo",
            "this outcome changed the case as a whole",
            "report what really happened as an event, or correct the date",
        )
    run.emit(e.StepReopened(id=command.id, reason=command.reason))
    for key, milestone in run.protocol.milestones.items():
        if key in run.state.milestones and not any(run.met(condition) for condition in milestone.any_):
            run.emit(e.MilestoneLost(milestone=key))
    cancel_unready(run, "corrected", keep=command.id)


def far_reaching(step: Step, occurrence: Occurrence) -> bool:
    """Whether an outcome changed the case as a whole: a date, a phase, an end. It cannot be taken back by itself."""
    changes = ("phase", "closing", "end", "event", "set_anchor", "erase", "cancel", "resume")
    return any(
        any(getattr(action, name) for name in changes)
        and (action.when is None or action.when.outcome is None or occurrence.outcome in action.when.outcome)
        for action in step.follows
    )


# time


def _wake(run: Run, command: c.Wake) -> None:
    """Time passed: a phase may have run out (what is ready opens afterwards)."""
    until, phase = run.state.phase_until, run.phase
    if until is not None and run.today > until and phase.then is not None:
        happen(run, phase.then, run.today, {})
    run.take_over_stopped()


def _escalate(run: Run, command: c.Escalate) -> None:
    occurrence, _ = _find_open(run, command.id, "any")
    found = calls(run.protocol, run.state.freeze(), occurrence, run.calendar)
    call = next((call for call in found if call.rung == command.rung), None)
    if call is None or call.at > run.at or (occurrence.acknowledged_by and call.urgent):
        raise Refused("escalation.not-due", "nothing is to be escalated now", "wait for the due day")
    run.emit(e.Escalated(id=occurrence.id, rung=call.rung, who=call.who, urgent=call.urgent))


def _acknowledge(run: Run, command: c.Acknowledge) -> None:
    _find_open(run, command.id, "any")
    run.emit(e.Acknowledged(id=command.id, by=run.actor.id))


def _recalculate(run: Run, command: c.Recalculate) -> None:
    """Closing days or holidays were added: open steps are counted again, their ready days stay."""
    run.recount(None, "calendar", redate=False)


def _move_protocol(run: Run, command: c.MoveProtocol) -> None:
    if run.protocol.protocol != run.state.protocol:
        raise Refused("migrate.other", "that is another protocol", "choose a version of the same protocol")
    if run.protocol.version == run.state.version:
        raise Refused("migrate.same", "the case has this version already", "choose another version")
    run.emit(e.ProtocolMoved(version=run.protocol.version, reason=command.reason))
    notice, state = run.protocol.notice, run.state
    if notice is not None and not (state.notice and any(k.key == state.notice for k in notice.classes)):
        choose_notice(run, run.today)
    reconcile(run, None, "protocol")


HANDLERS: dict[str, Callable[[Run, Any], dict[str, Any] | None]] = {
    "open_case": _open_case,
    "take_over": _take_over,
    "complete_step": _complete,
    "decide_second": _second,
    "assign_step": _assign,
    "appoint": _appoint,
    "waive_step": _waive,
    "move_occurrence": _move,
    "record_anchor": _record_anchor,
    "correct_anchor": _correct_anchor,
    "report_event": _report,
    "correct_step": _correct_step,
    "undo_step": _undo,
    "wake": _wake,
    "escalate": _escalate,
    "acknowledge": _acknowledge,
    "recalculate": _recalculate,
    "move_protocol": _move_protocol,
}

__all__ = ["AnchorValue", "Draft", "Outcome", "advance", "change_type", "form_of"]
