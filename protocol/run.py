"""One transition under way: what is known, what opens, when it is due. Emits events and applies them to a draft.

`advance.py` holds the commands and `actions.py` what outcomes and events do; both work on a `Run`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from protocol import events as e
from protocol.commands import Actor
from protocol.deadlines import Count, Due, Ready, countdown, deadline, references
from protocol.language import After, Phase, Protocol, Rule, Step
from protocol.replay import Draft, apply, occurrence_id
from protocol.state import CaseState, Occurrence
from protocol.variants import dependents, in_class, steps_for
from protocol.workdays import ONE_DAY, WorkCalendar


class Cause(NamedTuple):
    """What an action is done for: the values given, the day, the outcome and what opened the step."""

    day: dt.date
    given: dict[str, str] = {}
    outcome: str | None = None
    trigger: str = ""
    form: str = "full"
    id: str = ""
    key: str = ""
    moved_by_days: int | None = None


class Slot(NamedTuple):
    """A possible occurrence of a step: its number, its rule or fixed day."""

    n: int
    rule: Rule | None
    on: dt.date | None = None


class Run:
    """A command being carried out on one case."""

    def __init__(
        self, protocol: Protocol, state: CaseState | None, calendar: WorkCalendar, at: dt.datetime, actor: Actor
    ):
        self.protocol = protocol
        self.calendar = calendar
        self.actor = actor
        self.at = at
        local = at.astimezone(calendar.zone)
        self.today = local.date()
        self.hour: str | None = f"{local.hour:02}:{local.minute:02}"
        self.events: list[Any] = []
        self.assumed: dt.date | None = None
        """explanations only: the day a predecessor is assumed to be settled, a date to have become known"""
        self.unending: str | None = None
        """explanations only: a repeated step that goes on whatever its outcomes"""
        self.taken_over = False
        """the case ran before: what happened in it then is told to nobody"""
        self.state = Draft(state)
        self.index: dict[str, list[str]] = {}
        for id, occurrence in self.state.steps.items():
            self.index.setdefault(occurrence.step, []).append(id)

    # what happened

    def emit(self, event: Any) -> None:
        known = len(self.state.steps)
        apply(self.state, event)
        self.events.append(event)
        if len(self.state.steps) > known:
            self.index.setdefault(self.state.steps[event.id].step, []).append(event.id)

    # what is known

    @property
    def steps(self) -> dict[str, Step]:
        """The steps of this case's variant."""
        return steps_for(self.protocol, self.state.release_type, self.state.notice, self.state.conditions)

    @property
    def phase(self) -> Phase:
        return self.protocol.phases[self.state.phase]

    def current(self, step: str) -> list[Occurrence]:
        """The occurrences of a step in its current round that were not cancelled (or count as settled all the same)."""
        round_ = self.state.rounds.get(step, 1)
        found = (self.state.steps[id] for id in self.index.get(step, ()))
        return [o for o in found if o.round == round_ and (o.status != "cancelled" or o.as_settled)]

    def open_steps(self) -> list[Occurrence]:
        return [occurrence for occurrence in self.state.steps.values() if occurrence.open]

    def anchor_day(self, anchor: str) -> dt.date | None:
        """The day of an anchor; one that stands in for it, once known, replaces it."""
        for key, other in self.protocol.anchors.items():
            if other.stands_in_for == anchor and key in self.state.anchors:
                return self.state.anchors[key].on
        value = self.state.anchors.get(anchor)
        return value.on if value else None

    def reference(self, name: str, ready: dt.date | None, cause: Cause | None) -> dt.date | None:
        kind, _, key = name.partition(":")
        if name == "ready":
            return ready
        if self.assumed is not None and kind in ("known", "settled"):
            return self.assumed
        if name == "event":
            return cause.day if cause else self.assumed
        if kind == "given":
            value = cause.given.get(key) if cause else None
            return dt.date.fromisoformat(value[:10]) if value else None
        if kind == "known":
            known = self.state.anchors.get(key)
            return known.known_on if known else None
        if kind in ("settled", "due"):
            found = [self.state.steps[id] for id in self.index.get(key, ())]
            if cause is not None and cause.id and self.state.steps[cause.id].step == key:
                found = [self.state.steps[cause.id]]  # the occurrence that brings this about, of several
            days = [o.settled_on if kind == "settled" else o.due for o in found]
            return next((day for day in reversed(days) if day is not None), None)
        return self.anchor_day(name)

    def count(self, step: Step | None, ready: dt.date | None, cause: Cause | None = None, n: int = 1) -> Count:
        rota = step is not None and (step.rota or (n == 1 and step.repeat is not None and step.repeat.rota_first))
        return Count(
            self.calendar,
            lambda name: self.reference(name, ready, cause),
            self.state.notice,
            rota,
            self.protocol.meetings,
        )

    # when a step is ready

    def met(self, condition: After) -> Ready | None:
        """The day this condition was met, and whether that was by the due day; None: not met."""
        if condition.any_ is not None:
            return next((ready for part in condition.any_ if (ready := self.met(part))), None)
        if condition.anchor is not None:
            value = self.state.anchors.get(condition.anchor)
            if value is None:
                return None
            # "this shifts N only": other dates are known from the day they really arrived
            cut_off = self.protocol.anchors[condition.anchor].cut_off
            return Ready(max(value.known_on, value.on) if cut_off else value.known_on)
        if condition.milestone is not None:
            day = self.state.milestones.get(condition.milestone)
            return Ready(day, self.state.milestones_on_time.get(condition.milestone, True)) if day else None
        assert condition.step is not None
        return self._settled(condition.step, condition)

    def _settled(self, step: str, condition: After) -> Ready | None:
        for occurrence in reversed(self.current(step)):
            if not occurrence.settled or (condition.last and not self._is_last(occurrence)):
                continue
            if condition.outcome is not None and occurrence.outcome not in condition.outcome:
                continue
            if any(occurrence.given.get(key) not in wanted for key, wanted in (condition.given or {}).items()):
                continue
            day, due = occurrence.settled_on, occurrence.due
            on_time = due is None or day is None or day <= due
            return Ready(occurrence.recorded_on or self.today, on_time)
        return None

    def _is_last(self, occurrence: Occurrence) -> bool:
        step = self.steps.get(occurrence.step)
        return (
            step is None
            or occurrence.due is None
            or not self.further(occurrence.step, step, occurrence.due, occurrence.n)
        )

    def ready(self, key: str, step: Step, rule: Rule | None) -> Ready | None:
        """The ready day of a step: its predecessors settled, the dates it depends on known, whichever is later."""
        days, on_time = [], True
        for condition in step.after:
            ready = self.met(condition)
            if ready is None:
                return None
            days.append(ready.on)
            on_time = on_time and ready.on_time
        for name in references(rule, self.state.notice):
            value = self.state.anchors.get(name)
            if value is not None:
                days.append(value.known_on)
        if key in self.state.redated:
            days.append(self.state.redated[key])
        on = max(days, default=self.today)
        return Ready(on, on_time, self.hour if on == self.today else None)

    # which occurrences there can be

    def slots(self, key: str, step: Step) -> list[Slot]:
        if step.repeat is None:
            return [Slot(1, step.due)]
        rules = [Slot(n, rule) for n, rule in enumerate(step.repeat.occurrences, 1)]
        extra = [Slot(len(rules) + n, None, day) for n, day in enumerate(self.state.extra.get(key, ()), 1)]
        return rules + extra

    def slot_day(self, step: Step, slot: Slot, ready: dt.date | None) -> dt.date | None:
        if slot.on is not None:
            return slot.on
        due = countdown(slot.rule, self.count(step, ready, n=slot.n))
        return due.on if due else None

    def due(self, step: Step, slot: Slot, ready: Ready) -> Due | None:
        if slot.on is not None:
            return Due(slot.on)
        if slot.rule is None:
            return None
        if self.state.end_on is not None and step is self.steps.get(self.protocol.closing_step):
            return Due(self.state.end_on)
        floor = self.protocol.floor if step.floor else None
        if floor is not None and self._after_release(slot.rule):
            floor = None
        return deadline(step, slot.rule, ready, self.count(step, ready.on, n=slot.n), floor)

    def _after_release(self, rule: Rule) -> bool:
        """Whether a rule counts from an anchor that stands in for another (the actual release): no floor then."""
        names = references(rule, self.state.notice)
        return any(self.protocol.anchors[name].stands_in_for for name in names if name in self.protocol.anchors)

    def further(self, key: str, step: Step, after: dt.date, n: int) -> bool:
        """Whether another occurrence follows one that is due on this day."""
        if step.repeat is None:
            return False
        if step.repeat.cadence is not None:
            return True
        if step.repeat.distinct:
            return n < len(self.slots(key, step))
        days = (self.slot_day(step, slot, after) for slot in self.slots(key, step))
        return any(day is not None and day > after for day in days)

    # hard stops

    def hard_stop(self, occurrence: Occurrence) -> dt.date | None:
        """The day on which another role takes an open step over; None: never, or it did already."""
        step = self.steps.get(occurrence.step) or self.protocol.steps.get(occurrence.step)
        if step is None or step.hard_stop is None or not occurrence.open or occurrence.taken_by is not None:
            return None
        if self.phase.paused and not step.runs_in_pause:
            return None
        due = countdown(step.hard_stop.rule, self.count(step, occurrence.ready_on))
        return max(due.on, occurrence.ready_on) if due is not None else None

    def take_over_stopped(self) -> None:
        """Give every open step whose hard stop has come to the role that takes it over."""
        for occurrence in self.open_steps():
            day = self.hard_stop(occurrence)
            if day is not None and day <= self.today:
                step = self.steps.get(occurrence.step) or self.protocol.steps[occurrence.step]
                assert step.hard_stop is not None
                self.emit(e.StepTakenOver(id=occurrence.id, by=step.hard_stop.by, on=self.today))

    # opening

    def open_ready(self) -> None:
        """Open everything that is ready by today, until nothing more opens; a case that closes opens nothing by itself."""
        if self.state.phase == self.protocol.closing_phase:
            return
        if (waiting := self._only_waiting()) is not None:
            self._open_each(waiting)
            return
        while self._open_each(self.steps) and self.state.ended is None:
            pass

    def _open_each(self, keys: Iterable[str]) -> bool:
        opened, steps = False, self.steps
        for key in keys:
            step = steps[key]
            if self.state.ended is None and step.opens_itself and not step.duty and self.allowed(key):
                while self.open_next(key, step):
                    opened = True
        return opened

    def _only_waiting(self) -> list[str] | None:
        """When steps were only settled: the steps that wait for them. None: anything may have become ready."""
        if not self.events:  # time alone passed
            return None
        names: list[str] = []
        for event in self.events:
            if event.kind == "step_done":
                names.append(self.state.steps[event.id].step)
            elif event.kind == "milestone_reached":
                names.append(event.milestone)
            elif event.kind != "step_proposed":
                return None
        state = self.state
        waiting = dependents(self.protocol, state.release_type, state.notice, state.conditions)
        # … and a repeated step that was settled: its next occurrence may depend on the answer
        return [key for name in names for key in ((name,) if name in self.steps else ()) + waiting.get(name, ())]

    def allowed(self, key: str) -> bool:
        only = self.phase.only
        return only is None or key in only

    def open_next(self, key: str, step: Step) -> bool:
        live = self.current(key)
        if live and (step.repeat is None or live[-1].status == "cancelled"):
            return False
        until = step.repeat.until if step.repeat is not None and key != self.unending else None
        if until is not None and self.met(until):
            return False
        horizon = max((o.due for o in live if o.due), default=None)
        if live and (self.today < horizon if horizon else any(o.open for o in live)):
            return False  # "the n-th becomes ready on the due day of the one before"; without a day, once that is done
        if step.repeat is not None and step.repeat.cadence is not None:
            return self._open_cadence(key, step, live, horizon)
        used = {occurrence.n for occurrence in live}
        for slot in self.slots(key, step):
            if slot.n in used or (slot.rule is not None and in_class(slot.rule, self.state.notice) is None):
                continue
            ready = self.ready(key, step, slot.rule)
            if ready is None:
                return False
            if horizon is not None:
                ready = ready._replace(on=max(horizon, self.state.redated.get(key, horizon)), at=None)
            day = self.slot_day(step, slot, ready.on)
            if slot.rule is not None and day is None:
                continue
            if day is not None and self._passed(step, day, horizon):
                continue
            if step.only_if_before is not None and not self.before(step, slot, ready):
                continue
            self.open(key, step, slot, ready)
            return True
        return False

    def before(self, step: Step, slot: Slot, ready: Ready) -> bool:
        assert step.only_if_before is not None
        due, limit = self.due(step, slot, ready), self.anchor_day(step.only_if_before)
        return due is None or limit is None or due.on < limit

    def _passed(self, step: Step, day: dt.date, horizon: dt.date | None) -> bool:
        """Same day as the one before: they are one. Earlier, or while the case was paused or dormant: dropped."""
        if step.repeat is not None and step.repeat.distinct:
            return False
        if horizon is not None and day <= horizon:
            return True
        return step.repeat is not None and self.state.drop_before is not None and day < self.state.drop_before

    def _open_cadence(self, key: str, step: Step, live: list[Occurrence], horizon: dt.date | None) -> bool:
        repeat = step.repeat
        assert repeat is not None and repeat.cadence is not None
        ready = self.ready(key, step, repeat.cadence)
        if ready is None:
            return False
        if horizon is not None:
            ready = ready._replace(on=horizon)
        start = countdown(repeat.window_from, self.count(step, ready.on)) if repeat.window_from else None
        counted = max(ready.on, start.on - ONE_DAY) if start else ready.on
        if self.state.drop_before is not None:  # what passed while the case was paused or dormant is dropped
            counted = max(counted, self.state.drop_before - ONE_DAY)
            ready = ready._replace(on=max(ready.on, self.state.drop_before))
        due = countdown(repeat.cadence, self.count(step, counted))
        end = countdown(repeat.window_until, self.count(step, counted)) if repeat.window_until else None
        goes_on = bool(live) and bool(repeat.goes_on_when) and all(
            live[-1].given.get(field) in wanted for field, wanted in (repeat.goes_on_when or {}).items()
        )  # fmt: skip
        if due is None or (end is not None and due.on > end.on and not goes_on):
            return False
        n = max((o.n for o in self.state.steps.values() if o.step == key), default=0) + 1
        self._emit_open(key, step, n, ready.on, due, "", self.form_of(step))
        return True

    def form_of(self, step: Step, n: int = 1) -> str:
        own = step.repeat.forms.get(n) if step.repeat is not None else None
        return own or step.form_in.get(self.state.notice or "", "full")

    def open(self, key: str, step: Step, slot: Slot, ready: Ready) -> None:
        due = self.due(step, slot, ready)
        form = (step.short_form or "short") if due and due.form else self.form_of(step, slot.n)
        self._emit_open(key, step, slot.n, ready.on, due, "", form)

    def open_by(
        self, key: str, rule: Rule | None, cause: Cause, trigger: str = "", form: str | None = None, why: str = ""
    ) -> None:
        """Open an occurrence because of an event or outcome; `rule` instead of the step's own."""
        step = self.steps.get(key) or self.protocol.steps[key]
        taken = [
            self.state.steps[id].n
            for id in self.index.get(key, ())
            if self.state.steps[id].round == self.state.rounds.get(key, 1)
        ]
        n = max([*taken, len(self.slots(key, step)) if step.repeat else 0], default=0) + 1
        own = rule or step.due
        due = None
        if own is not None:
            due = countdown(own, self.count(step, self.today, cause))
            if due is not None and due.on < self.today:  # "no step is ever due before its ready day"
                due = due._replace(on=self.today)
            if due is not None and due.at and due.on == self.today and (self.hour or "") > due.at:
                due = due._replace(on=self.today + ONE_DAY)
        self._emit_open(key, step, n, self.today, due, trigger, form or self.form_of(step), own_rule=True)

    def _emit_open(
        self,
        key: str,
        step: Step,
        n: int,
        ready_on: dt.date,
        due: Due | None,
        trigger: str,
        form: str,
        own_rule: bool = False,
    ) -> None:
        round_ = self.state.rounds.get(key, 1)
        last = own_rule or due is None or not self.further(key, step, due.on, n)
        self.emit(
            e.StepOpened(
                id=occurrence_id(key, n, round_, step.repeat is not None), step=key, n=n, round=round_, ready_on=ready_on,
                opened_on=self.today, due=due.on if due else None, at=due.at if due else None, form=form, trigger=trigger,
                own_rule=own_rule, last=last,
            )
        )  # fmt: skip

    # counting again

    @property
    def new_class(self) -> bool:
        """Whether this transition changed the notice class."""
        return any(event.kind == "notice_chosen" for event in self.events)

    def recount(self, steps: Iterable[str] | None, why: Any, redate: bool) -> None:
        """Count open steps again (`None`: all); with `redate` their ready day is no earlier than today."""
        for occurrence in self.open_steps():
            step = self.steps.get(occurrence.step)
            if occurrence.own_rule or step is None or (steps is not None and occurrence.step not in steps):
                continue
            if occurrence.moved and not redate:
                continue
            self._recount_one(occurrence, step, why, redate)

    def _recount_one(self, occurrence: Occurrence, step: Step, why: Any, redate: bool) -> None:
        key = occurrence.step
        slot = self.slot_of(occurrence, step)
        if slot is None:
            return
        ready = self.ready(key, step, slot.rule) or Ready(occurrence.ready_on)
        on = max(occurrence.ready_on, self.today) if redate else occurrence.ready_on
        ready = Ready(on, ready.on_time, self.hour if redate and on == self.today else None)
        due = self.due(step, slot, ready)
        if step.repeat is not None and step.repeat.cadence is not None:
            start = countdown(step.repeat.window_from, self.count(step, on)) if step.repeat.window_from else None
            due = countdown(step.repeat.cadence, self.count(step, max(on, start.on - ONE_DAY) if start else on))
        form = (step.short_form or "short") if due and due.form else self.form_of(step, occurrence.n)
        if occurrence.eased and not self.new_class:  # a waiver stands until the notice class changes
            form = occurrence.form
        last = due is None or not self.further(key, step, due.on, occurrence.n)
        new = (on, due.on if due else None, due.at if due else None, form, last)
        if new != (occurrence.ready_on, occurrence.due, occurrence.at, occurrence.form, occurrence.last):
            self.emit(e.StepDue(id=occurrence.id, ready_on=on, due=new[1], at=new[2], form=form, last=last, why=why))

    def slot_of(self, occurrence: Occurrence, step: Step) -> Slot | None:
        if step.repeat is not None and step.repeat.cadence is not None:
            return Slot(occurrence.n, step.repeat.cadence)
        return next((slot for slot in self.slots(occurrence.step, step) if slot.n == occurrence.n), None)
