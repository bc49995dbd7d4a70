"""Whatever people do, in whatever order: the invariants of the engine hold (design: "the engine")."""

from __future__ import annotations

import contextlib
import datetime as dt

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol import commands as c
from protocol.errors import Refused
from tests.protocol.story import Story, protocol_named

TYPES = sorted(protocol_named().release_types)
EVENTS = sorted(protocol_named().events)
ONCE = ("notify", "mandate", "infocheck", "assign", "visit1", "plan", "visit2", "align", "conference", "close")
FIRST = dt.date(2026, 11, 2)


class AnyCase(RuleBasedStateMachine):
    """A case to which anything happens that people can do; time only goes forward."""

    story: Story

    @initialize(
        release_type=st.sampled_from(TYPES),
        notified=st.integers(0, 30),
        notice=st.one_of(st.none(), st.integers(-5, 200)),
    )
    def announced(self, release_type: str, notified: int, notice: int | None) -> None:
        self.story = Story()
        day = FIRST + dt.timedelta(days=notified)
        release = day + dt.timedelta(days=notice) if notice is not None else None
        back = release + dt.timedelta(days=2) if release and release_type == "leave" else None
        certainty = "unconfirmed" if release is None else "confirmed"
        self.story.open(release_type, day, planned_release=release, planned_return=back, certainty=certainty)
        self.settled: dict[str, str] = {}

    def attempt(self, command: object, actor: c.Actor | None = None) -> bool:
        before = self.story.case.model_dump_json()
        try:
            self.story.do(command, actor)
        except Refused as refused:
            assert refused.rule and refused.reason and refused.remedy
            assert self.story.case.model_dump_json() == before, "a refused command leaves the state unchanged"
            return False
        return True

    @rule(days=st.integers(0, 45))
    def time_passes(self, days: int) -> None:
        self.story.at(self.story.calendar.local_day(self.story.now) + dt.timedelta(days=days))

    @rule(pick=st.integers(0, 50), outcome=st.integers(0, 5), late=st.integers(0, 3))
    def a_step_is_done(self, pick: int, outcome: int, late: int) -> None:
        steps = [o for o in self.story.case.steps.values() if o.open]
        if not steps:
            return
        chosen = steps[pick % len(steps)]
        step = self.story.protocol.steps[chosen.step]
        keys = [one.key for one in step.forms.get(chosen.form, step.form).outcomes]
        day = self.story.calendar.local_day(self.story.now) - dt.timedelta(days=late)
        with contextlib.suppress(Refused):
            self.story.complete(chosen.id, keys[outcome % len(keys)] if keys else None, on=day)

    @rule(event=st.sampled_from(EVENTS))
    def an_event_happens(self, event: str) -> None:
        with contextlib.suppress(Refused):
            self.story.happens(event)

    @rule(days=st.one_of(st.none(), st.integers(-20, 150)))
    def the_date_moves(self, days: int | None) -> None:
        today = self.story.calendar.local_day(self.story.now)
        self.attempt(
            c.RecordAnchor(anchor="planned_release", on=today + dt.timedelta(days=days) if days is not None else None)
        )

    @rule(days=st.integers(0, 20))
    def the_release_is_recorded(self, days: int) -> None:
        today = self.story.calendar.local_day(self.story.now)
        self.attempt(c.RecordAnchor(anchor="actual_release", on=today - dt.timedelta(days=days)))

    @rule()
    def the_release_was_recorded_wrongly(self) -> None:
        self.attempt(c.CorrectAnchor(anchor="actual_release", on=None))

    @rule(pick=st.integers(0, 50))
    def a_step_is_waived(self, pick: int) -> None:
        steps = list(self.story.case.steps)
        if steps:
            today = self.story.calendar.local_day(self.story.now)
            self.attempt(c.WaiveStep(id=steps[pick % len(steps)], reason="other", occurred_on=today))

    @rule(pick=st.integers(0, 50))
    def a_step_is_taken_back(self, pick: int) -> None:
        steps = list(self.story.case.steps)
        if steps and self.attempt(c.UndoStep(id=steps[pick % len(steps)])):
            self.settled.pop(steps[pick % len(steps)], None)

    @rule(pick=st.integers(0, 50), days=st.integers(-3, 12))
    def a_meeting_moves(self, pick: int, days: int) -> None:
        steps = [o for o in self.story.case.steps.values() if o.open and o.due]
        if steps:
            chosen = steps[pick % len(steps)]
            assert chosen.due is not None
            self.attempt(c.MoveOccurrence(id=chosen.id, to=chosen.due + dt.timedelta(days=days)))

    @rule()
    @precondition(lambda self: bool(self.story.case.steps))
    def a_step_is_done_twice(self) -> None:
        done = [o.id for o in self.story.case.steps.values() if o.status == "done"]
        if done:
            today = self.story.calendar.local_day(self.story.now)
            assert not self.attempt(c.CompleteStep(id=done[0], occurred_on=today)), "done once"

    @invariant()
    def every_open_case_has_something_to_do(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        case = self.story.case
        if case.ended is None:
            something = any(o.open for o in case.steps.values()) or self.story.wake is not None
            assert something, f"nothing left to do in phase {case.phase}, and no timer"

    @invariant()
    def no_step_is_due_before_its_ready_day(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        for occurrence in self.story.case.steps.values():
            if occurrence.open and occurrence.due and not occurrence.moved:
                assert occurrence.due >= occurrence.ready_on, occurrence

    @invariant()
    def no_done_step_opens_again_without_an_event_that_says_so(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        reopened = {e.id for entry in self.story.entries for e in entry.events if e.kind == "step_reopened"}
        for id, occurrence in self.story.case.steps.items():
            if self.settled.get(id) == "done" and id not in reopened:
                assert occurrence.status == "done", id
            self.settled[id] = occurrence.status

    @invariant()
    def an_ended_case_keeps_only_what_its_phase_allows(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        case = self.story.case
        if case.ended is not None:
            only = self.story.protocol.phases[case.phase].only or ()
            assert all(o.step in only for o in case.steps.values() if o.open)

    @invariant()
    def an_ended_case_is_kept_until_it_is_erased(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        case = self.story.case
        if case.ended is not None and not case.erased:
            assert [o.due for o in case.steps.values() if o.open and o.step == "retain"], "nobody would erase this case"

    @invariant()
    def a_step_that_occurs_once_is_open_once(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        once = [o.step for o in self.story.case.steps.values() if o.open and not o.trigger and o.step in ONCE]
        assert len(once) == len(set(once)), once


AnyCase.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestAnyCase = AnyCase.TestCase


class AnyLeave(AnyCase):
    """A leave of which either date may be missing, and may come to be missing."""

    @initialize(
        notified=st.integers(0, 30),
        notice=st.one_of(st.none(), st.integers(-5, 60)),
        away=st.one_of(st.none(), st.integers(0, 9)),
    )
    def announced(self, notified: int, notice: int | None, away: int | None) -> None:  # type: ignore[override]
        self.story = Story()
        day = FIRST + dt.timedelta(days=notified)
        start = day + dt.timedelta(days=notice) if notice is not None else None
        back = (start or day) + dt.timedelta(days=away) if away is not None else None
        certainty = "unconfirmed" if start is None else "confirmed"
        self.story.open("leave", day, planned_release=start, planned_return=back, certainty=certainty)
        self.settled = {}

    @rule(days=st.one_of(st.none(), st.integers(-5, 40)))
    def the_return_moves(self, days: int | None) -> None:
        today = self.story.calendar.local_day(self.story.now)
        self.attempt(
            c.RecordAnchor(anchor="planned_return", on=today + dt.timedelta(days=days) if days is not None else None)
        )

    @rule(answer=st.sampled_from(("left", "left", "returned", "not_known")))
    def the_prison_answers(self, answer: str) -> None:
        for occurrence in [o for o in self.story.case.steps.values() if o.open]:
            if occurrence.step == "confirm_release":
                with contextlib.suppress(Refused):
                    self.story.complete(occurrence.id, answer if occurrence.form == "leave" else None)
                return
            if occurrence.step in ("notify", "mandate"):
                with contextlib.suppress(Refused):
                    self.story.complete(occurrence.id)

    @invariant()
    def who_is_away_is_asked_about(self) -> None:
        """Left, not back, and the case still runs: there is a question about the leave, or a day on which it comes."""
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        case = self.story.case
        asked = [o for o in case.steps.values() if o.step == "confirm_release" and o.status != "cancelled"]
        if case.release_type != "leave" or case.phase != "active" or not any(o.outcome == "left" for o in asked):
            return
        if any(o.outcome == "returned" for o in asked) or case.ended is not None:
            return
        if any(o.outcome == "left" and o.n > 1 for o in asked) and case.anchors.get("planned_return"):
            return  # "left" is no answer to whether somebody is back: that is "not known yet", which is asked again
        assert any(o.open for o in asked) or (case.anchors.get("planned_return") and self.story.wake), asked


AnyLeave.TestCase.settings = AnyCase.TestCase.settings
TestAnyLeave = AnyLeave.TestCase
