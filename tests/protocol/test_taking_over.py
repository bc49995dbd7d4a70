"""Cases that ran before: the past stands on its true days, and nobody is late on the day of taking over."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.commands import OpenCase, PastStep, TakeOver
from protocol.conformance import conformance
from protocol.errors import Refused
from protocol.verdicts import verdicts
from tests.protocol.story import Story, protocol_named

MONDAY = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
TODAY = MONDAY.date()


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2026-{text}")


def past(step: str, on: str | None, outcome: str | None = None, second: dt.date | None = None) -> PastStep:
    key, _, n = step.partition("#")
    return PastStep(step=key, n=int(n or 1), on=day(on) if on else None, outcome=outcome, second_date=second)


def command(notified: str, *done: PastStep, release_type: str = "conditional_release", **anchors: dt.date) -> TakeOver:
    moment = dt.datetime.combine(day(notified), dt.time(9), dt.UTC)
    conditions = "yes" if release_type == "conditional_release" else "no"
    opening = OpenCase(release_type=release_type, notified_at=moment, conditions=conditions, anchors=anchors)
    return TakeOver(open=opening, done=done, since=TODAY)


def taken_over(*given: Any, now: dt.datetime = MONDAY, **anchors: Any) -> Story:
    story = Story()
    story.now = now
    story.do(command(*given, **anchors))
    return story


def refusal(*given: Any, **anchors: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        taken_over(*given, **anchors)
    return refused.value


def late(story: Story) -> list[str]:
    moment = story.calendar.moment
    return [o.id for o in story.case.steps.values() if o.open and o.due and moment(o.due, o.at) < story.now]


UNTIL_THE_PLAN = (
    past("notify", "06-02"), past("mandate", "06-05"), past("infocheck", "06-20"), past("share", None),
    past("assign", "06-08"), past("contact", "06-20"), past("visit1", "07-01"), past("plan", "09-20"),
)  # fmt: skip


def test_past_steps_stand_on_their_true_days_and_are_not_judged() -> None:
    story = taken_over("06-01", *UNTIL_THE_PLAN, planned_release=dt.date(2027, 2, 1))
    done = {o.id: o.settled_on for o in story.case.steps.values() if o.status == "done"}
    assert done["mandate"] == day("06-05") and done["visit1"] == day("07-01")
    assert conformance(story.protocol, story.entries, story.calendar, TODAY) == []
    judged = verdicts(story.protocol, story.entries, story.calendar, TODAY)
    assert {verdict.verdict for verdict in judged} == {"running"}


def test_nobody_is_late_on_the_first_day() -> None:
    story = taken_over("06-01", past("notify", "06-02"), past("mandate", "06-05"), planned_release=day("12-18"))
    assert late(story) == []
    assert story.open_steps()["assign"] == day("11-25")  # the floor: two working days from the day of taking over


def test_steps_done_in_another_order_than_the_protocol_has_stand_all_the_same() -> None:
    done = past("notify", "06-02"), past("assign", "06-03"), past("mandate", "06-05")
    story = taken_over("06-01", *done, planned_release=dt.date(2027, 2, 1))
    assert story.case.steps["assign"].settled_on == day("06-03")


def test_a_step_that_was_left_out_opens_no_more_and_what_follows_it_does() -> None:
    left_out = past("visit2", None)
    story = taken_over("06-01", *UNTIL_THE_PLAN, left_out, planned_release=dt.date(2027, 2, 1))
    assert "share" not in story.open_steps() and "visit2" not in story.open_steps()
    assert story.case.steps["share"].why == "taken_over"


def test_after_the_release_only_the_meetings_still_to_come_are_open() -> None:
    done = (past("releaseday", "10-02"), past("followup#1", "10-06"), past("followup#3", "10-15"))
    story = taken_over(
        "06-01", *UNTIL_THE_PLAN, *done, planned_release=day("10-01"), actual_release=day("10-02")
    )  # fmt: skip
    assert late(story) == []
    assert [id for id in story.open_steps() if id.startswith("followup")] == ["followup#7"]
    assert story.case.steps["followup#2"].status == "cancelled"
    assert story.case.steps["confirm_release"].outcome == "released"


def test_the_day_the_release_was_confirmed_may_be_later_than_the_release() -> None:
    done = past("notify", "11-02"), past("mandate", "11-03"), past("assign", "11-03")
    later = past("confirm_release", "11-04"), past("releaseday", "11-02")
    dates = {"planned_release": day("11-02"), "actual_release": day("11-02")}
    story = taken_over("11-02", *done, *later, release_type="remand_release", **dates)
    assert story.case.anchors["actual_release"].on == day("11-02")
    assert story.case.anchors["actual_release"].known_on == day("11-04")
    assert story.case.steps["releaseday"].settled_on == day("11-02")


def test_a_no_of_the_person_leaves_the_case_dormant() -> None:
    done = (*UNTIL_THE_PLAN[:5], past("contact", "06-20", "no"))
    story = taken_over("06-01", *done, planned_release=dt.date(2027, 2, 1))
    assert story.case.phase == "dormant"
    assert set(story.open_steps()) == {"confirm_release"}


def test_later_asks_again_on_the_second_date() -> None:
    done = (*UNTIL_THE_PLAN[:5], past("contact", "11-09", "later", second=day("12-14")))
    story = taken_over("06-01", *done, planned_release=dt.date(2027, 2, 1))
    assert story.open_steps()["contact#2"] == day("12-14")


def test_the_outside_hears_of_open_steps_only() -> None:
    from protocol.advance import advance
    from protocol.commands import SYSTEM

    story = Story()
    given = command("06-01", *UNTIL_THE_PLAN, planned_release=dt.date(2027, 2, 1))
    outcome = advance(story.protocol, None, given, MONDAY, SYSTEM, story.calendar)
    still_open = {o.id for o in outcome.state.steps.values() if o.open}
    told = [effect for effect in outcome.effects if effect.kind in ("tell", "prepare")]
    assert told and {effect.id for effect in told} <= still_open
    assert {effect.what for effect in told if effect.kind == "tell"} == {"opened"}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ([past("visit1", "07-01")], "visit1", "without contact"),
        ([past("mandate", "12-24")], "mandate", "future"),
        ([past("mandate", "03-01")], "mandate", "before the notification"),
        ([past("contact", "06-20", "later")], "contact", "second date"),
        ([past("contact", "06-20", "perhaps")], "contact", "no such outcome"),
        ([past("mandate", None)], "mandate", "cannot be left out"),
        ([past("close", None)], "close", "cannot be left out"),
        ([past("teleport", "06-20")], "teleport", "no such step"),
        ([past("followup#2", "06-20")], "followup#2", "without actual_release"),
        ([past("confirm_release", "06-20", "moved")], "confirm_release", "moved a date"),
    ],
)
def test_what_cannot_have_been_is_refused_with_its_step(given: list[PastStep], field: str, words: str) -> None:
    usual = [one for one in UNTIL_THE_PLAN[:5] if one.step not in {each.step for each in given}]
    refused = refusal("06-01", *usual, *given, planned_release=dt.date(2027, 2, 1))
    assert (refused.field, words in refused.reason) == (field, True)
    assert refused.remedy


def test_a_step_that_this_kind_of_case_does_not_have_is_refused() -> None:
    refused = refusal(
        "06-01", *UNTIL_THE_PLAN, past("align", "10-01"), release_type="end_of_sentence", planned_release=day("12-18")
    )
    assert (refused.field, refused.rule) == ("align", "adopt.no-such-step")


DAYS = st.dates(dt.date(2026, 3, 1), dt.date(2026, 11, 20))
IN_ORDER = ("notify", "mandate", "assign", "contact", "visit1", "plan", "ready")
ANY_TIME = ("infocheck", "share", "visit2", "conference", "opreview", "followup", "review")


@st.composite
def pasts(draw: st.DrawFn) -> list[PastStep]:
    """The first steps of the chain, done in any order, and some of the others, done or left out."""
    chain = IN_ORDER[: draw(st.integers(0, len(IN_ORDER)))]
    left_out = draw(st.sets(st.sampled_from(ANY_TIME)))
    done = [PastStep(step=key, on=draw(DAYS)) for key in chain]
    return done + [PastStep(step=key, on=None) for key in sorted(left_out)]


@settings(max_examples=80, deadline=None)
@given(
    notified=st.dates(dt.date(2026, 2, 1), dt.date(2026, 3, 20)),
    planned=st.none() | st.dates(dt.date(2026, 4, 1), dt.date(2027, 12, 1)),
    released=st.none() | DAYS,
    kind=st.sampled_from(sorted(protocol_named().release_types)),
    done=pasts(),
)
def test_whatever_the_past_nobody_is_late_and_nothing_is_judged(
    notified: dt.date, planned: dt.date | None, released: dt.date | None, kind: str, done: list[PastStep]
) -> None:
    moment = dt.datetime.combine(notified, dt.time(9), dt.UTC)
    dates = {"planned_release": planned, "actual_release": released}
    if kind == "leave":  # it is announced with both its days, and never sets the actual release
        start = planned or dt.date(2026, 12, 1)
        dates = {"planned_release": start, "planned_return": start + dt.timedelta(days=3)}
    anchors = {name: on for name, on in dates.items() if on is not None}
    opening = OpenCase(release_type=kind, notified_at=moment, anchors=anchors)
    story = Story()
    story.now = MONDAY
    with suppress(Refused):
        story.do(TakeOver(open=opening, done=tuple(done), since=TODAY))
    if story.state is not None:
        assert late(story) == []
        assert conformance(story.protocol, story.entries, story.calendar, TODAY) == []
        settled = {o.step: o.settled_on for o in story.case.steps.values() if o.status == "done"}
        assert all(settled[past.step] == past.on for past in done if past.on is not None)
