"""Whatever people do, the engine allows nothing that conformance, written without it, calls out of order."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from protocol.conformance import conformance
from protocol.deviations import Deviation
from tests.protocol.test_engine_invariants import AnyCase

REFUSED = {"out_of_order", "four_eyes", "waiver", "left_open"}
"""What the engine refuses or sees to. Lateness of every kind is what people do, and allowed."""


class Agreeing(AnyCase):
    @invariant()
    def conformance_finds_nothing_that_the_engine_should_have_refused(self) -> None:
        if getattr(self, "story", None) is None or self.story.state is None:
            return
        story = self.story
        today = story.calendar.local_day(story.now)
        found = conformance(story.protocol, story.entries, story.calendar, today)
        assert not [deviation for deviation in found if self.should_have_been_refused(deviation)]

    def should_have_been_refused(self, deviation: Deviation) -> bool:
        # taking a step back leaves those that waited for it open, so they can be done before it is done again
        undone = any(event.kind == "step_reopened" for entry in self.story.entries for event in entry.events)
        return deviation.kind in REFUSED and not (undone and deviation.rule == "step.before-ready")

    @invariant()
    def every_open_case_has_something_to_do(self) -> None:
        """Looked after by the invariants of the engine itself."""


Agreeing.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestAgreeing = Agreeing.TestCase
