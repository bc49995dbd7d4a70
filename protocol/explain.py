"""An on-time run of a protocol: every step settled on its due day with its expected outcome. Explains and forecasts due days.

Forecasts are shown as such and never escalate. Source: protocol, "Counting" (ready day, forecast).
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from protocol import commands as c
from protocol.actions import record_anchor
from protocol.advance import HANDLERS, form_of
from protocol.advance import _settle as settle
from protocol.because import because, day_words
from protocol.deadlines import Due, Ready
from protocol.errors import Refused
from protocol.language import Protocol, Step
from protocol.run import Run, Slot
from protocol.state import CaseState, Occurrence
from protocol.variants import in_class
from protocol.workdays import FIRST_YEAR, LAST_YEAR, WorkCalendar

LONGEST_RUN = 400
"""Steps of an on-time run: more than any protocol needs, so that a protocol without an end is noticed."""


class Explained(NamedTuple):
    step: str
    n: int
    due: dt.date
    at: str | None
    ready_on: dt.date
    form: str
    because: tuple[str, ...]


class Planned(NamedTuple):
    """One occurrence of an on-time run."""

    id: str
    step: str
    n: int
    ready_on: dt.date
    due: dt.date | None
    at: str | None
    last: bool


class OnTime:
    """A case that goes as planned, in memory."""

    def __init__(
        self,
        protocol: Protocol,
        state: CaseState | None,
        calendar: WorkCalendar,
        at: dt.datetime,
        later: dict[str, dt.date] | None = None,
    ):
        self.run = Run(protocol, state, calendar, at, c.SYSTEM)
        self.run.hour = None
        self.released = False
        """the actual release is given, not only forecast"""
        self.insist: dict[str, str] = {}
        """steps with another outcome than the expected one"""
        self.later = dict(later or {})
        """dates that become known on their day"""
        self.arrived: Ready | None = None
        """the day and hour of the notification, where the hour was given"""

    def open(self, command: c.OpenCase) -> None:
        HANDLERS["open_case"](self.run, command)
        self.run.open_ready()

    def due_next(self) -> Occurrence | None:
        found = [o for o in self.run.open_steps() if o.due is not None and not self.holds(o)]
        return min(found, key=lambda o: (o.due, o.at is not None, o.n), default=None)

    def holds(self, occurrence: Occurrence) -> bool:
        """A step that would record a date is held back until that date becomes known, or nothing else is left to do."""
        step = self.run.steps.get(occurrence.step)
        return step is not None and occurrence.step not in self.insist and any(
            action.set_anchor and self.run.protocol.anchors[action.set_anchor].forecast for action in step.follows
        )  # fmt: skip

    def endless(self, occurrence: Occurrence) -> bool:
        step = self.run.steps.get(occurrence.step)
        return step is not None and step.repeat is not None and step.repeat.cadence is not None

    def step_on(self) -> bool:
        """Let time pass to the next thing and let it happen; False when nothing more happens."""
        upcoming = self.due_next()
        learn = min(self.later.values(), default=None)
        if learn is None and (upcoming is None or self._only_endless()) and self._forecast_anchor(upcoming):
            return True
        if upcoming is None and learn is None:
            return False
        if learn is not None and (upcoming is None or upcoming.due is None or upcoming.due >= learn):
            # "A becomes known": what was due before that day is settled, the rest is counted anew
            self._pass(learn)
            for anchor in [anchor for anchor, on in self.later.items() if on <= learn]:
                record_anchor(self.run, anchor, self.later.pop(anchor), "confirmed", "known")
        else:
            assert upcoming is not None and upcoming.due is not None
            self._pass(upcoming.due)
            self.settle(upcoming)
        self.run.open_ready()
        return True

    def learn_by(self, day: dt.date) -> None:
        """Dates that are known by this day, where the run had not come to them yet."""
        for anchor, on in list(self.later.items()):
            if on <= day:
                self._pass(on)
                record_anchor(self.run, anchor, self.later.pop(anchor), "confirmed", "known")

    def _pass(self, day: dt.date) -> None:
        if day > self.run.today:
            self.run.today, self.run.hour = day, None

    def _only_endless(self) -> bool:
        return all(self.endless(o) or self.holds(o) for o in self.run.open_steps() if o.due is not None)

    def _forecast_anchor(self, upcoming: Occurrence | None) -> bool:
        """A date that is not known yet is taken from the one it is forecast by, as if it became known on its day."""
        for key, anchor in self.run.protocol.anchors.items():
            day = self.run.anchor_day(anchor.forecast) if anchor.forecast else None
            if (
                day is None
                or (upcoming is not None and upcoming.due is not None and upcoming.due < day)
                or key in self.run.state.anchors
                or self.run.state.ended is not None
                or not self._counted(key)
            ):
                continue
            self.run.today = max(day, self.run.state.notified_on)
            record_anchor(self.run, key, day, "confirmed", "known")
            self.run.open_ready()
            return True
        return False

    def _counted(self, anchor: str) -> bool:
        """Whether any step of this variant waits for this anchor."""
        return any(condition.anchor == anchor for step in self.run.steps.values() for condition in step.after)

    def settle(self, occurrence: Occurrence) -> None:
        step = self.run.steps.get(occurrence.step) or self.run.protocol.steps[occurrence.step]
        form = form_of(step, occurrence)
        outcomes = form.expected or tuple(outcome.key for outcome in form.outcomes[:1]) or ("done",)
        outcome = self.insist.get(occurrence.step) or outcomes[min(occurrence.n, len(outcomes)) - 1]
        given = dict(form.expected_given)
        for action in step.follows:
            if action.set_anchor and action.from_ and (action.when is None or outcome in (action.when.outcome or ())):
                given[action.from_] = self._given_day(action.set_anchor).isoformat()
        settle(self.run, occurrence, outcome, self.run.today, given)

    def _given_day(self, anchor: str) -> dt.date:
        """The day that a step records for a date: as forecast, as known already, or today."""
        forecast, known = self.run.protocol.anchors[anchor].forecast, self.run.state.anchors.get(anchor)
        day = self.run.anchor_day(forecast) if forecast else known.on if known else None
        return min(day or self.run.today, self.run.today) if forecast else day or self.run.today


def on_time_run(
    protocol: Protocol, release_type: str, notified: dt.datetime, anchors: dict[str, dt.date], calendar: WorkCalendar
) -> list[Planned]:
    """Every occurrence of a case that goes as planned, in the order of opening; ends with the case, or raises `Refused`."""
    case = _started(protocol, release_type, notified, anchors, calendar)
    for _ in range(LONGEST_RUN):
        if not case.step_on():
            return planned(case.run)
    raise Refused("protocol.endless", "an on-time run never ends", "look for a step that repeats without an end")


def planned(run: Run) -> list[Planned]:
    steps = run.state.steps.values()
    return [Planned(o.id, o.step, o.n, o.ready_on, o.due, o.at, o.last) for o in steps if o.status != "cancelled"]


def _started(
    protocol: Protocol,
    release_type: str,
    notified: dt.datetime,
    anchors: dict[str, dt.date],
    calendar: WorkCalendar,
    whole_day: bool = True,
) -> OnTime:
    told_on = calendar.local_day(notified)
    now = {key: day for key, day in anchors.items() if protocol.anchors[key].may_be_future or day <= told_on}
    case = OnTime(protocol, None, calendar, notified, {key: day for key, day in anchors.items() if key not in now})
    case.released = any(protocol.anchors[key].stands_in_for for key in anchors)
    if not whole_day:
        case.run.hour = notified.astimezone(calendar.zone).strftime("%H:%M")
        case.arrived = Ready(told_on, True, case.run.hour)
    case.open(c.OpenCase(release_type=release_type, notified_at=notified, anchors=now))
    return case


def moment_of(value: dt.date | dt.datetime, calendar: WorkCalendar) -> dt.datetime:
    """A date alone is a moment before the cut-off; a naive date-time is local time."""
    if not isinstance(value, dt.datetime):
        return calendar.start_of(value)
    return (value if value.tzinfo else value.replace(tzinfo=calendar.zone)).astimezone(dt.UTC)


def explain(
    protocol: Protocol,
    step: str,
    release_type: str,
    notified: dt.date | dt.datetime,
    release: dt.date | None = None,
    released: dt.date | None = None,
    planned_return: dt.date | None = None,
    started: dt.date | dt.datetime | None = None,
    occurrence: int = 1,
    calendar: WorkCalendar | None = None,
    language: str = "en",
) -> Explained:
    """The due day of a step in an on-time run, with its reasons; `started` gives the step's ready day instead.

    Errors: `Refused` when the protocol lacks the step or date, or the step is not in this variant.
    """
    calendar = calendar or WorkCalendar(protocol.calendar)
    given = {"planned_release": release, "actual_release": released, "planned_return": planned_return}
    anchors = {key: day for key, day in given.items() if day is not None}
    for key, value in {"notified": notified, "started": started, **anchors}.items():
        if value is not None and not FIRST_YEAR + 5 <= value.year <= LAST_YEAR - 10:
            years = f"between {FIRST_YEAR + 5} and {LAST_YEAR - 10}"
            raise Refused("date.range", f"the year of {key} cannot be counted with", f"give a year {years}", key)
    if unknown := set(anchors) - set(protocol.anchors):
        names = ", ".join(sorted(unknown))
        raise Refused("date.unknown", f"this protocol does not count from {names}", "leave that date out", names)
    all_steps = {**protocol.steps, **{k: s for v in protocol.variants.values() for k, s in v.add.items()}}
    if step not in all_steps:
        raise Refused(
            "step.unknown", f"the protocol has no step {step}", "choose one of: " + ", ".join(all_steps), "step"
        )
    if release_type not in protocol.release_types:
        known = ", ".join(protocol.release_types)
        raise Refused(
            "case.release-type", f"the protocol has no release type {release_type}", f"use one of: {known}", "type"
        )
    case = _started(
        protocol, release_type, moment_of(notified, calendar), anchors, calendar, not isinstance(notified, dt.datetime)
    )
    if occurrence > 1:
        _go_on(case, step)
    return _follow(case, step, occurrence, started, language)


def _go_on(case: OnTime, key: str) -> None:
    """To reach a later occurrence the step must go on: no answer yet, or an outcome that asks again."""
    case.run.unending = key
    step = case.run.steps.get(key)
    for action in step.follows if step is not None and step.repeat is None else ():
        if action.again is not None and not (action.again.on or "").startswith("given:") and action.when:
            outcome = (action.when.outcome or ("",))[0]
            if outcome != "waived":  # a waiver is a decision of its own, never on the way that is planned
                case.insist[key] = outcome


def _follow(case: OnTime, key: str, n: int, started: dt.date | dt.datetime | None, language: str) -> Explained:
    found: Explained | None = None
    for _ in range(LONGEST_RUN):
        here = _occurrence(case.run, key, n)
        if here is not None and here.due is not None:
            if started is not None:
                case.learn_by(_day_and_hour(started)[0])
                said = _told_started(case, key, n, here, started, language)
                if any(on <= said.due for on in case.later.values()):  # a date became known before it was due
                    case.learn_by(said.due)
                    said = _told_started(case, key, n, here, started, language)
                return said
            if here.open:
                found = _told(case.run, here, language)
            elif found is not None:
                recounted = case.released and found.due >= case.run.today
                answered = _answered(case, key, n, None, language) if recounted else None
                return answered or found
        if not case.step_on():
            break
    if found is not None and here is not None:
        return found
    last = _assumed(case.run, key, n, started, language) if started else None
    last = last or _answered(case, key, n, started, language)
    if last is None:
        raise Refused(
            "step.not-in-variant", _why_absent(case.run, key, n), "choose another step, release type or date", "step"
        )
    return last


def _occurrence(run: Run, key: str, n: int) -> Occurrence | None:
    return next((o for o in run.state.steps.values() if o.step == key and o.n == n and o.status != "cancelled"), None)


def _told_started(
    case: OnTime, key: str, n: int, before: Occurrence, started: dt.date | dt.datetime, language: str
) -> Explained:
    """The due day of a step that became ready on the day given instead of its on-time ready day."""
    run = case.run
    here = _occurrence(run, key, n)
    said = _assumed(run, key, n, started, language, before.ready_on) if here is not None and here.open else None
    said = said or _answered(case, key, n, started, language)
    if said is None:
        raise Refused(
            "step.not-in-variant", _why_absent(run, key, n), "choose another step, release type or date", "step"
        )
    return said


def _assumed(
    run: Run, key: str, n: int, started: dt.date | dt.datetime, language: str, on_time: dt.date | None = None
) -> Explained | None:
    """Counted as if the step became ready on this day: its predecessor settled, or its event happened, then."""
    step = run.steps.get(key)
    slot = next((slot for slot in run.slots(key, step) if slot.n == n), None) if step else None
    if (
        step is None
        or slot is None
        or slot.rule is None
        or (step.repeat is not None and step.repeat.cadence is not None)
    ):
        return None
    day, hour = _day_and_hour(started)
    run.assumed = day
    ready = Ready(max(day, run.state.redated.get(key, day)), on_time is None or day <= on_time, hour)
    if step.only_if_before is not None and not run.before(step, slot, ready):
        raise Refused(
            "step.not-in-variant", f"the step {key} is left out: it would be due too late", "choose an earlier day"
        )
    said = _words(run, step, slot, ready, "full", key, language)
    run.assumed = None
    return said


def _answered(case: OnTime, key: str, n: int, started: dt.date | dt.datetime | None, language: str) -> Explained | None:
    """A step that a date answered before it was due (the release was known): the day it would have been due."""
    run = case.run
    step = run.steps.get(key)
    known = [anchor for name, anchor in run.protocol.anchors.items() if name in run.state.anchors]
    settled = {name for anchor in known for action in anchor.when_known for name in action.settle or {}}
    if step is None or key not in settled or n != 1:
        return None
    slot = run.slots(key, step)[0]
    ready = run.ready(key, step, slot.rule)
    if ready is None:
        return None
    if case.arrived is not None and ready.on == case.arrived.on:
        ready = case.arrived
    if started is not None:
        day, hour = _day_and_hour(started)
        ready = Ready(max(day, run.state.redated.get(key, day)), True, hour)
    return _words(run, step, slot, ready, "full", key, language)


def _told(run: Run, occurrence: Occurrence, language: str) -> Explained:
    step = run.steps.get(occurrence.step) or run.protocol.steps[occurrence.step]
    slot = next((slot for slot in run.slots(occurrence.step, step) if slot.n == occurrence.n), None)
    due = occurrence.due
    assert due is not None
    words: tuple[str, ...] = (f"ready {day_words(occurrence.ready_on, language)}", f"→ {day_words(due, language)}")
    if slot is not None and not occurrence.own_rule and (step.repeat is None or step.repeat.cadence is None):
        ready = Ready(occurrence.ready_on, True, run.hour if occurrence.ready_on == run.today else None)
        said = _words(run, step, slot, ready, occurrence.form, occurrence.step, language)
        if said is not None:
            words = said.because if said.due == due else (*said.because[:-1], words[-1])
    return Explained(occurrence.step, occurrence.n, due, occurrence.at, occurrence.ready_on, occurrence.form, words)


def _day_and_hour(started: dt.date | dt.datetime) -> tuple[dt.date, str | None]:
    return (started.date(), started.strftime("%H:%M")) if isinstance(started, dt.datetime) else (started, None)


def _words(
    run: Run, step: Step, slot: Slot, ready: Ready | None, form: str, key: str, language: str
) -> Explained | None:
    due: Due | None = run.due(step, slot, ready) if ready else None
    if due is None or ready is None:
        return None
    said = because(run, step, slot, ready, due, language)
    return Explained(key, slot.n, due.on, due.at, ready.on, due.form or form, tuple(said))


def _why_absent(run: Run, key: str, n: int) -> str:
    step = run.steps.get(key)
    words = f"the step {key}" + (f", occurrence {n}," if n > 1 else "")
    if step is None:
        return f"{words} is not in the variant for {run.state.release_type}"
    if step.duty or not step.opens_itself:
        return f"{words} opens only by an event or outcome"
    if step.repeat is None and n > 1:
        return f"{words} does not exist: this step occurs once"
    slot = next((slot for slot in run.slots(key, step) if slot.n == n), None)
    if slot is None:
        return f"{words} does not exist: the step has {len(run.slots(key, step))} occurrences"
    if slot.rule is not None and in_class(slot.rule, run.state.notice) is None:
        return f"{words} is not in the notice class {run.state.notice}"
    if any(o.step == key and o.status == "cancelled" for o in run.state.steps.values()):
        return f"{words} is cancelled: the release was known before it was due"
    if run.slot_day(step, slot, run.today) is None:
        return f"{words} waits for a date that is not known"
    return (
        f"{words} does not become ready in an on-time run with these dates, or falls on the day of another occurrence"
    )


def forecast(protocol: Protocol, state: CaseState, calendar: WorkCalendar, at: dt.datetime) -> list[Planned]:
    """What is still to come if everything open is settled on its due day: occurrences not yet open. Never escalates."""
    if state.ended is not None:
        return []
    case = OnTime(protocol, state, calendar, at)
    known = set(state.steps)
    for _ in range(LONGEST_RUN):
        try:
            if not case.step_on():
                break
        except Refused:
            break
    return [plan for plan in planned(case.run) if plan.id not in known]
