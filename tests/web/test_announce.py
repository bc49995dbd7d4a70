"""A liaison announces a release: refused fields beside what was typed, with rule and remedy; news of an open case."""

from collections.abc import Callable

import pytest

from casework.db import Database
from tests.casework.helpers import rows
from tests.web.conftest import Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
GOOD = {
    "prison": "Mechelen", "reference": "REF-77", "family_name": "Canaryname", "given_names": "Robin",
    "birth_date": "1990-05-06", "language": "nl", "release_type": "end_of_sentence", "conditions": "no",
    "planned_release": "2027-03-01", "certainty": "confirmed", "source": "registry",
}  # fmt: skip


def test_an_announcement_opens_a_case(db: Database, as_: Choose) -> None:
    browser = as_("s-piet")
    answer = browser.post("/announce", GOOD)
    assert answer.headers["location"] == "/announced?done=accepted"
    page = browser.get("/announced?done=accepted").text
    assert "Announced. The city has your message." in page and "2026-001" in page
    assert "Canaryname" not in page
    assert rows(db, "SELECT staff, relation FROM case_member") == [("s-piet", "announcer")]


def test_an_announcement_sent_twice_opens_one_case(db: Database, as_: Choose) -> None:
    browser = as_("s-piet")
    browser.post("/announce", GOOD)
    assert browser.post("/announce", GOOD).headers["location"] == "/announced?done=known"
    assert rows(db, "SELECT count(*) FROM release_case") == [(1,)]


def test_a_moved_date_is_recognised(as_: Choose) -> None:
    browser = as_("s-piet")
    browser.post("/announce", GOOD)
    answer = browser.post("/announce", {**GOOD, "planned_release": "09/03/2027"})
    assert answer.headers["location"] == "/announced?done=moved"


def test_every_refused_field_says_rule_and_remedy_beside_what_was_typed(db: Database, as_: Choose) -> None:
    browser = as_("s-piet")
    answer = browser.post("/announce", {**GOOD, "birth_date": "31/02/1990", "planned_release": "", "source": ""})
    assert answer.status_code == 422
    assert "3 answers must be mended" in answer.text
    assert "Birth date: Must be an existing date." in answer.text
    assert "May be empty only when certainty is unconfirmed." in answer.text
    assert 'value="Canaryname"' in answer.text and 'value="31/02/1990"' in answer.text
    assert rows(db, "SELECT count(*) FROM release_case") == [(0,)]


@pytest.mark.parametrize(("language", "words"), [("nl", "Mag niet leeg zijn."), ("fr", "Ne peut être vide.")])
def test_the_refusal_is_in_the_language_of_the_page(as_: Choose, language: str, words: str) -> None:
    assert words in as_("s-piet", language).post("/announce", {**GOOD, "source": ""}).text


def test_a_known_reference_with_another_birth_date_is_refused_and_never_merged(db: Database, as_: Choose) -> None:
    browser = as_("s-piet")
    browser.post("/announce", GOOD)
    answer = browser.post("/announce", {**GOOD, "birth_date": "1991-05-06"})
    assert answer.status_code == 422
    assert "belongs to a person with another birth date" in answer.text
    assert rows(db, "SELECT count(*) FROM person") == [(1,)]


def test_an_uncertain_date_may_be_left_out(as_: Choose) -> None:
    answer = as_("s-piet").post("/announce", {**GOOD, "planned_release": "", "certainty": "unconfirmed"})
    assert answer.status_code == 303


def test_only_those_who_announce_may_send_it(db: Database, as_: Choose) -> None:
    assert as_("s-lena").post("/announce", GOOD).status_code == 403
    assert rows(db, "SELECT count(*) FROM release_case") == [(0,)]
