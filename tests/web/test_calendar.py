"""A calendar to subscribe to: own due days and appointments, no name, no session, and over when it should be."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import icalendar
import pytest

from casework import clock, staff
from casework.cases import perform
from casework.db import Database
from protocol.commands import Appoint
from tests.casework.helpers import T0, assigned_case, later, rows
from tests.personas import LENA
from tests.web.conftest import Browser

Choose = Callable[..., Browser]
sqlite_only = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def made(browser: Browser) -> str:
    """The path of a new calendar."""
    page = browser.post("/calendar")
    assert page.status_code == 200
    address = page.text.partition('<code class="address">')[2].partition("</code>")[0]
    assert address.endswith(".ics")
    return "/calendar/" + str(address.rpartition("/")[2])


def events(browser: Browser, path: str) -> list[dict[str, Any]]:
    answer = browser.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/calendar")
    assert answer.headers["cache-control"] == "no-store"
    found = icalendar.Calendar.from_ical(answer.content)
    return [dict(each) for each in found.walk("VEVENT")]


def test_due_days_and_appointments_without_signing_in_and_without_a_name(
    db: Database, as_: Choose, anonymous: Browser
) -> None:
    ref = assigned_case(db).ref
    at = dt.datetime(2026, 11, 20, 13, 30, tzinfo=dt.UTC)
    perform(db, LENA, ref, Appoint(id="contact#1", at=at), "appoint", T0)
    found = events(anonymous, made(as_("s-lena")))
    words = [str(each["SUMMARY"]) for each in found]
    assert all(ref in each for each in words)
    due = [each for each in found if str(each["UID"]).startswith("due-")]
    assert due and all(type(each["DTSTART"].dt) is dt.date for each in due)
    met = [each for each in found if str(each["UID"]).startswith("appointment-")]
    assert [each["DTSTART"].dt for each in met] == [at]
    assert f"/cases/{ref}/steps/contact.1" in str(met[0]["URL"])
    names = {word for row in rows(db, "SELECT name FROM staff") for word in row[0].split()}
    text = " ".join(str(value) for each in found for value in each.values())
    assert not any(name in text for name in names) and "Proef" not in text


def test_a_new_address_ends_the_one_before_and_stopping_ends_it_all(
    db: Database, as_: Choose, anonymous: Browser
) -> None:
    assigned_case(db)
    lena = as_("s-lena")
    first = made(lena)
    second = made(lena)
    assert anonymous.get(first).status_code == 404 and anonymous.get(second).status_code == 200
    assert "last fetched" in lena.get("/account").text
    assert lena.post("/calendar", {"stop": "yes"}).status_code == 303
    assert anonymous.get(second).status_code == 404
    assert rows(db, "SELECT count(*) FROM calendar_link") == [(0,)]


@sqlite_only
def test_an_address_is_kept_only_as_a_hash_and_its_making_is_in_the_ledger(db: Database, as_: Choose) -> None:
    path = made(as_("s-lena"))
    (digest,) = rows(db, "SELECT digest FROM calendar_link")[0]
    assert path.removeprefix("/calendar/").removesuffix(".ics").encode() not in bytes(digest)
    entries = rows(db, "SELECT entry FROM ledger_entry WHERE stream = 'account:s-lena'")
    assert any(b"calendar_link_made" in bytes(entry) for (entry,) in entries)


def test_who_left_has_no_calendar(db: Database, as_: Choose, anonymous: Browser) -> None:
    assigned_case(db)
    path = made(as_("s-lena"))
    member = staff.find(db, "s-lena")
    member.left_at = T0
    staff.save(db, [member], at=T0)
    assert anonymous.get(path).status_code == 404


@sqlite_only
def test_fetching_is_no_reading_of_a_case_and_does_not_show_what_is_not_mine(
    db: Database, as_: Choose, anonymous: Browser
) -> None:
    assigned_case(db)
    path = made(as_("s-lars"))
    before = rows(db, "SELECT count(*) FROM access_entry")
    assert events(anonymous, path) == []
    assert rows(db, "SELECT count(*) FROM access_entry") == before


@sqlite_only
def test_an_unknown_address_is_told_nothing(anonymous: Browser) -> None:
    for path in ("/calendar/x.ics", "/calendar/" + "a" * 43 + ".ics"):
        assert anonymous.get(path).status_code == 404


@sqlite_only
def test_it_follows_the_work(db: Database, as_: Choose, anonymous: Browser) -> None:
    ref = assigned_case(db).ref
    path = made(as_("s-lena"))
    before = {str(each["UID"]) for each in events(anonymous, path)}
    clock.set_to(later(hours=1))
    perform(db, LENA, ref, Appoint(id="contact#1", at=later(days=2)), "appoint", later(hours=1))
    after = {str(each["UID"]) for each in events(anonymous, path)}
    assert {each.partition("@")[0] for each in after - before} == {f"appointment-{ref}-contact#1"}
