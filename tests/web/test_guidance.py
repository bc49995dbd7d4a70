"""Three sentences for who comes the first time: on their first page, in their words, until put away."""

from collections.abc import Callable

import pytest

from casework.db import Database
from tests.personas import PEOPLE
from tests.web.conftest import Browser

Choose = Callable[..., Browser]
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
TITLE = "Your first time here"


def test_the_first_page_says_what_this_role_does_here(as_: Choose) -> None:
    assert "Announce a release as soon as you know of it" in as_("s-piet").get("/").text
    assert "says at each task why it is due" in as_("s-lena").get("/").text
    assert "Overview shows what needs you" in as_("s-cora").get("/").text
    assert "the content stays with the police" in as_("s-ilse").get("/").text


@pytest.mark.parametrize("who", [person[0] for person in PEOPLE])
def test_nobody_starts_without_guidance(as_: Choose, who: str) -> None:
    page = as_(who).get("/").text
    assert TITLE in page and page.count("<li>", page.index(TITLE), page.index("Put this away")) == 3


def test_put_away_it_stays_away_until_asked_for_again(db: Database, as_: Choose) -> None:
    lena = as_("s-lena")
    answer = lena.post("/guidance")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")
    assert TITLE not in lena.get("/tasks").text
    assert TITLE not in as_("s-lena").get("/tasks").text, "another browser of the same person"
    assert TITLE in as_("s-lars").get("/tasks").text
    lena.post("/guidance", {"again": "yes"})
    assert TITLE in lena.get("/tasks").text


def test_it_stands_on_the_first_page_only(as_: Choose) -> None:
    assert TITLE not in as_("s-cora").get("/late").text
