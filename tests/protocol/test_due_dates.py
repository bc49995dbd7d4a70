"""The engine against the cases a lawyer can read, and against an independent reading of the same text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from protocol.errors import Refused
from protocol.explain import explain
from protocol.workdays import WorkCalendar
from tests.protocol import oracle
from tests.protocol.story import protocol_named

CASES = Path(__file__).parent / "cases" / "due_dates"


def cases() -> list[Any]:
    yaml = YAML(typ="safe")
    found = []
    for file in sorted(CASES.glob("*.yaml")):
        found += [pytest.param(case, id=f"{file.stem}: {case['name']}") for case in yaml.load(file.read_text())]
    return found


def _when(value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


def engine(case: dict[str, Any]) -> tuple[dt.date, str | None] | None:
    wanted = dict(case)
    calendar = WorkCalendar(protocol_named().calendar, wanted.pop("closing_days", ()))
    try:
        found = explain(
            protocol_named(),
            wanted.pop("step"),
            wanted.pop("type"),
            _when(wanted.pop("notified")),
            planned_return=wanted.pop("return", None),
            calendar=calendar,
            **wanted,
        )
    except Refused:
        return None
    return found.due, found.at


@pytest.mark.parametrize("case", cases())
def test_the_engine_gives_the_day_that_the_text_gives(case: dict[str, Any]) -> None:
    found = engine({key: _when(value) if key == "started" else value for key, value in case["given"].items()})
    if case.get("absent") or case.get("waits"):
        assert found is None
    else:
        assert found == (case["due"], case.get("at"))


STEPS = [key for key, step in protocol_named().steps.items() if not step.duty and key != "opreview"]
days = st.dates(dt.date(2026, 1, 5), dt.date(2028, 6, 30))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    step=st.sampled_from(STEPS),
    release_type=st.sampled_from(sorted(protocol_named().release_types)),
    notified=days,
    notice=st.one_of(st.none(), st.integers(-10, 60), st.integers(0, 400)),
    late=st.one_of(st.none(), st.none(), st.integers(-10, 10)),
    stay=st.integers(0, 3),
    n=st.integers(1, 12),
)
def test_the_engine_agrees_with_an_independent_reading(
    step: str, release_type: str, notified: dt.date, notice: int | None, late: int | None, stay: int, n: int
) -> None:
    release = notified + dt.timedelta(days=notice) if notice is not None else None
    released = release + dt.timedelta(days=late) if release and late is not None and release_type != "leave" else None
    back = release + dt.timedelta(days=stay) if release and release_type == "leave" else None
    # a leave that is over before its notification counts as arrived: the text leaves open what is still due then
    assume(back is None or oracle.counted_day(notified, frozenset()) <= back)
    n = n if step in ("followup", "review", "contact", "ready") else 1
    wanted = oracle.due(
        step, release_type, notified, release=release, released=released, planned_return=back, occurrence=n
    )
    case: dict[str, Any] = {
        "step": step,
        "type": release_type,
        "notified": notified,
        "release": release,
        "released": released,
    }
    found = engine({**case, "return": back, "occurrence": n})
    if wanted is None or wanted == oracle.WAITS:
        assert found is None
    else:
        day, hour = wanted
        assert found == (day, hour.strftime("%H:%M") if isinstance(hour, dt.time) else hour)
