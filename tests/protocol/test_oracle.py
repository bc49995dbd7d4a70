"""The oracle against dates that were worked out by hand, and its own day counting against what counting means."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.protocol import oracle

CASES = Path(__file__).parent / "cases" / "due_dates"


def read_cases() -> list[tuple[str, dict[str, Any]]]:
    yaml = YAML(typ="safe")
    return [(path.stem, case) for path in sorted(CASES.glob("*.yaml")) for case in yaml.load(path)]


ALL_CASES = read_cases()


def as_moment(value: date | str | None) -> date | None:
    """A day as YAML reads it; a day with an hour comes as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def oracle_says(given: dict[str, Any]) -> oracle.Due | None:
    return oracle.due(
        given["step"],
        given["type"],
        as_moment(given["notified"]),
        release=given.get("release"),
        released=given.get("released"),
        planned_return=given.get("return"),
        started=as_moment(given.get("started")),
        occurrence=given.get("occurrence", 1),
        closing_days=given.get("closing_days", ()),
    )


def case_says(case: dict[str, Any]) -> oracle.Due | None:
    if case.get("absent"):
        return None
    if case.get("waits"):
        return oracle.WAITS
    return case["due"], time.fromisoformat(case["at"]) if "at" in case else None


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case['name']}") for file, case in ALL_CASES])
def test_the_oracle_agrees_with_the_date_worked_out_by_hand(case):
    assert oracle_says(case["given"]) == case_says(case), case["because"]


def test_every_case_is_complete_and_has_a_name_of_its_own():
    names = [case["name"] for _, case in ALL_CASES]
    assert len(names) == len(set(names))
    for _, case in ALL_CASES:
        assert len({"due", "absent", "waits"} & set(case)) == 1, case["name"]
        assert set(case) <= {"name", "given", "due", "at", "absent", "waits", "because"}, case["name"]
        assert case["because"], case["name"]


def test_every_step_with_a_date_has_a_case():
    assert {case["given"]["step"] for _, case in ALL_CASES} == oracle.EVERY_STEP - {"opreview"}


# --- counting --------------------------------------------------------------------------------------------------------

days = st.dates(min_value=date(2026, 1, 1), max_value=date(2030, 12, 31))
closings = st.frozensets(st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 3, 31)), max_size=5)


@given(day=days, count=st.integers(min_value=1, max_value=60))
def test_working_days_counted_forward_are_as_many_as_asked(day, count):
    there = oracle.plus_working_days(day, count)
    assert oracle.is_working_day(there)
    assert oracle.working_days_between(day, there) == count


@given(day=days, count=st.integers(min_value=1, max_value=60))
def test_counting_forward_and_back_from_a_working_day_returns_to_it(day, count):
    start = oracle.moved_to_working_day(day, backward=False)
    assert oracle.plus_working_days(oracle.plus_working_days(start, count), -count) == start


@given(day=days, count=st.integers(min_value=-30, max_value=30), more=st.integers(min_value=0, max_value=30))
def test_a_larger_count_is_never_earlier(day, count, more):
    assert oracle.plus_working_days(day, count) <= oracle.plus_working_days(day, count + more)


@given(day=st.dates(date(2026, 1, 1), date(2026, 3, 31)), count=st.integers(1, 20), closing=closings)
def test_closing_days_never_bring_a_date_forward(day, count, closing):
    assert oracle.plus_working_days(day, count, closing) >= oracle.plus_working_days(day, count)


@given(day=days, backward=st.booleans())
def test_moving_to_a_working_day_stops_at_the_nearest_one(day, backward):
    moved = oracle.moved_to_working_day(day, backward)
    assert oracle.is_working_day(moved)
    passed = [min(day, moved) + timedelta(days=n) for n in range(abs((moved - day).days) + 1)]
    assert [d for d in passed if oracle.is_working_day(d)] == [moved]


@given(day=days, months=st.integers(min_value=-24, max_value=24))
def test_months_keep_the_day_or_end_with_the_month(day, months):
    there = oracle.plus_months(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day == day.day or (there.day < day.day and (there + timedelta(days=1)).day == 1)


@given(moment=st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)))  # noqa: DTZ001 — a naive time is Brussels time
def test_a_notification_counts_on_a_working_day_not_before_it_came(moment):
    counted = oracle.counted_day(moment, frozenset())
    assert oracle.is_working_day(counted)
    in_time = oracle.is_working_day(moment.date()) and moment.time() <= oracle.CUT_OFF
    assert (counted == moment.date()) == in_time
    assert counted >= moment.date()


@given(
    notified=days,
    notice=st.integers(min_value=-5, max_value=120),
    step=st.sampled_from(sorted(set(oracle.COUNTED_FROM_N_OR_P) - {"visit2"})),
)
def test_on_time_no_step_is_due_before_the_one_it_follows(notified, notice, step):
    release = notified + timedelta(days=notice)
    given = {"release_type": "conditional_release", "notified": notified, "release": release}
    working = oracle.working_days_between(oracle.counted_day(notified, frozenset()), release)
    before = "contact" if step == "plan" and working < 10 else oracle.PREDECESSOR.get(step, "notify")
    assert oracle.due(step, **given)[0] >= oracle.due(before, **given)[0]
