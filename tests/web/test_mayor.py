"""The mayor's first page: calls, questions to decide, and figures that nobody can be recognised by."""

import datetime as dt
from collections.abc import Callable

import pytest

from casework import mayor
from casework.cases import perform
from casework.db import Database
from protocol.commands import DecideSecond
from tests.casework.helpers import MANDATE, NOTIFY, T0, complete, new_case, rows
from tests.personas import CORA, MAYA, PAUL
from tests.web.conftest import Browser
from tests.web.test_urgent import call

Choose = Callable[..., Browser]


def undecided(db: Database, number: int = 1) -> str:
    """A case outside the agreed priorities: the high-level meeting decides."""
    ref = new_case(db, number).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", {**MANDATE, "gate2": "no"})
    second = DecideSecond(id="mandate", agree=True, occurred_on=T0.date())
    perform(db, PAUL, ref, second, f"{ref}-second", T0)
    return ref


def test_the_agenda_holds_case_number_question_and_decision_asked(partnership: Database) -> None:
    ref = undecided(partnership)
    (item,) = mayor.agenda(partnership, MAYA, T0)
    assert (item.task.ref, item.trigger) == (ref, "gate2")
    assert [label["en"] for label in item.asked] == ["Is the case taken up?"]
    assert mayor.agenda(partnership, CORA, T0) == []
    read = rows(partnership, "SELECT what, allowed FROM access_entry WHERE staff = 's-maya'")
    assert [what for what, _ in read] == ["agenda"]


def test_the_first_page_of_the_mayor_shows_all_three(db: Database, as_: Choose) -> None:
    ref = undecided(db)
    (case_id,) = rows(db, "SELECT id FROM release_case")[0]
    call(db, "s-maya", case_id, "highlevel")
    page = as_("s-maya").get("/").text
    assert "Urgent calls (1)" in page and 'action="/urgent/' in page
    assert ref in page and "outside the agreed priorities" in page and "Is the case taken up?" in page
    assert "Counts per quarter" in page
    assert "Canary" not in page and "Mechelen" not in page
    assert "Wednesday 18\N{NO-BREAK SPACE}November 2026" in page  # Wed 11 is Armistice Day


def test_figures_are_of_finished_quarters_and_never_small(partnership: Database) -> None:
    for number in range(1, 7):
        undecided(partnership, number)
    assert mayor.quarters(partnership, T0.date()) == {}
    found = mayor.quarters(partnership, dt.date(2027, 1, 2))
    assert list(found) == ["2026-Q4"]
    assert found["2026-Q4"]["opened"] == 6
    assert found["2026-Q4"]["released"] is None and found["2026-Q4"]["ended"] is None
    assert mayor.quarters(partnership, dt.date(2029, 1, 2)) == {}


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_nothing_waits_is_told_plainly(db: Database, as_: Choose) -> None:
    page = as_("s-maya").get("/mayor").text
    assert "No urgent call waits." in page and "No question waits for a decision." in page
    assert "No finished quarter has figures yet." in page
    assert as_("s-cora").get("/mayor").status_code == 403
