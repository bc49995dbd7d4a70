"""Taking over a case that ran before sluis: its past is lived through again, on the days on which it happened.

Past steps stand with their true days, in whatever order they were done; occurrences that nobody needs any more are
dropped; what is still open and should have been done counts from the day of taking over, by the protocol's own floor.
Source: issue of the backbone, "so that a city starts on Monday without every case being late".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from protocol import events as e
from protocol.actions import record_anchor
from protocol.commands import PastStep, TakeOver
from protocol.deadlines import Due, Ready, references
from protocol.errors import Refused
from protocol.language import Action, After, Form, Rule, Step
from protocol.outside import wake_on
from protocol.replay import occurrence_id
from protocol.run import Run
from protocol.state import Occurrence
from protocol.variants import in_class
from protocol.workdays import ONE_DAY

EARLIEST = 31 * ONE_DAY
"""A step may have been done this long before the notification, as in a case that is open."""


class Ways(NamedTuple):
    """What the engine does for a command of its own, and for the past in the same way."""

    open: Callable[[Run, Any], None]
    settle: Callable[[Run, Occurrence, str, dt.date, dict[str, str]], None]
    wake: Callable[[Run, Any], None]


def take_over(run: Run, command: TakeOver, ways: Ways) -> None:
    """Live through the past until the day of taking over. Errors: `Refused`, with the step as its field."""
    today, hour = run.today, run.hour
    if command.since > today:
        raise Refused("adopt.since", "a case cannot be taken over in the future", "give today", "since")
    run.taken_over = True
    past = Past(run, command, ways)
    run.hour = None
    past.live_until(command.since)
    run.today, run.hour = today, hour
    for occurrence in run.open_steps():
        begin_again(run, occurrence)


class Past:
    """The past of one case: what was done, and the dates that became known, each on its day."""

    def __init__(self, run: Run, command: TakeOver, ways: Ways) -> None:
        self.run, self.ways = run, ways
        anchors = run.protocol.anchors
        later = {name for name in command.open.anchors if name in anchors and not anchors[name].may_be_future}
        self.happened = {name: day for name, day in command.open.anchors.items() if name in later}
        for name, day in self.happened.items():
            if day > run.today:
                raise Refused(
                    "date.future", f"the date {name} lies in the future", "record it when it has happened", name
                )
        # as far as anybody can tell now, the other dates were known from the start
        known = {name: day for name, day in command.open.anchors.items() if name not in later}
        ways.open(run, command.open.model_copy(update={"anchors": known}))
        run.emit(e.TakenOver(on=command.since))
        self.start = run.calendar.local_day(command.open.notified_at)
        order = {key: place for place, key in enumerate(run.protocol.steps)}
        self.waiting = sorted(command.done, key=lambda past: (past.on or dt.date.min, order.get(past.step, 0), past.n))
        for past in self.waiting:
            self._check(past, command.since)
        self.known_on = {name: self._known_on(name, day) for name, day in self.happened.items()}

    def _check(self, past: PastStep, since: dt.date) -> None:
        if past.step not in self.run.protocol.steps:
            raise Refused("adopt.step", "the protocol has no such step", "use a step of the protocol", past.step)
        if past.on is None:
            if self._decides(past.step):
                words = f"the step {past.step} decides what follows and cannot be left out"
                raise Refused(
                    "adopt.left-out", words, "give the day it was done, or leave the cell empty", field_of(past)
                )
        elif past.on > since:
            words = f"the step {past.step} lies in the future"
            raise Refused("adopt.future", words, "give the day it happened", field_of(past))
        elif past.on < self.start - EARLIEST:
            words = f"the step {past.step} lies more than {EARLIEST.days} days before the notification"
            raise Refused("adopt.before-case", words, "correct the day, or notified_at", field_of(past))

    def _decides(self, key: str) -> bool:
        """Whether something asks for the outcome of this step, or the end of the case hangs on it."""
        step = self.run.protocol.steps[key]
        asked = any(part.step == key and part.outcome is not None for part in self._conditions())
        return asked or any(action.end or action.erase for action in step.follows)

    def _conditions(self) -> Iterator[After]:
        protocol = self.run.protocol
        tops = [after for step in (*protocol.steps.values(), *self.run.steps.values()) for after in step.after]
        tops += [after for milestone in protocol.milestones.values() for after in milestone.any_]
        for after in tops:
            yield from (after, *(after.any_ or ()))

    def _known_on(self, anchor: str, day: dt.date) -> dt.date:
        """The day this date became known: where a step answers the same question, the day that step was done."""
        answers = {key for action in self.run.protocol.anchors[anchor].when_known for key in action.settle or {}}
        days = [past.on for past in self.waiting if past.step in answers and past.on is not None]
        return max(day, self.start, *days)

    # day by day

    def live_until(self, last: dt.date) -> None:
        run, day = self.run, min(self.start, last)
        while day < last:
            run.today = day
            self._one_day()
            day = min((later for later in self._days() if later > day), default=last)
        run.today = last
        self._one_day()
        if self.waiting and (never := next((past for past in self.waiting if past.on is not None), None)):
            raise self._never_open(never)

    def _days(self) -> Iterator[dt.date]:
        """Days on which something happened, or something opens by itself."""
        yield from (past.on for past in self.waiting if past.on is not None)
        yield from self.known_on.values()
        if (wake := wake_on(self.run)) is not None:
            yield wake

    def _one_day(self) -> None:
        run = self.run
        self.ways.wake(run, None)
        self._settle_all()
        for name, day in self.happened.items():
            if self.known_on[name] == run.today and run.state.ended is None:
                record_anchor(run, name, day, "confirmed", "known")
                self._answered(name)
                self._settle_all()

    def _answered(self, anchor: str) -> None:
        """A step that the date itself answered (the release is known, so it was confirmed) has nothing left to do."""
        answers = {key for action in self.run.protocol.anchors[anchor].when_known for key in action.settle or {}}
        settled = {key for key in answers if not any(o.open for o in self.run.current(key))}
        self.waiting = [past for past in self.waiting if past.step not in settled]

    def _settle_all(self) -> None:
        self.run.open_ready()
        while (found := self._next_open()) is not None:
            past, occurrence = found
            self.waiting.remove(past)
            self._settle(past, occurrence)
            self.run.open_ready()

    def _next_open(self) -> tuple[PastStep, Occurrence] | None:
        today, still_open = self.run.today, self.run.open_steps()
        for past in self.waiting:
            if past.on is None or past.on <= today:
                for occurrence in still_open:
                    if occurrence.step == past.step and (
                        occurrence.n == past.n or (past.n > 1 and occurrence.own_rule)
                    ):
                        return past, occurrence
        return None

    def _settle(self, past: PastStep, occurrence: Occurrence) -> None:
        run = self.run
        step = run.steps.get(occurrence.step) or run.protocol.steps[occurrence.step]
        if past.on is None:
            if step.repeat is None or occurrence.last:  # of a series the next occurrence overtakes it; it goes on
                drop(run, occurrence)
            return
        form = step.forms.get(occurrence.form, step.form)
        outcome, given = self._answer(past, form)
        given |= self._dates(past, step, outcome)
        self.ways.settle(run, occurrence, outcome, past.on, given | past.given)
        if run.state.erased:
            raise Refused("adopt.erased", "a case that was erased is not taken over", "remove the row", field_of(past))

    # what was answered

    def _answer(self, past: PastStep, form: Form) -> tuple[str, dict[str, str]]:
        """The outcome and what it says of the form; without an outcome the one that is expected."""
        expected = form.expected or tuple(outcome.key for outcome in form.outcomes[:1]) or ("done",)
        usual = expected[min(past.n, len(expected)) - 1]
        key = past.outcome or usual
        outcome = next((outcome for outcome in form.outcomes if outcome.key == key), None)
        if outcome is None and (form.outcomes or key != "done"):
            known = ", ".join(outcome.key for outcome in form.outcomes)
            remedy = f"write one of: {known}" if known else "write the day alone"
            raise Refused("adopt.outcome", f"the step {past.step} has no such outcome here", remedy, field_of(past))
        given = dict(form.expected_given) if key == usual else {}
        return key, given | {name: values[0] for name, values in (outcome.when if outcome else {}).items()}

    def _dates(self, past: PastStep, step: Step, outcome: str) -> dict[str, str]:
        """The dates that what follows counts from: of the anchor it sets, or the second date of the answer."""
        found: dict[str, str] = {}
        for field, anchor in self._asked(step, outcome):
            if anchor is not None and self.run.protocol.anchors[anchor].may_be_future:
                words = f"the step {past.step} moved a date, and {anchor} says the new one already"
                raise Refused("adopt.moved", words, "leave this cell empty", field_of(past))
            day = self.happened.get(anchor or "") or past.second_date or (past.on if anchor else None)
            if day is None:
                words = f"this outcome of the step {past.step} needs a second date ({field})"
                raise Refused("adopt.second-date", words, "write it after the outcome", field_of(past))
            found[field] = day.isoformat()
        return found

    def _asked(self, step: Step, outcome: str) -> Iterator[tuple[str, str | None]]:
        """Date fields that this outcome makes use of, each with the anchor it sets."""
        for action in step.follows:
            if action.when is None or action.when.outcome is None or outcome in action.when.outcome:
                if action.set_anchor and action.from_:
                    yield action.from_, action.set_anchor
                for rule in self._rules(action):
                    for name in references(rule, self.run.state.notice):
                        kind, _, field = name.partition(":")
                        if kind == "given":
                            yield field, None

    def _rules(self, action: Action) -> list[Rule | None]:
        phase = self.run.protocol.phases[action.phase].until if action.phase else None
        return [action.again, action.closing, action.open.due if action.open else None, phase]

    # what cannot have been

    def _never_open(self, past: PastStep) -> Refused:
        run, field = self.run, field_of(past)
        step = run.steps.get(past.step)
        if step is None or (step.due is not None and in_class(step.due, run.state.notice) is None):
            words = f"a case of this release type and notice has no step {past.step}"
            return Refused("adopt.no-such-step", words, "leave this cell empty", field)
        missing = [name for after in step.after if run.met(after) is None for name in self._steps_of(after)]
        if missing:
            first = missing[0]
            words = f"the step {past.step} cannot have been done without {first}"
            return Refused("adopt.order", words, f"give the day of {first.split()[0]}", field)
        words = f"the step {past.step} was not open on that day"
        return Refused("adopt.order", words, "compare the days of this row with the dates of the case", field)

    def _steps_of(self, after: After) -> list[str]:
        """The steps a condition waits for, with the outcomes it asks for."""
        if after.any_ is not None:
            return [name for part in after.any_ for name in self._steps_of(part)]
        if after.milestone is not None:
            return [
                name for part in self.run.protocol.milestones[after.milestone].any_ for name in self._steps_of(part)
            ]
        name = after.step or after.anchor or ""
        return [f"{name} ({' or '.join(after.outcome)})" if after.outcome else name]


def field_of(past: PastStep) -> str:
    """The step as the person wrote it: `contact`, `followup#2`."""
    return occurrence_id(past.step, past.n, 1, repeated=False)


# what is open on the day of taking over


def begin_again(run: Run, occurrence: Occurrence) -> None:
    """Nobody is late on the first day: what fell due before counts anew from today, or is dropped."""
    if run.phase.paused or occurrence.due is None or run.calendar.moment(occurrence.due, occurrence.at) >= run.at:
        return
    if _overtaken(run, occurrence):
        drop(run, occurrence)
        return
    due = _due_from_today(run, occurrence)
    step = run.steps.get(occurrence.step)
    short = (step.short_form if step else None) or "short"
    run.emit(
        e.StepDue(
            id=occurrence.id, ready_on=run.today, due=due.on, at=due.at, form=short if due.form else occurrence.form,
            last=occurrence.last, why="taken_over",
        )
    )  # fmt: skip


def drop(run: Run, occurrence: Occurrence) -> None:
    """Not to be done any more; what follows goes on as if it had been."""
    run.emit(e.StepCancelled(id=occurrence.id, why="taken_over", on=run.today, as_settled=True))


def _overtaken(run: Run, occurrence: Occurrence) -> bool:
    """A repeated step of which the next occurrence is there already, and for which nothing waits."""
    step = run.steps.get(occurrence.step)
    if step is None or step.repeat is None or not any(o.n > occurrence.n for o in run.current(occurrence.step)):
        return False
    return not any(
        part.step == occurrence.step and not part.last
        for other in run.steps.values()
        for after in other.after
        for part in (after, *(after.any_ or ()))
    )


def _due_from_today(run: Run, occurrence: Occurrence) -> Due:
    """As if the step became ready today, too late for its rule: the floor of the protocol gives it time.

    A rule without a floor would make it due today: it gets the floor's days all the same.
    """
    floor = run.protocol.floor
    least = Due(run.calendar.add(run.today, floor.working_days if floor else 1))
    step = run.steps.get(occurrence.step)
    slot = None if step is None or occurrence.own_rule else run.slot_of(occurrence, step)
    if step is None or slot is None:
        return least
    due = run.due(step, slot, Ready(run.today, on_time=False, at=run.hour))
    if due is None or due.on < run.today or (due.on == run.today and not step.floor):
        return least
    return due
