"""The reference page of the language says what the schema says."""

from __future__ import annotations

from pathlib import Path

from protocol import language
from protocol.parse import read
from protocol.reference_example import EXAMPLE
from protocol.reference_page import page
from protocol.references import rules
from protocol.schema import fields

PAGE = Path(__file__).parents[2] / "docs" / "language.md"


def test_the_committed_page_is_the_one_the_schema_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "make it anew: python -m protocol.reference_page > docs/language.md"
    )


def test_the_worked_example_is_a_protocol() -> None:
    protocol = read(EXAMPLE, "example.yaml")
    assert list(protocol.steps) == ["mandate", "visit", "close"]
    assert EXAMPLE in page()


def test_every_field_and_every_rule_stands_on_the_page_with_its_meaning() -> None:
    text = page()
    parts = [part for part in vars(language).values() if isinstance(part, type) and issubclass(part, language.Part)]
    for part in parts:
        for name in fields(part):
            assert f"| `{name}` | " in text, f"{part.__name__}.{name}"
    assert "|  |" not in text, "a field without a meaning"
    assert all(f"- `{key}`: " in text for key in rules())


def test_nothing_on_the_page_is_written_in_the_words_of_the_code() -> None:
    for jargon in ("NoneType", "typing", "Annotated", "pydantic", "class '", "tuple", "dict"):
        assert jargon not in page()
