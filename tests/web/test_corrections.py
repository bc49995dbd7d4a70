"""Mending a mistake: what changes is shown first, nothing is edited, and only those who work on the case may."""

import datetime as dt
from collections.abc import Callable

import pytest

from casework import clock
from casework.cases import perform
from casework.db import Database
from protocol.commands import RecordAnchor
from tests.casework.helpers import P0, T0, assigned_case, complete, later, mandated_case, rows
from tests.personas import CORA, ILSE, LENA, PIET
from tests.web.conftest import Browser

Choose = Callable[..., Browser]
sqlite_only = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
CONTACT = {"leaflet": "yes", "language": "nl", "choice": "yes"}


def entries(db: Database, ref: str) -> int:
    return int(rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = :s", s=f"case:{ref}")[0][0])


def steps(db: Database) -> dict[str, str]:
    return {str(id): str(status) for id, status in rows(db, "SELECT occurrence, status FROM step")}


def saved(browser: Browser, path: str, page: str, data: dict[str, str], **changed: str) -> object:
    seen, command = browser.hidden(page, "seen"), browser.hidden(page, "command")
    return browser.post(path, {**data, "seen": seen, "save": "yes", "command": command, **changed})


def test_a_step_done_by_accident_shows_what_changes_and_opens_again_only_when_saved(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    complete(db, LENA, ref, "contact#1", CONTACT)
    lena, path = as_("s-lena"), f"/cases/{ref}/steps/contact.1/correct"
    assert path in lena.get(f"/cases/{ref}/steps/contact.1").text
    before = entries(db, ref)
    page = lena.post(path, {"what": "by_accident"})
    assert page.status_code == 200
    assert "Information and first contact is open again, due 25\u00a0Nov\u00a02026" in page.text
    assert "Prison visit falls away" in page.text
    assert entries(db, ref) == before and steps(db)["contact#1"] == "done", "only shown"
    answer = saved(lena, path, page.text, {"what": "by_accident"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{ref}?done=corrected")  # type: ignore[attr-defined]
    assert steps(db)["contact#1"] == "open" and steps(db)["visit1"] == "cancelled"
    told = lena.get(f"/cases/{ref}").text
    assert "is open again: recorded by accident" in told, "the history tells both"
    again = saved(lena, path, page.text, {"what": "by_accident"})
    assert again.status_code == 303 and entries(db, ref) == before + 1, "sent twice, one effect"  # type: ignore[attr-defined]


@sqlite_only
def test_a_wrong_day_is_corrected_and_the_step_stays_done(db: Database, as_: Choose) -> None:
    ref = mandated_case(db).ref
    clock.set_to(later(days=1))
    complete(db, CORA, ref, "assign", {"lead": "s-lena", "deputy": "s-dora", "no_conflict": "yes"}, later(days=1))
    cora, path = as_("s-cora"), f"/cases/{ref}/steps/assign/correct"
    data = {"what": "wrong_date", "on": T0.date().isoformat()}
    page = cora.post(path, data)
    assert "the day was 10\u00a0Nov\u00a02026, not 11\u00a0Nov\u00a02026" in page.text
    assert saved(cora, path, page.text, data).status_code == 303  # type: ignore[attr-defined]
    assert steps(db)["assign"] == "done"


@sqlite_only
def test_a_release_recorded_wrongly_is_taken_back_and_the_steps_before_it_come_back(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    complete(db, LENA, ref, "contact#1", CONTACT)
    perform(db, PIET, ref, RecordAnchor(anchor="actual_release", on=T0.date()), "out", T0)
    cora, path = as_("s-cora"), f"/cases/{ref}/dates/correct"
    assert path in cora.get(f"/cases/{ref}").text
    data = {"anchor": "actual_release", "what": "by_accident"}
    page = cora.post(path, data)
    assert page.status_code == 200
    for words in ("Actual release no longer known", "Follow-up meeting 1 falls away", "Prison visit is ready"):
        assert words in page.text
    assert saved(cora, path, page.text, data).status_code == 303  # type: ignore[attr-defined]
    assert steps(db)["followup#1"] == "cancelled"


@sqlite_only
def test_a_planned_date_that_was_never_right_is_replaced(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    cora, path = as_("s-cora"), f"/cases/{ref}/dates/correct"
    right = P0 + dt.timedelta(days=31)
    data = {"anchor": "planned_release", "what": "wrong_date", "on": right.strftime("%d/%m/%Y")}
    page = cora.post(path, data)
    assert "corrected from 1\u00a0Mar\u00a02027 to 1\u00a0Apr\u00a02027" in page.text
    assert saved(cora, path, page.text, data).status_code == 303  # type: ignore[attr-defined]
    unknown = {"anchor": "planned_release", "what": "by_accident"}
    assert cora.post(path, unknown).status_code == 200, "a date can be unknown again"


@sqlite_only
def test_when_the_case_moved_on_in_between_it_is_shown_again(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    lena, path = as_("s-cora"), f"/cases/{ref}/steps/assign/correct"
    page = lena.post(path, {"what": "by_accident"}).text
    complete(db, LENA, ref, "contact#1", CONTACT)
    answer = saved(lena, path, page, {"what": "by_accident"})
    assert answer.status_code == 200 and "changed in the meantime" in answer.text  # type: ignore[attr-defined]
    assert steps(db)["assign"] == "done"


@sqlite_only
def test_an_outcome_that_changed_the_case_as_a_whole_is_not_taken_back_by_itself(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    complete(db, LENA, ref, "contact#1", {**CONTACT, "choice": "no"})
    cora = as_("s-cora")
    answer = cora.post(f"/cases/{ref}/steps/contact.1/correct", {"what": "by_accident"})
    assert answer.status_code == 422 and "changed the case as a whole" in answer.text
    assert f"/cases/{ref}/dates/correct" in answer.text, "the other page that may be meant"


@sqlite_only
def test_what_is_not_filled_in_is_told_beside_the_field_and_kept(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    cora, path = as_("s-cora"), f"/cases/{ref}/steps/assign/correct"
    for data, words in (
        ({}, "What is wrong: Fill in this field"),
        ({"what": "wrong_date"}, "The right day: Fill in this field"),
        ({"what": "wrong_date", "on": "gisteren"}, "The right day"),
        ({"what": "wrong_date", "on": "2027-01-01"}, "Give the day it happened"),
    ):
        answer = cora.post(path, data)
        assert answer.status_code == 422 and words in answer.text, data
    assert 'value="2027-01-01"' in answer.text


def test_only_those_who_work_on_the_case_mend_it_and_a_sharing_decision_never(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    fields = {"decision": "declined"}
    complete(db, ILSE, ref, "share", fields)
    for who, step, status in (
        ("s-lars", "assign", 404), ("s-lena", "assign", 403), ("s-piet", "mandate", 404), ("s-ilse", "share", 403),
        ("s-cora", "share", 403), ("s-ilse", "infocheck", 200),
    ):  # fmt: skip
        browser, path = as_(who), f"/cases/{ref}/steps/{step}/correct"
        assert browser.get(path).status_code == status, (who, step)
        assert browser.post(path, {"what": "by_accident", "save": "yes", "seen": "9"}).status_code == status
    assert as_("s-lars").get(f"/cases/{ref}/dates/correct").status_code == 404
    assert as_("s-ilse").get(f"/cases/{ref}/dates/correct").status_code == 403


@sqlite_only
@pytest.mark.parametrize("language", ["nl", "fr"])
def test_the_pages_are_told_in_dutch_and_french(db: Database, as_: Choose, language: str) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-cora", language)
    page = browser.post(f"/cases/{ref}/steps/assign/correct", {"what": "by_accident"}).text
    words = {"nl": ("Wat er verandert", "staat weer open"), "fr": ("Ce qui change", "est rouvert")}[language]
    assert all(word in page for word in words) and "is open again" not in page
