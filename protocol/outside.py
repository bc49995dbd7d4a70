"""What a transition asks of the outside: a function of its events and the state they led to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from protocol.effects import Effect, Erase, Prepare, Tell, Timer
from protocol.escalation import first_call, next_call
from protocol.run import Run
from protocol.state import CaseState
from protocol.variants import matches
from protocol.workdays import ONE_DAY

CHANGES_DUE = ("step_opened", "step_due", "step_reopened")
QUIET = ("step_assigned", "step_appointed", "step_proposed", "step_done", "escalated", "acknowledged", "step_corrected")
"""events that never change when the case must be looked at again"""
SETTLES = ("step_done", "step_waived", "step_cancelled")


def effects_of(run: Run, state: CaseState, woken: bool = False) -> tuple[Effect, ...]:
    """`woken`: the case was looked at because of its timer, which is spent and has to be set again."""
    found: list[Effect] = []
    timers: dict[str, None] = {}
    for event in run.events:
        kind = event.kind
        if kind in CHANGES_DUE or kind in SETTLES or kind == "escalated":
            timers[event.id] = None
        if kind == "phase_entered":  # timers stop in a pause and go on after it
            timers |= dict.fromkeys(occurrence.id for occurrence in state.steps.values() if occurrence.open)
        if kind in TELLS and _is_news(run, state, event):
            TELLS[kind](run, state, event, found)
    found += [_escalation(run, state, id) for id in timers]
    if woken or any(_may_wake(run, event) for event in run.events):
        found.append(Timer(key="wake", at=wake_at(run)))
    return tuple(found)


def _is_news(run: Run, state: CaseState, event: Any) -> bool:
    """Of a case that was taken over only its open steps are news."""
    return not run.taken_over or (event.kind == "step_opened" and state.steps[event.id].open)


def _may_wake(run: Run, event: Any) -> bool:
    """Whether this event can change when the case must be looked at again."""
    if event.kind == "step_opened":
        step = run.steps.get(event.step)
        return step is not None and (step.repeat is not None or step.hard_stop is not None)
    return event.kind not in QUIET


def _escalation(run: Run, state: CaseState, id: str) -> Timer:
    occurrence = state.steps[id]
    step = run.steps.get(occurrence.step) or run.protocol.steps[occurrence.step]
    stopped = run.protocol.phases[state.phase].paused and not step.runs_in_pause
    if not occurrence.open or stopped:
        return Timer(key=f"escalate:{id}", at=None)
    told = next((event for event in reversed(run.events) if event.kind == "escalated" and event.id == id), None)
    call = (
        next_call(run.protocol, state, occurrence, run.calendar, told.rung)
        if told
        else first_call(run.protocol, state, occurrence, run.calendar, run.at)
    )
    return Timer(key=f"escalate:{id}", at=call.at if call else None, rung=call.rung if call else 0)


def wake_at(run: Run) -> dt.datetime | None:
    """The moment to look at the case by itself."""
    day = wake_on(run)
    return run.calendar.start_of(day) if day else None


def wake_on(run: Run) -> dt.date | None:
    """When the case must be looked at by itself: the next occurrence of a repeated step, or the end of its phase."""
    state = run.state
    days: list[dt.date] = []
    if state.ended is None:
        for key, step in run.steps.items():
            if step.repeat is None or not run.allowed(key) or step.duty:
                continue
            live = run.current(key)
            horizon = max((o.due for o in live if o.due), default=None)
            if horizon is None or horizon <= run.today or live[-1].status == "cancelled":
                continue  # what that day was to open is open, or waits for something else
            planned = max((o.n for o in live if not o.own_rule), default=0)  # what was asked again is beside them
            if run.further(key, step, horizon, planned):
                days.append(horizon)
    stops = (run.hard_stop(occurrence) for occurrence in run.open_steps())
    days += [max(day, run.today + ONE_DAY) for day in stops if day is not None]
    if state.phase_until is not None:
        days.append(state.phase_until + ONE_DAY)
    return min(days, default=None)


def _step_opened(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    step = run.steps.get(event.step) or run.protocol.steps[event.step]
    if step.flow:
        found.append(Prepare(flow=step.flow, id=event.id))
    found.append(Tell(who=step.owner, what="opened", id=event.id))


def _step_settled(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    key = state.steps[event.id].step
    step = run.steps.get(key) or run.protocol.steps[key]
    facts = {
        "outcome": state.steps[event.id].outcome,
        "given": state.steps[event.id].given,
        "release_type": state.release_type,
    }
    for told in step.told:
        if matches(told.when, facts):
            found.append(Tell(who=told.who, what=told.what, id=event.id))


def _step_due(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    key = state.steps[event.id].step
    step = run.steps.get(key) or run.protocol.steps[key]
    found.append(Tell(who=step.owner, what="moved", id=event.id))


def _proposed(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    key = state.steps[event.id].step
    step = run.steps.get(key) or run.protocol.steps[key]
    if step.four_eyes:
        found += [Tell(who=role, what="second", id=event.id) for role in step.four_eyes.role]


def _escalated(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    key = state.steps[event.id].step
    step = run.steps.get(key) or run.protocol.steps[key]
    what = "reminder" if event.rung < 0 else "late"
    found += [
        Tell(who=step.owner if who == "owner" else who, what=what, id=event.id, urgent=event.urgent)
        for who in event.who
    ]


def _taken_over(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    found.append(Tell(who=event.by, what="taken_over", id=event.id))


def _happened(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    known = run.protocol.events.get(event.event)
    what = "assigned" if known and known.hands_over else "urgent_news"
    found += [Tell(who=role, what=what) for role in (known.tells if known else ())]


def _erased(run: Run, state: CaseState, event: Any, found: list[Effect]) -> None:
    found.append(Erase())


TELLS = {
    "step_opened": _step_opened,
    "step_done": _step_settled,
    "step_due": _step_due,
    "step_proposed": _proposed,
    "escalated": _escalated,
    "step_taken_over": _taken_over,
    "event_happened": _happened,
    "case_erased": _erased,
}
