"""What outcomes, dates and exceptional events do to a case: one small function per action of the language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from protocol import events as e
from protocol.commands import SYSTEM
from protocol.deadlines import countdown, references
from protocol.errors import Refused
from protocol.language import Action, Cancel, Extend, Rule, Step
from protocol.replay import occurrence_id
from protocol.run import Cause, Run, Slot
from protocol.state import Occurrence
from protocol.variants import in_class, matches
from protocol.workdays import ONE_DAY, add_months


def do(run: Run, actions: Iterable[Action], cause: Cause) -> None:
    """Carry out every action whose condition holds, in the order of the file."""
    for action in actions:
        if matches(action.when, facts(run, cause)):
            for name, act in ACTIONS.items():
                value = getattr(action, name)
                if value is not None and value is not False:
                    act(run, action, value, cause)


def facts(run: Run, cause: Cause) -> dict[str, object]:
    state = run.state
    return {
        "release_type": state.release_type, "notice": state.notice, "conditions": state.conditions, "phase": state.phase,
        "outcome": cause.outcome, "trigger": cause.trigger, "form": cause.form, "given": cause.given,
        "known": frozenset(state.anchors), "milestones": frozenset(state.milestones), "moved_by_days": cause.moved_by_days,
    }  # fmt: skip


# dates


def _set_anchor(run: Run, action: Action, anchor: str, cause: Cause) -> None:
    value = cause.given.get(action.from_) if action.from_ else None
    on = dt.date.fromisoformat(value[:10]) if value else None
    record_anchor(run, anchor, on, cause.given.get("certainty", "confirmed"), "known" if on else "withdrawn")


def record_anchor(run: Run, anchor: str, on: dt.date | None, certainty: str, why: Any) -> None:
    """A date became known, moved, or is unknown again; everything that counts from it is counted anew."""
    before = run.state.anchors.get(anchor)
    if before is not None and before.on == on:
        if before.certainty != certainty:
            run.emit(
                e.AnchorKnown(
                    anchor=anchor, on=on, was=on, known_on=before.known_on, certainty=certainty, why="confirmed"
                )
            )
        return
    if before is None and on is None:
        return
    if before is not None and on is not None and why == "known":
        why = "moved"
    steps, notice = run.steps, run.state.notice
    was = before.on if before else None
    run.emit(e.AnchorKnown(anchor=anchor, on=on, was=was, known_on=run.today, certainty=certainty, why=why))
    if any(other.stands_in_for == anchor and key in run.state.anchors for key, other in run.protocol.anchors.items()):
        return  # nothing counts from it any more
    choose_notice(run, run.today)
    definition = run.protocol.anchors[anchor]
    released = definition.stands_in_for is not None
    touched = affected(run, anchor, steps, notice, everything=released)
    if touched:
        run.emit(e.Redated(steps=tuple(touched), on=run.today))
    moved = abs((on - was).days) if on and was else None
    does = definition.when_unknown if on is None else definition.when_known if was is None else definition.when_moved
    if was is None and on is not None and definition.when_moved and why != "corrected":
        does = (*does, *definition.when_moved)  # "P becoming known is a move too"
    do(run, does, Cause(run.today, moved_by_days=moved, key=anchor))
    reconcile(run, touched, "released" if released else "corrected" if why == "corrected" else "date_moved")
    _phase_end(run)


def choose_notice(run: Run, since: dt.date) -> None:
    """The notice class: working days after this day up to and including the date; source: protocol, "Counting"."""
    notice = run.protocol.notice
    if notice is None:
        return
    fixed = next((a.notice for key, a in run.protocol.anchors.items() if a.notice and key in run.state.anchors), None)
    day = run.anchor_day(notice.to)
    days = run.calendar.between(since, day) if day else None
    if fixed is not None:
        chosen = fixed
    elif days is None:
        chosen = notice.unknown
    else:
        chosen = next(c.key for c in notice.classes if c.below is None or days < c.below)
    if chosen != run.state.notice:
        run.emit(e.NoticeChosen(notice=chosen, working_days=days))


def affected(run: Run, anchor: str, before: dict[str, Step], notice: str | None, everything: bool) -> list[str]:
    """The steps not settled that count from this anchor, or whose rule the notice class changed."""
    stands_for = run.protocol.anchors[anchor].stands_in_for
    names = {anchor} | ({stands_for} if stands_for else set())
    found = []
    for key, step in run.steps.items():
        old = before.get(key)
        was = _rules(old, notice) if old else None
        now = _rules(step, run.state.notice)
        changed = was != now or (old is not None and old.after != step.after)
        counted = any(references(rule, run.state.notice) & names for rule in _all_rules(step))
        unsettled = not run.current(key) or any(o.open for o in run.current(key)) or step.repeat is not None
        if unsettled and (changed or counted or (everything and step.floor)):
            found.append(key)
    return found


def _all_rules(step: Step) -> list[Rule]:
    if step.repeat is None:
        return [step.due] if step.due else []
    windows = (step.repeat.window_from, step.repeat.cadence)
    return [*step.repeat.occurrences, *(rule for rule in windows if rule)]


def _rules(step: Step, notice: str | None) -> list[Rule | None]:
    return [in_class(rule, notice) for rule in _all_rules(step)]


def reconcile(run: Run, touched: Iterable[str] | None, why: Any) -> None:
    """After a change of date, class or type: cancel what the variant lacks, count the rest again, redo what no longer counts."""
    steps = run.steps
    for occurrence in run.open_steps():
        step = steps.get(occurrence.step)
        lacks = step is None or (not occurrence.own_rule and _absent(run, occurrence, step))
        if lacks:
            cancel(run, occurrence, "variant", False)
    run.recount(touched, why, redate=touched is not None)
    _drop_passed(run)
    renewed = [
        occurrence.step
        for key, step in steps.items()
        for occurrence in run.current(key)
        if occurrence.status == "done"
        and (run.new_class or not occurrence.eased)
        and run.state.notice not in step.counts_only.get(occurrence.form, (run.state.notice,))
    ]
    if renewed and run.state.ended is None:
        run.emit(e.StepsRenewed(steps=tuple(renewed), why="class"))
    cancel_unready(run, "variant")


def _drop_passed(run: Run) -> None:
    """ "Later ones dated on or before the first are dropped": an open occurrence that moved before an earlier one."""
    for occurrence in run.open_steps():
        step = run.steps.get(occurrence.step)
        if step is None or step.repeat is None or step.repeat.distinct or occurrence.own_rule or occurrence.moved:
            continue
        slot = next((slot for slot in run.slots(occurrence.step, step) if slot.n == occurrence.n), None)
        day = run.slot_day(step, slot, occurrence.ready_on) if slot is not None else None
        before = [o.due for o in run.current(occurrence.step) if o.due and o.n < occurrence.n]
        if day is not None and before and day <= max(before):
            cancel(run, occurrence, "dropped", False)


def cancel_unready(run: Run, why: str, keep: str = "") -> None:
    """Open steps that have to wait for another step again; they open anew when that one is settled."""
    for occurrence in run.open_steps():
        step = run.steps.get(occurrence.step)
        if step is None or occurrence.own_rule or occurrence.id == keep:
            continue
        if any(condition.anchor is None and run.met(condition) is None for condition in step.after):
            cancel(run, occurrence, why, False)


def _absent(run: Run, occurrence: Occurrence, step: Step) -> bool:
    if step.repeat is not None and step.repeat.cadence is not None:
        return in_class(step.repeat.cadence, run.state.notice) is None
    slots = {slot.n: slot for slot in run.slots(occurrence.step, step)}
    slot = slots.get(occurrence.n)
    return slot is not None and slot.rule is not None and in_class(slot.rule, run.state.notice) is None


# steps


def cancel(run: Run, occurrence: Occurrence, why: str, as_settled: bool) -> None:
    run.emit(e.StepCancelled(id=occurrence.id, why=why, on=run.today, as_settled=as_settled))


def _cancel(run: Run, action: Action, what: Cancel, cause: Cause) -> None:
    why = cause.key or cause.outcome or "cancelled"
    for occurrence in run.open_steps():
        counted = what.counted_from is not None and what.counted_from in _counted_from(run, occurrence)
        if occurrence.step not in what.except_ and (what.all_ or occurrence.step in what.steps or counted):
            cancel(run, occurrence, why, what.as_settled)
    if what.as_settled:
        _settled_unopened(run, what.steps, why)


def _counted_from(run: Run, occurrence: Occurrence) -> set[str]:
    """What this occurrence counts from; one that an event opened counts from nothing but that event."""
    step = run.steps.get(occurrence.step)
    if step is None or occurrence.trigger:
        return set()
    slot = run.slot_of(occurrence, step)
    rule = slot.rule if slot is not None else step.due
    return references(rule, run.state.notice)


def _settled_unopened(run: Run, keys: Iterable[str], why: str) -> None:
    """A step that was not even ready counts as settled too."""
    for key in keys:
        step = run.steps.get(key)
        live = run.current(key)
        if step is None or (live and (step.repeat is None or live[-1].last)):
            continue
        n = max((o.n for o in live), default=0) + 1
        id = _id(run, key, n)
        run.emit(e.StepCancelled(id=id, why=why, on=run.today, as_settled=True))


def _id(run: Run, key: str, n: int) -> str:
    step = run.steps.get(key) or run.protocol.steps[key]
    return occurrence_id(key, n, run.state.rounds.get(key, 1), step.repeat is not None)


def _open(run: Run, action: Action, value: Any, cause: Cause) -> None:
    run.open_by(value.step, value.due, cause, value.trigger or cause.trigger or cause.key, value.form)
    if value.theirs and run.actor != SYSTEM:
        run.emit(e.StepAssigned(id=run.index[value.step][-1], staff=run.actor.id))


def _renew(run: Run, action: Action, value: Any, cause: Cause) -> None:
    """Done again: steps of which something was settled start a new round; open ones were only counted again."""
    again = []
    for key in value.steps:
        step = run.steps.get(key)
        if step is None or not any(o.settled for o in run.current(key)):
            continue
        if value.only_in_class and all(in_class(rule, run.state.notice) is None for rule in _all_rules(step)):
            continue
        for occurrence in run.current(key):
            if occurrence.open:
                cancel(run, occurrence, "renewed", False)
        again.append(key)
    if again:
        run.emit(e.StepsRenewed(steps=tuple(again), why=cause.key or "renewed"))


def _again(run: Run, action: Action, rule: Rule, cause: Cause) -> None:
    key = run.state.steps[cause.id].step
    run.open_by(key, rule, cause, cause.trigger, cause.form if cause.form != "short" else None)


def _settle(run: Run, action: Action, value: dict[str, str], cause: Cause) -> None:
    """An event answers a step: open occurrences are done with this outcome; one not yet ready counts as settled."""
    for key, outcome in value.items():
        for occurrence in run.open_steps():
            if occurrence.step == key and not occurrence.trigger:
                run.emit(
                    e.StepDone(
                        id=occurrence.id, outcome=outcome, occurred_on=run.today, recorded_on=run.today, by=run.actor.id
                    )
                )
        if not run.current(key):
            _settled_unopened(run, [key], cause.key)


def _redate(run: Run, action: Action, keys: tuple[str, ...], cause: Cause) -> None:
    run.emit(e.Redated(steps=keys, on=run.today))
    run.recount(keys, "permission", redate=True)


# the case


def _until(run: Run, rule: Rule | None, cause: Cause) -> dt.date | None:
    due = countdown(rule, run.count(None, run.today, cause)) if rule else None
    return due.on if due else None


def _phase(run: Run, action: Action, key: str, cause: Cause) -> None:
    was = run.phase
    phase = run.protocol.phases[key]
    back = was.only is not None or was.paused
    run.emit(
        e.PhaseEntered(
            phase=key, on=cause.day, until=_until(run, phase.until, cause), why=cause.key or cause.outcome or "",
            drop_before=run.today if back and phase.only is None else None,
        )
    )  # fmt: skip
    if phase.only is not None:
        for occurrence in run.open_steps():
            if occurrence.step not in phase.only:
                cancel(run, occurrence, f"phase:{key}", False)


def _phase_end(run: Run) -> None:
    """A phase whose end counts from a date gets it once that date is known, and loses it with the date."""
    phase = run.phase
    if phase.until is None or run.state.ended or not references(phase.until, None) & set(run.protocol.anchors):
        return
    until = _until(run, phase.until, Cause(run.state.phase_since))
    if until != run.state.phase_until:
        run.emit(e.PhaseEntered(phase=run.state.phase, on=run.state.phase_since, until=until, why="date"))


def _closing(run: Run, action: Action, rule: Rule, cause: Cause) -> None:
    """A closing event: every open step is cancelled except those of the closing phase; closure is due by this rule."""
    closing = run.protocol.closing_phase
    why = cause.key or cause.outcome or "closing"
    if run.state.phase == closing or run.state.ended:
        _close_sooner(run, action, rule, cause, why)
        return
    run.emit(e.PhaseEntered(phase=closing, on=run.today, why=why))
    keeps = run.protocol.phases[closing].only or ()
    for occurrence in run.open_steps():
        if occurrence.step not in keeps or occurrence.step == run.protocol.closing_step:
            cancel(run, occurrence, why, False)
    run.open_by(run.protocol.closing_step, rule, cause, trigger=why, form=action.closing_form)


def _close_sooner(run: Run, action: Action, rule: Rule, cause: Cause, why: str) -> None:
    """A second closing event: of two closing days the earlier counts."""
    step, due = run.protocol.closing_step, countdown(rule, run.count(None, run.today, cause))
    for occurrence in run.open_steps():
        if occurrence.step == step and due is not None and (occurrence.due is None or due.on < occurrence.due):
            cancel(run, occurrence, why, False)
            run.open_by(step, rule, cause, trigger=why, form=action.closing_form)


def _end(run: Run, action: Action, phase: str, cause: Cause) -> None:
    keeps = run.protocol.phases[phase].only or ()
    for occurrence in run.open_steps():
        step = run.protocol.steps.get(occurrence.step)
        if step is not None and step.not_decided:
            done = e.StepDone(
                id=occurrence.id, outcome=step.not_decided, occurred_on=run.today, recorded_on=run.today, by="system"
            )
            run.emit(done)
        elif occurrence.step not in keeps:
            cancel(run, occurrence, f"phase:{phase}", False)
    run.emit(e.CaseEnded(phase=phase, on=run.today, why=cause.key or cause.outcome or ""))
    for key in keeps:
        step = run.steps.get(key)
        if step is not None and not step.duty:
            run.open_next(key, step)


def _event(run: Run, action: Action, key: str, cause: Cause) -> None:
    happen(run, key, cause.day, cause.given)


def happen(run: Run, key: str, day: dt.date, given: dict[str, str]) -> None:
    """An exceptional event of the protocol file happens."""
    run.emit(e.EventHappened(event=key, occurred_on=day, by=run.actor.id, given=given))
    do(run, run.protocol.events[key].does, Cause(day, given, key=key))


def _resume(run: Run, action: Action, rule: Rule, cause: Cause) -> None:
    """Timers go on: dates do not shift; repeated steps due meanwhile are dropped, single ones get time."""
    since, due = run.state.phase_since, countdown(rule, run.count(None, run.today, Cause(run.today)))
    assert due is not None
    for occurrence in run.open_steps():
        if occurrence.due is None or occurrence.due >= run.today:
            continue
        step = run.steps.get(occurrence.step)
        if (step or run.protocol.steps[occurrence.step]).runs_in_pause:
            continue
        if step is not None and step.repeat is not None and occurrence.due >= since:
            cancel(run, occurrence, "pause", True)
        elif step is None or step.repeat is None:
            run.emit(
                e.StepDue(id=occurrence.id, ready_on=occurrence.ready_on, due=due.on, at=occurrence.at, form=occurrence.form,
                          last=occurrence.last, why="resumed")
            )  # fmt: skip


def _set_type(run: Run, action: Action, value: bool, cause: Cause) -> None:
    new = cause.given.get("release_type", run.state.release_type)
    change_type(run, new, cause.given.get("conditions", run.state.conditions))


def change_type(run: Run, release_type: str, conditions: str) -> None:
    if (release_type, conditions) == (run.state.release_type, run.state.conditions):
        return
    before, notice = run.steps, run.state.notice
    run.emit(e.TypeChanged(release_type=release_type, conditions=conditions))
    touched = [
        key
        for key, step in run.steps.items()
        if _rules(step, run.state.notice) != _rules(before.get(key, step), notice)
    ]
    if touched:
        run.emit(e.Redated(steps=tuple(touched), on=run.today))
    reconcile(run, touched, "type_changed")


def _extend(run: Run, action: Action, value: Extend, cause: Cause) -> None:
    """Closure later by decision: the end, and the steps that go on until then."""
    count = run.count(None, run.today, cause)
    base = run.state.end_on or _own_due(run, value.step)
    limit = countdown(value.limit, count)
    if base is None or limit is None:
        raise Refused("extension.no-end", "the closing day is not known yet", "record the actual release first")
    assert value.by.days is not None
    end = run.calendar.next_working(base + value.by.days * ONE_DAY)
    if end > limit.on:
        raise Refused(
            "extension.limit", "the case would run beyond its longest term", "close the case, or open a new one later"
        )
    needed = countdown(value.needs_after, count) if value.needs_after else None
    if value.needs and needed and end > needed.on and value.needs not in run.state.milestones:
        raise Refused(
            "extension.decision", "an end this late needs a decision first", f"hold the step {value.needs} first"
        )
    extra: dict[str, tuple[dt.date, ...]] = {}
    if value.monthly:
        extra[value.monthly] = tuple(_months(run, value, end))
    for key, rule in value.before_end.items():
        assert rule.working_days is not None
        extra[key] = (run.calendar.back(end, rule.working_days),)
    run.emit(e.Extended(until=end, extra=extra))
    for occurrence in run.open_steps():
        if occurrence.step == value.step:
            cancel(run, occurrence, "extended", False)
    run.recount(list(extra), "extended", redate=False)


def _own_due(run: Run, key: str) -> dt.date | None:
    step = run.steps.get(key)
    return run.slot_day(step, Slot(1, step.due), run.today) if step and step.due else None


def _months(run: Run, value: Extend, end: dt.date) -> list[dt.date]:
    rule = value.monthly_from
    assert rule is not None and rule.months is not None and rule.after is not None
    base = run.anchor_day(rule.after)
    known = run.state.extra.get(value.monthly or "", ())
    days, month = [], rule.months
    while base is not None and (day := run.calendar.next_working(add_months(base, month))) < end:
        if day not in known and day > run.today:
            days.append(day)
        month += 1
    return days


def _erase(run: Run, action: Action, value: bool, cause: Cause) -> None:
    run.emit(e.CaseErased(on=run.today))


ACTIONS: dict[str, Callable[[Run, Action, Any, Cause], None]] = {
    "set_type": _set_type,
    "set_anchor": _set_anchor,
    "settle": _settle,
    "cancel": _cancel,
    "renew": _renew,
    "resume": _resume,
    "phase": _phase,
    "open": _open,
    "again": _again,
    "redate": _redate,
    "extend": _extend,
    "event": _event,
    "closing": _closing,
    "end": _end,
    "erase": _erase,
}
