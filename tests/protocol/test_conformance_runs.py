"""Cases driven through the engine, read again by conformance, which knows nothing of the engine."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter

import pytest

from protocol import commands as c
from protocol.conformance import conformance
from protocol.deviations import Deviation
from protocol.replay import replay
from protocol.verdicts import Verdict, verdicts
from tests.protocol.story import Story, protocol_named

NOTIFIED = dt.date(2026, 3, 2)
TYPES = sorted(protocol_named().release_types)


def announced(release_type: str = "conditional_release", release: str = "2026-06-30") -> Story:
    story, planned = Story(), day(release)
    back = planned + dt.timedelta(days=3) if release_type == "leave" else None
    story.open(release_type, NOTIFIED, planned_release=planned, planned_return=back, conditions="yes")
    return story


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def found(story: Story, until: dt.date | None = None) -> list[Deviation]:
    today = until or story.calendar.local_day(story.now)
    return conformance(story.protocol, story.entries, story.calendar, today)


def judged(story: Story) -> list[Verdict]:
    return verdicts(story.protocol, story.entries, story.calendar, story.calendar.local_day(story.now))


def complete_later(story: Story, id: str, on: dt.date) -> None:
    """Everything else on time; this one on a day of its own."""
    story.on_time_until(on, leave=(id,))
    story.complete(id)


def woken_every_night(story: Story, stop: dt.date) -> None:
    """Everything on time, until the case has ended; timers are tested elsewhere."""
    today = NOTIFIED
    while today < stop and story.case.ended is None:
        today += dt.timedelta(days=1)
        story.on_time_until(today)
        if story.wake is None and story.case.ended is None:
            story.do(c.Wake())


@pytest.mark.parametrize("release", ["2026-03-02", "2026-03-12", "2026-03-27", "2026-06-30"])
@pytest.mark.parametrize("release_type", TYPES)
def test_a_case_on_time_from_notification_to_erasure_has_no_deviation(release_type: str, release: str) -> None:
    story = announced(release_type, release)
    woken_every_night(story, day("2027-06-01"))
    story.on_time_until(day("2028-06-01"))
    assert story.case.ended == "erased"
    assert found(story) == []
    assert {verdict.verdict for verdict in judged(story)} <= {"kept", "cancelled"}


def test_one_late_step_is_the_only_deviation() -> None:
    story = announced()
    complete_later(story, "contact", day("2026-03-19"))
    story.on_time_until(day("2026-07-01"))
    (deviation,) = found(story)
    assert (deviation.kind, deviation.id, deviation.due, deviation.occurred_on) == (
        "late",
        "contact",
        day("2026-03-16"),
        day("2026-03-19"),
    )
    assert (deviation.working_days_late, deviation.cause) == (3, "missed")
    assert Counter(verdict.verdict for verdict in judged(story))["late"] == 1


def test_a_step_nobody_did_is_missed_and_holds_up_what_follows_without_making_it_late() -> None:
    story = announced()
    story.on_time_until(day("2026-04-15"), leave=("visit1",))
    assert [(deviation.kind, deviation.id) for deviation in found(story)] == [("missed", "visit1")]


def test_what_was_done_in_time_and_recorded_late_is_only_recorded_late() -> None:
    story = announced()
    story.on_time_until(day("2026-03-20"), leave=("contact",))
    story.complete("contact", on=day("2026-03-16"))
    (deviation,) = found(story)
    assert (deviation.kind, deviation.id, deviation.working_days_late) == ("recorded_late", "contact", 2)


def test_a_date_that_moved_forward_is_the_cause_when_the_plan_comes_too_late() -> None:
    story = announced()
    story.on_time_until(day("2026-05-04"))
    story.do(c.RecordAnchor(anchor="planned_release", on=day("2026-05-29")))
    due = story.occurrence("plan").due
    assert due is not None
    complete_later(story, "plan", story.calendar.add(due, 1))
    (deviation,) = [d for d in found(story) if d.step == "plan"]
    assert (deviation.kind, deviation.due, deviation.cause) == ("late", due, "date_moved")


def test_a_release_that_became_known_days_later_makes_the_first_contact_told_late() -> None:
    story = announced()
    story.on_time_until(day("2026-06-29"))
    story.do(c.RecordAnchor(anchor="actual_release", on=day("2026-06-25")))
    due = story.occurrence("releaseday").due
    assert due is not None
    complete_later(story, "releaseday", story.calendar.add(due, 2))
    (deviation,) = [d for d in found(story) if d.step == "releaseday"]
    assert (deviation.kind, deviation.due, deviation.cause) == ("late", due, "told_late")


def test_sharing_that_was_declined_late_leaves_no_trace_of_lateness() -> None:
    story = announced()
    story.on_time_until(day("2026-03-18"), leave=("share",))
    assert [deviation.id for deviation in found(story)] == ["share"]
    story.complete("share", "declined", decision="declined")
    assert found(story) == []


def test_conformance_takes_at_most_ten_times_a_replay() -> None:
    story = announced()
    story.on_time_until(day("2026-07-01"))

    def fastest(work: object) -> float:
        best = 9.0
        for _ in range(7):
            start = time.perf_counter()
            for _ in range(20):
                work()  # type: ignore[operator]
            best = min(best, time.perf_counter() - start)
        return best

    assert fastest(lambda: found(story)) < 10 * fastest(lambda: replay(story.entries))
