"""Every word of the pages in three languages: none missing, none unused."""

import re
from pathlib import Path
from typing import get_args

import pytest

import web
from casework import mayor
from casework.compliance import EXPECTED
from models.cases import VERDICTS
from protocol.deviations import CAUSES
from protocol.events import StepDue
from protocol.language import FormField
from web import guidance, task_more
from web.administration import priorities, prisons
from web.administration.asking import words_of
from web.words import LANGUAGES, Words, table

FOLDER = Path(web.__file__).parent
SOURCES = [*FOLDER.glob("**/*.py"), *FOLDER.glob("templates/**/*.html")]
LITERAL = re.compile(r"[\"']([a-z]+\.[a-z0-9_]+)[\"']")
FAMILIES = frozenset(
    {
        "answer", "certainty", "cause", "check", "done", "outcome", "problem", "reason", "refusal", "sentences",
        "service", "staff", "shared_state", "restriction", "relation", "read_what", "ground", "account_state", "key_state",
        "status", "tone", "trigger",
        "version_status", "waiver", "who", "why",
    }
)  # fmt: skip
"""Words looked up by keys that come from elsewhere."""
HEALTH_PARTS = ("database", "sweep", "work", "outbox", "mail", "prefect")
COMPOSED = frozenset(
    {
        *(f"task.{action}" for action in ("appoint", "move", "assign", "waive")),
        *words_of("prisons", prisons.ASKS),
        *(key for key in table() if key.startswith("mailtest.is_")),
        *(f"guidance.{whose}_{n}" for whose in ("worker", *dict(guidance.FOR).values()) for n in (1, 2, 3)),
        *(f"ledger.is_{status}" for status in ("running", "interrupted", "failed")),
        *(f"mayor.{what}" for what in mayor.FIGURES),
        *(f"health.{part}{more}" for part in HEALTH_PARTS for more in ("", "_remedy")),
        *words_of("priorities", priorities.ASKS),
        *(key for key in table() if key.startswith(("announce.", "incoming.", "notice."))),
        *(f"absence.{name}" for name in ("from_on", "until_on")),
    }
)


def literals() -> set[str]:
    found = {literal for file in SOURCES for literal in LITERAL.findall(file.read_text("utf-8"))}
    subjects = {key.partition(".")[0] for key in table()}
    return {literal for literal in found if literal.partition(".")[0] in subjects}


def test_every_word_has_a_text_in_every_language() -> None:
    lacking = [key for key, texts in table().items() if set(texts) != set(LANGUAGES) or not all(texts.values())]
    assert lacking == []


def test_every_word_that_a_page_asks_for_is_there() -> None:
    known = set(table()) | {key.removesuffix("_one") for key in table() if key.endswith("_one")}
    names = {file.name for file in SOURCES} | {file.name for file in FOLDER.glob("static/**/*")}
    asked = {literal for literal in literals() if literal not in names and not literal.startswith("step.")}
    assert {word for word in asked - known if word.partition(".")[0] not in ("form", "date", "case", "not")} == set()


def test_no_word_is_left_over() -> None:
    used = literals()
    used |= {f"{word}_{number}" for word in used for number in ("one", "many")}
    left = {key for key in table() if key not in used | COMPOSED and key.partition(".")[0] not in FAMILIES}
    assert left == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_places_in_a_text_are_the_same_in_every_language(language: str) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert [key for key, texts in table().items() if places(texts[language]) != places(texts["en"])] == []


def test_what_comes_from_the_engine_has_words() -> None:
    t = Words("nl")
    whys = get_args(StepDue.model_fields["why"].annotation)
    assert [why for why in whys if not t.known("why", why)] == []
    assert [cause for cause in (*CAUSES, "missed") if not t.known("cause", cause)] == []
    assert [verdict for verdict in EXPECTED if not t.known("verdict", verdict)] == []
    assert set(EXPECTED) <= set(VERDICTS)
    assert [reason for reason in task_more.WAIVER_REASONS if not t.known("waiver", reason)] == []
    kinds = set(get_args(FormField.model_fields["type"].annotation)) - {"staff_list"}
    assert [kind for kind in kinds if not t.known("problem", f"form_{kind}")] == []


def test_french_counts_none_as_one() -> None:
    assert Words("fr").count("today.days_late", 0) == "0 jour ouvrable de retard"
    assert Words("en").count("today.days_late", 0) == "0 working days late"


def test_a_sentence_from_below_is_told_in_the_language_of_the_page() -> None:
    assert Words("nl").sentence("must be at most 64 characters long") == "mag hoogstens 64 tekens lang zijn"
    assert Words("fr").sentence("a sentence that nobody knows") == "a sentence that nobody knows"
