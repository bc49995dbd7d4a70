"""Names only for those who may see them; nothing of a person in addresses, logs or errors; sharing stays secret."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from casework import clock
from casework.db import Database
from tests.casework.helpers import assigned_case, complete, later, new_case, rows
from tests.personas import ILSE, SARA
from tests.web.conftest import ADMINISTRATOR, Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
CANARIES = ("Canaryname1", "Robin", "REF-0001", "1990")
SEES = {"s-cora", "s-dirk", "s-ilse", "s-lena", "s-dora", "s-piet"}
KNOWS = {*SEES, "s-dana", "s-anna"}
"""those who see the case at all"""
EVERYBODY = (
    "s-cora", "s-dirk", "s-ilse", "s-paul", "s-sara", "s-lena", "s-dora", "s-lars", "s-piet", "s-vera", "s-omar",
    "s-yara", "s-dana", "s-frank", "s-anna", "s-maya", ADMINISTRATOR,
)  # fmt: skip


def everything(browser: Browser, start: str = "/") -> dict[str, Any]:
    """Every page that can be reached by links."""
    seen: dict[str, Any] = {}
    todo = [start]
    while todo and len(seen) < 120:
        path = todo.pop()
        seen[path] = browser.get(path)
        todo += [link for link in browser.links(path) if link not in seen and link not in todo]
    return seen


@pytest.mark.parametrize("staff_id", EVERYBODY)
def test_a_name_appears_only_to_those_who_may_see_it(db: Database, as_: Choose, staff_id: str) -> None:
    ref = assigned_case(db).ref
    browser = as_(staff_id)
    pages = {**everything(browser), f"/cases/{ref}": browser.get(f"/cases/{ref}")}
    shown = {path for path, answer in pages.items() if any(canary in answer.text for canary in CANARIES[:3])}
    assert bool(shown) == (staff_id in SEES), shown
    assert all(path.startswith("/cases/") for path in shown), "lists never hold a name"
    assert pages[f"/cases/{ref}"].status_code == (200 if staff_id in KNOWS else 404)


def test_no_address_holds_anything_of_a_person(db: Database, as_: Choose) -> None:
    assigned_case(db)
    for staff_id in ("s-cora", "s-lena", "s-piet"):
        addresses = " ".join(everything(as_(staff_id)))
        assert not any(canary in addresses for canary in CANARIES)


def test_those_who_see_only_their_own_part_see_no_other_step(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    page = as_("s-piet").get(f"/cases/{ref}").text
    assert "You see the dates and your own part of this case." in page
    for word in ("Information check", "Mandate check", "First sharing decision", "Lena Imaginair", "History"):
        assert word not in page
    assert as_("s-piet").get(f"/cases/{ref}/steps/infocheck").status_code == 404


def test_the_announcer_learns_that_it_was_handled_and_nothing_else(db: Database, as_: Choose) -> None:
    new_case(db)
    browser = as_("s-piet")
    assert "In hand" in browser.get("/announced").text
    assigned_case(db, 2)
    page = browser.get("/announced").text
    assert page.count("Handled") == 1 and page.count("In hand") == 1
    assert "mandate" not in page.lower()


def test_an_auditor_sees_steps_and_times_without_names(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    page = as_("s-anna").get(f"/cases/{ref}").text
    assert "Mandate check" in page
    for name in ("Cora Verzonnen", "Lena Imaginair", "Paul Fictief", "Canaryname1"):
        assert name not in page


@pytest.mark.parametrize("staff_id", ["s-lena", "s-dirk"])
def test_a_sharing_decision_shows_as_settled_on_its_due_day_and_never_earlier(
    db: Database, as_: Choose, staff_id: str
) -> None:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    before = as_(staff_id).get(f"/cases/{ref}").text
    complete(db, ILSE, ref, "share", {"decision": "declined"})
    browser = as_(staff_id)
    for answer in (browser.get(f"/cases/{ref}"), browser.get(f"/cases/{ref}/steps/share")):
        assert "Not shared" not in answer.text
    assert said_of_share(browser.get(f"/cases/{ref}").text) == said_of_share(before)
    as_("s-sara").post(f"/cases/{ref}/steps/share/decide", {"agree": "yes", "command": "s"})
    assert said_of_share(as_(staff_id).get(f"/cases/{ref}").text) == said_of_share(before)
    assert "First sharing decision" not in as_("s-dirk").get("/overview").text
    clock.set_to(later(days=8))
    after = as_(staff_id).get(f"/cases/{ref}").text
    assert "Not shared" not in after and "done" in said_of_share(after)[-1]
    assert SARA.id not in after


def said_of_share(page: str) -> list[str]:
    """Every line of a page that is about the sharing decision."""
    plain = re.sub(r"<[^>]+>", " ", page.replace("</tr>", "\n").replace("</li>", "\n").replace("</title>", "\n"))
    text = re.sub(r"[ \t\u00a0]+", " ", re.sub(r"(?<!\n)\n(?!\n)", " ", plain))
    return [line.strip() for line in re.split(r"\n+", text) if "First sharing decision" in line]


def test_what_was_written_stays_with_those_who_work_on_the_step(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    for staff_id in ("s-lena", "s-piet", "s-anna", "s-ilse"):
        assert "Canary reason" not in " ".join(a.text for a in everything(as_(staff_id), f"/cases/{ref}").values())


def test_reading_a_case_is_noted_also_when_it_was_refused(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    as_("s-lena").get(f"/cases/{ref}")
    as_("s-omar").get(f"/cases/{ref}")
    noted = rows(db, "SELECT staff, allowed FROM access_entry WHERE what = 'case' ORDER BY id")
    assert [(who, bool(allowed)) for who, allowed in noted] == [("s-lena", True), ("s-omar", False)]


def test_a_fault_is_a_number_for_people_and_says_nothing_of_a_person_in_the_log(
    db: Database, as_: Choose, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("Canaryname1 of REF-0001")

    monkeypatch.setattr("web.case_pages.case_for", broken)
    with caplog.at_level(logging.DEBUG):
        answer = browser.get(f"/cases/{ref}")
    assert answer.status_code == 500
    reference = re.search(r"number: (\w{8})", answer.text)
    assert reference is not None and reference[1] in caplog.text
    assert "RuntimeError" in caplog.text
    for text in (answer.text, caplog.text):
        assert "Canaryname1" not in text and "Traceback" not in text
