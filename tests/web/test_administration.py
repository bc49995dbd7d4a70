"""What an administrator keeps, over HTTP: colleagues and their accounts, absences, closing days, keys of systems."""

import re
from collections.abc import Callable

import pytest

from casework import accounts, staff
from casework.db import Database
from tests.casework.helpers import T0, assigned_case, counts, new_case, rows
from tests.web.conftest import ADMINISTRATOR, Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
NEW = {
    "name": "Nora Bedacht", "roles": ["lead_worker", "deputy_worker"], "service": "social_work",
    "email": "nora@city.example", "phone": "+32 15 00 00 01", "language": "fr", "hours_per_week": "30,4",
    "languages": "fr, nl",
}  # fmt: skip


def test_a_colleague_is_added_changed_and_stopped(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    answer = browser.post("/staff/new", NEW)
    assert answer.status_code == 303
    staff_id = answer.headers["location"].partition("?")[0].rpartition("/")[2]
    found = staff.find(db, staff_id)
    assert (found.name, found.roles, found.hours_per_week, found.languages, found.language) == (
        "Nora Bedacht", ["lead_worker", "deputy_worker"], 30.4, ["fr", "nl"], "fr",
    )  # fmt: skip
    assert "Nora" not in staff_id and "Nora" not in str(rows(db, "SELECT entry FROM ledger_entry"))
    changed = {**NEW, "roles": ["lead_worker"], "substitute.lead_worker.1": "s-lars", "manager": "s-cora"}
    assert browser.post(f"/staff/{staff_id}/change", changed).status_code == 303
    found = staff.find(db, staff_id)
    assert (found.substitutes, found.manager) == ({"lead_worker": ["s-lars"]}, "s-cora")
    page = browser.get(f"/staff/{staff_id}").text
    assert "Lars Bedacht" in page and "Cora Verzonnen" in page
    assert browser.post(f"/staff/{staff_id}/account", {"what": "stop"}).status_code == 303
    assert staff.find(db, staff_id).left_at is not None
    assert "Nora Bedacht" in browser.get("/staff").text.partition("<details>")[2]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "must be filled in"),
        ("roles", [], "choose at least one role"),
        ("roles", ["king"], "no such role"),
        ("email", "not an address", "must be an e-mail address"),
        ("phone", "call me", "telephone number"),
        ("hours_per_week", "200", "between 1 and 60"),
        ("service", "", "needs to know the service"),
        ("manager", "s-nobody", "must be a colleague"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_lost(
    db: Database, as_: Choose, field: str, value: object, words: str
) -> None:
    browser, before = as_(ADMINISTRATOR), counts(db)
    answer = browser.post("/staff/new", {**NEW, field: value})
    assert answer.status_code == 422
    assert words in answer.text.lower()
    assert 'value="+32 15 00 00 01"' in answer.text or field == "phone"
    assert counts(db)["staff"] == before["staff"]


def test_an_address_is_one_persons(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    assert browser.post("/staff/new", NEW).status_code == 303
    again = browser.post("/staff/new", {**NEW, "name": "Somebody Else", "email": "NORA@city.example"})
    assert again.status_code == 422 and "somebody else has this address" in again.text.lower()


def test_an_invitation_is_shown_once(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    page = browser.post("/staff/s-lena/account", {"what": "invite"}).text
    link = re.search(r"/invitation/([\w-]+)", page)
    assert link is not None and accounts.state(db, "s-lena").status == "invited"
    assert link[1] not in browser.get("/staff/s-lena").text


def test_only_an_administrator_changes_staff(db: Database, as_: Choose) -> None:
    for who in ("s-cora", "s-lena", "s-dana"):
        browser = as_(who)
        assert browser.post("/staff/new", NEW).status_code == 403
        assert browser.post("/staff/s-lena/account", {"what": "stop"}).status_code == 403
    assert as_("s-cora").get("/staff/s-lena").status_code == 200
    assert as_("s-lena").get("/staff/s-cora").status_code == 403


def test_an_administrator_learns_how_much_somebody_holds_and_no_case(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    page = as_(ADMINISTRATOR).get("/staff/s-lena").text
    assert "1 cases as lead worker or deputy" in page and ref not in page


def test_anybody_records_their_own_absence_and_comes_back(db: Database, as_: Choose) -> None:
    browser = as_("s-lena")
    days = {"from_on": "2026-11-09", "until_on": "2026-11-20"}
    assert browser.post("/absences/s-lena", days).status_code == 303
    assert staff.away(db, T0.date()) == {"s-lena"}
    assert "Away" in as_(ADMINISTRATOR).get("/staff").text
    (found,) = staff.absences(db, "s-lena")
    assert browser.post("/absences/s-lena/end", {"absence": str(found.id)}).status_code == 303
    assert staff.away(db, T0.date()) == frozenset()
    assert browser.get("/absences/s-lars").status_code == 403
    assert browser.post("/absences/s-lars/end", {"absence": str(found.id)}).status_code == 403


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({"from_on": "2026-11-20", "until_on": "2026-11-12"}, "cannot lie before"),
        ({"from_on": "2026-11-20", "until_on": "2036-11-12"}, "within two years"),
        ({"from_on": "soon", "until_on": "2026-11-12"}, "date"),
    ],
)
def test_a_wrong_absence_is_refused_beside_the_field(
    db: Database, as_: Choose, days: dict[str, str], words: str
) -> None:
    answer = as_("s-lena").post("/absences/s-lena", days)
    assert answer.status_code == 422 and words in answer.text
    assert staff.absences(db) == []


def test_a_closing_day_shows_what_moves_before_it_is_kept(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser = as_("s-cora")
    asked = browser.post("/closing-days", {"day": "2026-11-12", "name": "Training"})
    assert asked.status_code == 200 and ref in asked.text and "13\xa0Nov" in asked.text
    assert rows(db, "SELECT count(*) FROM closing_day") == [(0,)]
    assert browser.post("/closing-days", {"day": "2026-11-12", "name": "Training", "sure": "1"}).status_code == 303
    assert rows(db, "SELECT due_on FROM step WHERE occurrence = 'notify'")[0][0] in ("2026-11-13",)
    back = browser.post("/closing-days", {"day": "2026-11-12", "remove": "1"})
    assert "12\xa0Nov" in back.text
    assert browser.post("/closing-days", {"day": "2026-11-12", "remove": "1", "sure": "1"}).status_code == 303
    assert rows(db, "SELECT due_on FROM step WHERE occurrence = 'notify'")[0][0] == "2026-11-12"


def test_an_administrator_sees_how_much_a_closing_day_moves_but_no_case(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    page = as_(ADMINISTRATOR).post("/closing-days", {"day": "2026-11-12", "name": ""}).text
    assert "move in 1 cases" in page and ref not in page


@pytest.mark.parametrize(("day", "words"), [("1999-01-01", "five years"), ("never", "date")])
def test_a_wrong_closing_day_is_refused(db: Database, as_: Choose, day: str, words: str) -> None:
    answer = as_("s-cora").post("/closing-days", {"day": day, "name": "x", "sure": "1"})
    assert answer.status_code == 422 and words in answer.text


def test_the_key_of_a_system_is_shown_once_and_can_be_withdrawn(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    given = {"id": "prison-east", "name": "Prison East", "acts_as": "s-piet", "months": "6"}
    page = browser.post("/api-clients", given).text
    key = re.search(r"sluis_[\w-]+", page)
    assert key is not None and key[0] not in browser.get("/api-clients").text
    assert browser.post("/api-clients", given).status_code == 422
    assert browser.post("/api-clients", {**given, "id": "Prison East!"}).status_code == 422
    assert browser.post("/api-clients/revoke", {"client": "prison-east"}).status_code == 303
    assert rows(db, "SELECT count(*) FROM api_client WHERE revoked_at IS NOT NULL") == [(1,)]
    assert as_("s-cora").get("/api-clients").status_code == 403
