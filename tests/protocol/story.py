"""Plays a story on the engine: dated deeds in the words of a YAML case, on the real protocol file."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Any

from protocol import commands as c
from protocol.advance import advance, form_of
from protocol.events import Entry
from protocol.explain import moment_of
from protocol.language import Protocol
from protocol.parse import load
from protocol.rehearsal import answers
from protocol.replay import replay
from protocol.state import CaseState, Occurrence
from protocol.variants import steps_for
from protocol.workdays import ONE_DAY, WorkCalendar

DEFINITIONS = Path(__file__).parents[2] / "protocol" / "definitions"
COLLEAGUE = c.Actor(id="second", roles=("second_member", "info_officer", "coordinator"), service="another-service")


@lru_cache
def protocol_named(name: str = "mechelen") -> Protocol:
    return load(DEFINITIONS / f"{name}.yaml")


class Story:
    """One case in memory, with its entries; every command also checks that replay gives the same state."""

    def __init__(self, protocol: Protocol | None = None, closing_days: tuple[dt.date, ...] = ()) -> None:
        self.protocol = protocol or protocol_named()
        self.calendar = WorkCalendar(self.protocol.calendar, closing_days)
        self.state: CaseState | None = None
        self.entries: list[Entry] = []
        self.effects: list[Any] = []
        self.now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    @property
    def case(self) -> CaseState:
        assert self.state is not None
        return self.state

    def at(self, value: dt.date | dt.datetime) -> None:
        """Let time pass to this moment (a date: 10:00), waking the case whenever it asks to be woken."""
        moment = moment_of(value, self.calendar)
        if not isinstance(value, dt.datetime):
            moment += dt.timedelta(hours=10)
        self._wake_until(moment)
        self.now = moment

    def _wake_until(self, moment: dt.datetime) -> None:
        while self.state is not None and self.wake is not None and self.wake <= moment:
            self.now = max(self.now, self.wake)
            before, self.wake = self.wake, None
            self.do(c.Wake())
            if self.wake == before:  # pragma: no cover - a wake that asks for itself would never end
                raise AssertionError("the case asks to be woken at the same moment again")

    wake: dt.datetime | None = None

    def do(self, command: Any, actor: c.Actor | None = None) -> None:
        roles = tuple(self.protocol.roles)
        actor = actor or c.Actor(id="first", roles=roles, service="first-service")
        outcome = advance(self.protocol, self.state, command, self.now, actor, self.calendar)
        entry = Entry(
            seq=len(self.entries) + 1, recorded_at=self.now, by=actor.id, command=command.kind, events=outcome.events
        )
        self.entries.append(entry)
        self.state = outcome.state
        assert replay(self.entries) == outcome.state, "replay must give the state that the command left"
        self.effects += outcome.effects
        for effect in outcome.effects:
            if effect.kind == "timer" and effect.key == "wake":
                self.wake = effect.at

    def open(self, release_type: str, notified: dt.date | dt.datetime, **dates: Any) -> None:
        moment = moment_of(notified, self.calendar)
        if not isinstance(notified, dt.datetime):
            moment += dt.timedelta(hours=10)
        self.now = moment
        anchors = {key: day for key, day in dates.items() if key in self.protocol.anchors and day is not None}
        rest = {key: value for key, value in dates.items() if key in ("conditions", "certainty")}
        self.do(c.OpenCase(release_type=release_type, notified_at=moment, anchors=anchors, **rest))

    def occurrence(self, id: str) -> Occurrence:
        """An open occurrence by id, or the open one of a step."""
        found = self.case.steps.get(id)
        if found is not None and found.open:
            return found
        named = [o for o in self.case.steps.values() if o.open and o.step == id]
        assert named, f"{id} is not open; open are: {sorted(o.id for o in self.case.steps.values() if o.open)}"
        return named[0]

    def complete(
        self, id: str, outcome: str | None = None, on: dt.date | None = None, second: bool = True, **given: Any
    ) -> None:
        """Complete a step with this outcome, and the second pair of eyes where the protocol wants it."""
        occurrence = self.occurrence(id)
        case = self.case
        step = steps_for(self.protocol, case.release_type, case.notice, case.conditions).get(
            occurrence.step, self.protocol.steps[occurrence.step]
        )
        day = on or self.calendar.local_day(self.now)
        form = form_of(step, occurrence)
        expected = form.expected or tuple(one.key for one in form.outcomes[:1])
        wanted = outcome or (expected[min(occurrence.n, len(expected)) - 1] if expected else None)
        facts = {"trigger": occurrence.trigger, "form": occurrence.form, "release_type": case.release_type}
        fields = answers(self.protocol, form, wanted, day, given, facts)
        self.do(c.CompleteStep(id=occurrence.id, occurred_on=day, fields=fields))
        if step.four_eyes is not None and second:
            self.do(c.DecideSecond(id=occurrence.id, agree=True, occurred_on=day), COLLEAGUE)

    def happens(self, event: str, on: dt.date | None = None, **given: Any) -> None:
        day = on or self.calendar.local_day(self.now)
        fields = answers(self.protocol, self.protocol.events[event].form, None, day, given)
        self.do(c.ReportEvent(event=event, occurred_on=day, fields=fields))

    def open_steps(self) -> dict[str, dt.date | None]:
        return {o.id: o.due for o in self.case.steps.values() if o.open}

    def on_time_until(self, stop: dt.date, leave: tuple[str, ...] = ()) -> None:
        """Complete everything on its due day, with the expected outcome, until this day (not included)."""
        while True:
            due = [o for o in self.case.steps.values() if o.open and o.due and o.due < stop and o.step not in leave]
            if not due:
                break
            first = min(due, key=lambda o: (o.due, o.at is not None, o.id))
            assert first.due is not None
            self.at(max(first.due, self.calendar.local_day(self.now)))
            if first.id in self.open_steps():
                self.complete(first.id)
        self.at(stop)


def next_day(day: dt.date) -> dt.date:
    return day + ONE_DAY
