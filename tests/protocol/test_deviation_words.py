"""A deviation speaks Dutch, French and English: the same facts. The small protocol has English names only."""

import re

import pytest

from protocol.deviation_words import LANGUAGES, WORDS, day
from protocol.deviations import Deviation
from tests.protocol.ledgers import begun, found
from tests.protocol.ledgers import day as on


def everything() -> list[Deviation]:
    """One case with as many kinds of deviation as fit in it."""
    ledger = begun().on("11-11").opened("contact", "11-24").on("12-02").done("contact", "11-26")
    ledger.on("12-01").opened("visit", "12-02").due("visit", "12-03").on("12-04").done("visit", by="ann")
    ledger.done("visit").done("plan")
    ledger.on("12-20").happened("arrest", "12-01")
    return found(ledger)


def test_every_sentence_is_there_in_every_language_with_the_same_places() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert set(WORDS) == set(LANGUAGES)
    for language in LANGUAGES:
        assert {key: places(text) for key, text in WORDS[language].items()} == {
            key: places(text) for key, text in WORDS["en"].items()
        }


def test_a_late_step_is_told_in_three_languages() -> None:
    ledger = begun().on("11-11").opened("contact", "11-25", "12:00").on("12-02").done("contact", "11-27")
    late, recorded = found(ledger)
    assert (
        late.said("nl")
        == "First contact: gedaan op 27 nov. 2026, 2 werkdagen na de uiterste datum 25 nov. 2026 om 12:00 uur."
    )
    assert late.said("fr") == (
        "First contact : étape réalisée le 27 nov. 2026, 2 jours ouvrables après l’échéance du 25 nov. 2026 à 12:00."
    )
    assert late.words == late.said("en") == late.said("de")
    assert recorded.said("nl") == "First contact: gedaan op 27 nov. 2026 en pas vastgelegd op 2 dec. 2026."
    assert recorded.said("fr").endswith("étape réalisée le 27 nov. 2026 et enregistrée seulement le 2 déc. 2026.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_place_stays_open_and_every_sentence_ends(language: str) -> None:
    deviations = everything()
    assert {each.rule for each in deviations} >= {
        "step.late", "step.recorded-late", "step.never-opened", "step.settled-twice", "event.recorded-late"
    }  # fmt: skip
    for each in deviations:
        said = each.said(language)
        assert said.endswith(".") and not re.search(r"[{}]|None|Named|Sentence", said)
        assert language == "en" or said != each.words


def test_what_a_step_waited_for_is_named() -> None:
    ledger = begun().on("11-12").opened("visit", "12-02").done("visit")
    (early,) = [each for each in found(ledger) if each.rule == "step.before-ready"]
    assert "nog gewacht moest worden op: First contact" in early.said("nl")
    assert "fallait encore attendre : First contact" in early.said("fr")


def test_the_first_of_the_month_is_an_ordinal_in_french() -> None:
    assert [day(on("12-01"), language) for language in LANGUAGES] == ["1 Dec 2026", "1 dec. 2026", "1er déc. 2026"]
