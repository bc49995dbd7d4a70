"""A broken protocol file gets an error that names file, line, rule and remedy, in words its author understands.

The cases stand in `broken/*.yaml`: each replaces a piece of `broken/base.yaml`, and says which words the error must
contain and on which line (`on`: where that is not within the replaced piece).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from protocol import language, references
from protocol import references_names as names
from protocol.errors import ProtocolFault
from protocol.fault_words import WORDS
from protocol.language import Protocol
from protocol.parse import load, read, read_with_lines
from protocol.yaml_reader import MOST_BYTES, MOST_DEPTH, fast, thorough

BROKEN = Path(__file__).parent / "broken"
BASE = (BROKEN / "base.yaml").read_text(encoding="utf-8")
READING = {"file.yaml", "file.fields", "file.one", "file.twice", "file.alias", "file.tag", "file.name"}
NEEDS_NO_CASE = {
    # pydantic's spellings of findings that another case shows in the same words
    "schema.date_parsing", "schema.int_from_float", "schema.int_parsing_size", "schema.model_attributes_type",
}  # fmt: skip

DECLARED = {
    "FormField.key",
    "FormField.options",
    "Outcome.key",
    "Step.forms",
    "NoticeClass.key",
    "Variant.add",
    "Role.service",
    "Open.trigger",
    "Step.flow",
    "Protocol.protocol",
    "Protocol.legal_basis",
    "Protocol.anchors",
    "Protocol.release_types",
    "Protocol.handling_codes",
    "Protocol.item_kinds",
    "Protocol.roles",
    "Protocol.tracks",
    "Protocol.meetings",
    "Protocol.phases",
    "Protocol.milestones",
    "Protocol.steps",
    "Protocol.variants",
    "Protocol.events",
    "Protocol.escalations",
}
"""Fields that give a thing its name."""
LOOKED_UP_APART = {
    "Condition.given",
    "After.given",
    "Outcome.when",
    "Form.expected_given",
    "FourEyes.disagree",
    "FourEyes.disagree_sets",
    "Repeat.goes_on_when",
    "Repeat.forms",
    "Skip.becomes",
    "Open.form",
    "Action.closing_form",
    "Step.counts_only",
    "Step.short_form",
    "Step.not_decided",
    "Monitored.field",
    "Monitored.column",
    *(f"Shares.{field}" for field in ("kind", "text", "to", "ground", "code", "until")),
}
"""Fields, answers, outcomes and forms: looked up in the step or event they belong to."""


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for table in sorted(BROKEN.glob("*.yaml")):
        if table.name != "base.yaml":
            for case in YAML(typ="safe", pure=True).load(table.read_text(encoding="utf-8")):
                yield f"{table.stem}: {case['case']}", case


CASES = dict(cases())


def broken(case: dict[str, Any]) -> tuple[str, int, int]:
    """The broken text, and from which line to which its fault may be reported."""
    if "whole" in case:
        return case["whole"], 1, case["whole"].count("\n") + 1
    if "cut from" in case:
        start = BASE.index(case["cut from"])
        old = BASE[start : BASE.index(case["cut until"], start)]
    else:
        old = case["replace"]
    assert BASE.count(old) == 1, f"{old!r} stands {BASE.count(old)} times in base.yaml"
    text = BASE.replace(old, case["with"])
    first = line_of(BASE, old)
    return text, first, first + case["with"].count("\n")


def line_of(text: str, piece: str) -> int:
    return text[: text.index(piece)].count("\n") + 1


@lru_cache
def faults_of(text: str) -> ProtocolFault:
    with pytest.raises(ProtocolFault) as caught:
        read(text, "broken.yaml")
    return caught.value


def test_the_base_file_has_no_fault() -> None:
    assert isinstance(load(BROKEN / "base.yaml"), Protocol)


@pytest.mark.parametrize("name", CASES)
def test_a_broken_file_is_refused_with_line_rule_and_remedy(name: str) -> None:
    case = CASES[name]
    text, first, last = broken(case)
    fault = faults_of(text)
    wanted = [case["must say"]] if isinstance(case["must say"], str) else case["must say"]
    for words in wanted:
        assert words in str(fault)
    named = [found for found in fault.faults if found.key == case["rule"]]
    assert named, f"no fault has the key {case['rule']}: {[found.key for found in fault.faults]}"
    lines = range(1, text.count("\n") + 2) if case.get("on") == "any" else range(first, last + 1)
    if case.get("on") not in (None, "any"):
        lines = range(line_of(text, case["on"]), line_of(text, case["on"]) + case["on"].rstrip("\n").count("\n") + 1)
    assert any(found.line in lines for found in named), f"expected a line in {lines}: {fault}"
    assert all(found.file == "broken.yaml" and found.remedy for found in fault.faults)


@pytest.mark.parametrize("name", CASES)
def test_errors_are_in_the_words_of_the_language_not_of_the_library(name: str) -> None:
    said = str(faults_of(broken(CASES[name])[0])).lower()
    for jargon in (
        "pydantic",
        "input should",
        "extra inputs",
        "validation",
        "mapping",
        "dictionary",
        "tuple",
        "str type",
    ):
        assert jargon not in said


def test_every_rule_of_the_language_has_a_broken_file() -> None:
    shown = {case["rule"] for case in CASES.values()}
    rules = {*references.rules(), *READING, *(f"schema.{kind}" for kind in WORDS)}
    assert rules - shown - NEEDS_NO_CASE == set()


def test_every_fault_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = BASE.replace("status: informal", "status: shaky").replace("    duty: true", "    duty: maybe")
    found = faults_of(text.replace("  cut_off: 16:00", "  cut_off: four")).faults
    assert [fault.field for fault in found] == ["status", "calendar.cut_off", "steps.meet.duty"]
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


def test_an_error_reads_as_file_line_field_rule_and_remedy() -> None:
    text = BASE.replace("    due: {meeting: weekly}", "    du: {meeting: weekly}")
    [first] = faults_of(text).faults
    line = line_of(text, "    du: ")
    assert str(first).startswith(
        f"broken.yaml:{line}: steps.meet.du: unknown field `du`; did you mean `due`?. Remedy: "
    )


def test_plain_values_stay_what_was_written() -> None:
    protocol = read(BASE, "base.yaml")
    assert protocol.version == "1.10"
    assert protocol.calendar.cut_off == "16:00"
    assert protocol.visibility[1].see == "no"
    assert protocol.steps["mandate"].form.outcomes[0].when == {"gate": ("yes",)}
    assert protocol.steps["mandate"].four_eyes is not None
    assert protocol.steps["mandate"].four_eyes.disagree_sets == {"gate": "no"}
    assert protocol.calendar.closing_days[0].isoformat() == "2026-12-24"
    assert protocol.anchors["notified"].cut_off is True


def test_a_question_mark_in_a_text_needs_no_quotes() -> None:
    protocol = read(BASE.replace("{en: Spoken, nl: Gesproken}", "{en: Spoken?, nl: Gesproken?}"), "base.yaml")
    assert protocol.steps["visit"].forms["short"].fields[0].label == {"en": "Spoken?", "nl": "Gesproken?"}


def test_every_name_in_the_language_is_looked_up() -> None:
    """A field that holds a name stands in a table, or among those that declare it or are checked apart."""
    tables = (names.STEPS, names.ANCHORS, names.ROLES, names.PHASES, names.EVENTS, names.MILESTONES, names.CLASSES)
    looked_up = {(kind.__name__, field) for table in (*tables, names.OTHERS) for kind, field in table}
    for kind in (
        part for part in vars(language).values() if isinstance(part, type) and issubclass(part, language.Part)
    ):
        for field, info in kind.model_fields.items():
            if "language.Key" in str(info) or "a-z0-9_" in str(info.annotation) or "a-z0-9_" in str(info.metadata):
                known = (
                    kind.__name__,
                    field,
                ) in looked_up or f"{kind.__name__}.{field}" in DECLARED | LOOKED_UP_APART
                assert known, f"nothing looks up the names in {kind.__name__}.{field}"


def test_the_line_of_every_part_is_known() -> None:
    _, lines = read_with_lines(BASE, "base.yaml")
    assert lines.at(("steps", "talk", "repeat", "occurrences", 1)) == line_of(
        BASE, "        - {days: 7, after: released}"
    )
    assert lines.at(("steps", "talk", "told")) == line_of(BASE, "  talk:\n    name")


def test_a_file_of_more_than_one_megabyte_is_refused(tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    big.write_text(BASE + "#" * MOST_BYTES)
    with pytest.raises(ProtocolFault, match="at most 1 MB"):
        load(big)


def test_a_bottomless_file_is_refused() -> None:
    assert faults_of("a: " + "[" * 100_000).faults[0].key == "file.depth"
    assert f"at most {MOST_DEPTH} levels" in str(faults_of("a: " + "{b: " * 500))


def test_a_file_that_multiplies_itself_is_refused() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert {fault.key for fault in faults_of(bomb).faults} == {"file.alias"}


def test_a_file_that_cannot_be_opened_is_a_fault_too(tmp_path: Path) -> None:
    with pytest.raises(ProtocolFault, match=r"nothing\.yaml:1: the file: the file cannot be opened"):
        load(tmp_path / "nothing.yaml")
    (tmp_path / "old.yaml").write_bytes(b"protocol: small\ntitle: caf\xe9\n")
    with pytest.raises(ProtocolFault, match=r"old\.yaml:2: the file: this is not UTF-8 text"):
        load(tmp_path / "old.yaml")


yaml_pieces = st.sampled_from(
    [
        "a",
        "steps",
        ": ",
        "\n",
        "\n  ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&x ",
        "*x",
        "!!y ",
        "'",
        '"',
        "#",
        "|\n",
        "? ",
        "---\n",
        "%",
        "\t",
        "1",
        "~",
    ]
)


@given(st.one_of(st.text(), st.lists(yaml_pieces, max_size=40).map("".join)))
@settings(max_examples=300, deadline=None)
def test_arbitrary_text_never_raises_anything_but_a_protocol_fault(text: str) -> None:
    with pytest.raises(ProtocolFault):
        read(text, "any.yaml")


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.one_of(yaml_pieces, st.sampled_from(["?", ":", "x?", " ?}", "16:00", "b: ", ", "])), max_size=20
        ).map("".join),
    )
)
@settings(max_examples=500, deadline=None)
def test_the_fast_reader_reads_what_the_thorough_one_reads(text: str) -> None:
    quick, slow = fast(text, "any.yaml"), thorough(text, "any.yaml")
    if not quick.faults and not slow.faults and isinstance(slow.result, dict):
        assert quick.result == slow.result


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_protocol_is_read_or_refused(data: st.DataObject) -> None:
    lines = BASE.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        words = lines[place].split(" ")
        word = data.draw(st.integers(0, len(words) - 1))
        words[word] = data.draw(
            st.sampled_from(["", "[]", "{}", "nothing", "true", "-1", "null", "[a, {b: c}]", "{a: b}"])
        )
        lines[place] = data.draw(st.sampled_from([" ".join(words), "", lines[place] * 2]))
    with contextlib.suppress(ProtocolFault):
        assert isinstance(read("".join(lines), "damaged.yaml"), Protocol)
