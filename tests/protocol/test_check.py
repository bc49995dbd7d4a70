"""The soundness check finds what it is there to find, calls the real protocols sound, and overlooks no real state.

The unsound protocols stand in `unsound/*.yaml`: each replaces pieces of `unsound/base.yaml`, and says which words its
faults must contain.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ruamel.yaml import YAML

from protocol import check as soundness
from protocol import run_dates
from protocol.check import check
from protocol.language import Protocol
from protocol.parse import schema_only
from protocol.untimed_matter import Matter
from protocol.untimed_proof import Finding, Walk, prove
from tests.protocol.random_lives import Life, in_words, without_days
from tests.protocol.story import Story, protocol_named

UNSOUND = Path(__file__).parent / "unsound"
BASE = (UNSOUND / "base.yaml").read_text(encoding="utf-8")
PIECES = (
    ("replace", "with"),
    ("and replace", "by"),
    ("and replace again", "by again"),
    ("and replace at last", "by at last"),
)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for table in sorted(UNSOUND.glob("*.yaml")):
        if table.name != "base.yaml":
            for case in YAML(typ="safe", pure=True).load(table.read_text(encoding="utf-8")):
                yield f"{table.stem}: {case['case']}", case


CASES = dict(cases())


def protocol_of(text: str) -> Protocol:
    return schema_only(text, "unsound.yaml")[0]


def unsound(case: dict[str, Any]) -> Protocol:
    text = BASE
    for old, new in PIECES:
        if old in case:
            assert text.count(case[old]) == 1, f"{case[old]!r} stands {text.count(case[old])} times in base.yaml"
            text = text.replace(case[old], case[new])
    return protocol_of(text)


@pytest.fixture
def few_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every notice up to seven weeks, and sixty things in a run, are enough for a small protocol."""
    monkeypatch.setattr(run_dates, "LONGEST_NOTICE", 49)
    monkeypatch.setattr(run_dates, "LONGEST_RUN", 60)


def test_the_base_file_is_sound() -> None:
    report = check(protocol_of(BASE))
    assert report["faults"] == []
    assert report["sound"]
    assert report["runs"] == 2 * 402, "two types, every notice of 0 to 400 days and none"


@pytest.mark.usefixtures("few_notices")
@pytest.mark.parametrize("name", CASES)
def test_an_unsound_protocol_is_told_in_words(name: str) -> None:
    report = check(unsound(CASES[name]))
    assert not report["sound"]
    said = "\n".join(f"{fault['field']}: {fault['rule']}" for fault in report["faults"])
    for words in CASES[name]["must say"]:
        assert words in said
    assert all(fault["remedy"] for fault in report["faults"])


@pytest.mark.usefixtures("few_notices")
def test_a_report_says_what_was_looked_at_and_how() -> None:
    progress: list[tuple[int, int]] = []
    report = check(protocol_of(BASE), lambda done, total: progress.append((done, total)))
    assert set(report) == {
        "protocol", "version", "steps", "variants", "states", "runs", "abstraction", "sound", "faults",
    }  # fmt: skip
    assert (report["protocol"], report["version"], report["steps"], report["variants"]) == ("small", "1", 10, 3)
    assert report["states"] > 50
    assert "none, some or all" in report["abstraction"]
    assert progress
    assert all(done <= total for done, total in progress)
    assert progress[-1][0] == progress[-1][1]


@pytest.mark.usefixtures("few_notices")
def test_the_same_fault_of_several_types_is_told_once() -> None:
    report = check(unsound(CASES["dates: a plan that is due before the visit it waits for"]))
    assert len(report["faults"]) == 1


# the real protocols


def test_the_outreach_programme_is_sound() -> None:
    report = check(protocol_named("outreach"))
    assert report["faults"] == []


@pytest.fixture(scope="module")
def mechelen() -> tuple[Walk, list[Finding]]:
    """Every state of the real protocol, as far as closing it is concerned."""
    return prove(Matter(protocol_named()), lambda some: None)


def test_every_case_of_the_release_protocol_can_be_closed(mechelen: tuple[Walk, list[Finding]]) -> None:
    assert mechelen[1] == []


def test_every_step_of_the_release_protocol_can_open_and_be_settled() -> None:
    matter, count = Matter(protocol_named()), soundness.Count(None)
    joins = soundness.Joins(matter, count.states)
    assert [*soundness.outcomes(matter, joins.untimed), *soundness.events(matter), *joins.look()] == []


def test_the_dates_of_the_release_protocol_are_in_order() -> None:
    with soundness.Runs(protocol_named(), soundness.Count(None)) as runs:
        assert run_dates.faults(runs.seen()) == []


# the abstraction


@pytest.mark.parametrize("seed", range(40))
def test_no_real_state_of_the_release_protocol_was_overlooked(seed: int, mechelen: tuple[Walk, list[Finding]]) -> None:
    live(mechelen[0], Life(Story(), Random(seed)), 50)


@pytest.mark.parametrize("name", ["outreach", "base"])
def test_no_real_state_of_a_small_protocol_was_overlooked(name: str) -> None:
    protocol = protocol_of(BASE) if name == "base" else protocol_named(name)
    walk, _ = prove(Matter(protocol), lambda some: None)
    for seed in range(60):
        live(walk, Life(Story(protocol), Random(seed)), 40)


def live(walk: Walk, life: Life, deeds: int) -> None:
    """A real case goes on through `advance`; each of its states is one that the check has looked at."""
    for _ in range(deeds):
        state = without_days(walk.moves, life.story)
        assert state in walk.reached, f"after {life.told[-6:]}: {in_words(walk.moves, state)}"
        life.go_on()
