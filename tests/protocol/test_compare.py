"""The difference between two versions is told in plain words, with the running cases that it concerns."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.compare import Change, diff
from protocol.errors import ProtocolFault
from protocol.language import Protocol
from protocol.parse import load, read
from protocol.state import CaseState, Occurrence, Status

BASE = (Path(__file__).parent / "broken" / "base.yaml").read_text(encoding="utf-8")
MECHELEN = Path(__file__).parents[2] / "protocol" / "definitions" / "mechelen.yaml"
DAY = dt.date(2026, 11, 10)


def changes(old: str, new: str, language: str = "en") -> list[Change]:
    assert BASE.count(old) == 1, f"{old!r} stands {BASE.count(old)} times in base.yaml"
    return diff(read(BASE, "a.yaml"), read(BASE.replace(old, new), "b.yaml"), language)


def told(old: str, new: str, language: str = "en") -> list[str]:
    return [change.words for change in changes(old, new, language)]


def case(
    *steps: tuple[str, Status], release_type: str = "end_of_sentence", notice: str = "long", ended: str | None = None
) -> CaseState:
    occurrences = {
        key: Occurrence(id=key, step=key, status=status, ready_on=DAY, opened_on=DAY, last=True)
        for key, status in steps
    }
    return CaseState(
        protocol="small", version="1.10", release_type=release_type, phase="active", phase_since=DAY, notice=notice,
        notified_on=DAY, steps=occurrences, ended=ended,
    )  # fmt: skip


def test_the_same_protocol_twice_differs_in_nothing() -> None:
    assert diff(load(MECHELEN), load(MECHELEN)) == []


def test_the_version_alone_is_no_change() -> None:
    assert changes("version: 1.10", "version: 1.11") == []


WORDS = [
    ("due: {working_days: 1, after: notified}", "due: {working_days: 3, after: notified}",
     ["Mandate check: due 3 instead of 1 working days after the notification"]),
    ("short: {working_days: 2, after: ready}", "short: {working_days: 4, after: ready}",
     ["Visit: due 4 instead of 2 working days after the ready day (short notice)"]),
    ("- {days: 40, before: planned}", "- {months: 2, before: planned}",
     ["Visit: due the earlier of 2 months before the planned release and 20 working days after the notification "
      "instead of the earlier of 40 calendar days before the planned release and 20 working days after the "
      "notification (long notice)"]),
    ("- {days: 7, after: released}", "- {days: 9, after: released}",
     ["Talk 2: due 9 instead of 7 calendar days after the release (end of sentence)"]),
    ("    drop: [visit]\n", "", ["Visit: a new step of coordinator (leave)"]),
    ("    drop: [visit]", "    drop: [visit, talk]", ["Talk: no longer done (leave)"]),
    ("short: {working_days: 2, after: ready}", "short: null", ["Visit: no longer done (short notice)"]),
    ("owner: coordinator\n    duty: true", "owner: deputy\n    duty: true",
     ["Meeting: deputy is accountable instead of coordinator"]),
    ("after: [{step: mandate, outcome: in}]\n    due:", "after: [{milestone: accepted}]\n    due:",
     ["Visit: begins after “Accepted” instead of after Mandate check (in)"]),
    ("skip: {by: coordinator}", "skip: {by: [coordinator, police]}",
     ["Visit: may be waived by coordinator or police instead of coordinator"]),
    ("    four_eyes: {role: police, disagree_sets: {gate: no}}\n", "",
     ["Mandate check: no second person is needed any more"]),
    ("{key: years, type: number", "{key: decades, type: number",
     ["Closure: the form also asks “Years”", "Closure: the form no longer asks “Years”"]),
    ("maximum: 5", "maximum: 6", ["Closure: the question “Years” changes"]),
    ("label: {en: Years,", "label: {en: How many years,", ["Closure: only words change (How many years)"]),
    ("source: agreement, art. 7", "source: agreement, art. 8bis",
     ["Meeting: the source or legal basis is said otherwise"]),
    ("below: 10", "below: 12", ["Short notice: fewer than 12 working days instead of 10"]),
    ("cut_off: 16:00", "cut_off: 15:00", ["The cut-off hour is 15:00 instead of 16:00"]),
    ("closing_days: [2026-12-24]", "closing_days: [2026-12-24, 2026-12-31]", ["Own closing days: 1 added, 0 removed"]),
    ("status: informal", "status: draft", ["Status of the protocol: draft instead of informal"]),
    ("{who: deputy, working_days: 1}", "{who: deputy, working_days: 2}",
     ["Escalation “Late” changes: who is told, and when"]),
    ("    item: [dates, plan]\n    see: no", "    item: [dates, plan]\n    see: named",
     ["Police may see “Dates”: only if named instead of no", "Police may see “Plan”: only if named instead of no"]),
    ("recorded_within: {working_days: 2", "recorded_within: {working_days: 3",
     ["The time to record: 3 instead of 2 working days after the event"]),
    ("      - {closing: {working_days: 10, after: event}}", "      - {closing: {working_days: 12, after: event}}",
     ["Event “Waiting expired” changes: what it does"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), WORDS, ids=[words[0][:60] for _, _, words in WORDS])
def test_a_change_is_told_in_plain_words(old: str, new: str, words: list[str]) -> None:
    assert told(old, new) == words


def test_a_change_is_told_in_dutch() -> None:
    assert told("short: {working_days: 2, after: ready}", "short: {working_days: 4, after: ready}", "nl") == [
        "Bezoek: uiterlijk 4 in plaats van 2 werkdagen na de dag waarop ze klaarstaat (korte termijn)"
    ]


def test_the_first_contact_of_mechelen_two_days_earlier() -> None:
    text = MECHELEN.read_text(encoding="utf-8")
    newer = text.replace(
        "        long: {working_days: 10, after: notification}",
        "        long: {working_days: 8, after: notification}",
        1,
    )
    [first, *_] = diff(read(text, "a.yaml"), read(newer, "b.yaml"))
    assert first.words.startswith(
        "Information and first contact: due 8 instead of 10 working days after the notification (long notice"
    )
    assert first.steps == ("contact",)
    assert first.kind == "due"


def test_a_due_day_concerns_the_cases_in_which_the_step_is_not_settled() -> None:
    [change] = changes("short: {working_days: 2, after: ready}", "short: {working_days: 4, after: ready}")
    assert change.affects.words == "cases in which “Visit” is not settled yet (short notice)"
    assert change.affects.notice_classes == ("short",)
    assert change.affects.concerns(case(notice="short"))
    assert change.affects.concerns(case(("visit", "open"), notice="short"))
    assert not change.affects.concerns(case(("visit", "done"), notice="short"))
    assert not change.affects.concerns(case(("visit", "open"), notice="long"))
    assert not change.affects.concerns(case(notice="short", ended="ended"))


def test_a_step_that_a_release_type_lacks_concerns_no_case_of_that_type() -> None:
    [change] = changes("- {days: 7, after: released}", "- {days: 9, after: released}")
    assert change.affects.release_types == ("end_of_sentence",)
    assert change.affects.concerns(case())
    assert not change.affects.concerns(case(release_type="leave"))


def test_escalation_concerns_the_cases_with_steps_of_that_chain() -> None:
    [change] = changes("{who: deputy, working_days: 1}", "{who: deputy, working_days: 2}")
    assert change.steps == ("mandate", "visit", "talk")
    assert change.affects.concerns(case(("mandate", "done"), ("visit", "open")))
    assert not change.affects.concerns(case(("mandate", "done"), ("visit", "done"), ("talk", "done")))


def test_words_concern_no_running_case() -> None:
    for change in changes("{en: Talk, nl: Gesprek}", "{en: Conversation, nl: Gesprek}"):
        assert not change.affects.concerns(case())


def test_a_release_type_that_disappears_concerns_its_cases() -> None:
    text = BASE.replace("  leave:\n    name: {en: Leave, nl: Uitgaansvergunning}\nhandling", "handling")
    text = text.replace("    when: {release_type: leave}", "    when: {notice: short}")
    gone = [change for change in diff(read(BASE, "a.yaml"), read(text, "b.yaml")) if change.kind == "release_types"]
    assert [change.words for change in gone] == ["Release type no longer there: Leave"]
    assert gone[0].affects.concerns(case(release_type="leave"))
    assert not gone[0].affects.concerns(case())


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_nothing_that_changes_goes_unsaid(data: st.DataObject) -> None:
    lines = BASE.splitlines(keepends=True)
    place = data.draw(st.integers(3, len(lines) - 1))
    words = lines[place].split(" ")
    word = data.draw(st.integers(0, len(words) - 1))
    words[word] = data.draw(
        st.sampled_from(["", "other", "5", "true,", "0,", "police", "close", "3,", "planned}", "[plan]\n", "x\n"])
    )
    lines[place] = data.draw(st.sampled_from([" ".join(words), ""]))
    with contextlib.suppress(ProtocolFault):
        changed = read("".join(lines), "b.yaml")
        same = without_version(changed) == without_version(read(BASE, "a.yaml"))
        for language in ("en", "nl", "fr"):
            found = diff(read(BASE, "a.yaml"), changed, language)
            assert (found == []) == same
            assert all(change.words and change.affects.words for change in found)


def without_version(protocol: Protocol) -> Protocol:
    return protocol.model_copy(update={"version": ""})
