"""Doing the work: a form per step, refused fields beside what was typed, one effect per form, one winner."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from casework import clock
from casework.db import Database
from tests.casework.helpers import MANDATE, NOTIFY, T0, assigned_case, complete, later, mandated_case, new_case, rows
from tests.personas import CORA
from tests.web.conftest import Browser

Choose = Callable[..., Browser]
sqlite_only = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
TODAY = T0.date().isoformat()


def typed(fields: dict[str, str], command: str = "c-1", **more: str) -> dict[str, str]:
    """A form of the protocol as a page sends it."""
    return {**{f"f.{key}": value for key, value in fields.items()}, "occurred_on": TODAY, "command": command, **more}


def status(db: Database, step: str) -> list[Any]:
    return [row[0] for row in rows(db, "SELECT status FROM step WHERE step = :step ORDER BY occurrence", step=step)]


def test_a_step_is_completed_with_its_form(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser = as_("s-cora")
    page = browser.get(f"/cases/{ref}/steps/notify").text
    assert "Who told us" in page and "The prison" in page
    answer = browser.post(f"/cases/{ref}/steps/notify/complete", typed(NOTIFY))
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?done=complete")
    assert status(db, "notify") == ["done"]


def test_a_form_sent_twice_has_one_effect(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser = as_("s-cora")
    first = browser.post(f"/cases/{ref}/steps/notify/complete", typed(NOTIFY, "same"))
    entries = rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = :s", s=f"case:{ref}")
    again = browser.post(f"/cases/{ref}/steps/notify/complete", typed(NOTIFY, "same"))
    assert (first.status_code, again.status_code) == (303, 303)
    assert rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = :s", s=f"case:{ref}") == entries


def test_of_two_people_who_complete_one_step_one_is_told_that_somebody_was_first(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    cora, dirk = as_("s-cora"), as_("s-dirk")
    assert "notify/complete" in dirk.get(f"/cases/{ref}/steps/notify").text
    assert cora.post(f"/cases/{ref}/steps/notify/complete", typed(NOTIFY, "a")).status_code == 303
    answer = dirk.post(f"/cases/{ref}/steps/notify/complete", typed(NOTIFY, "b"))
    assert answer.status_code == 409
    assert "Somebody was first" in answer.text and f'href="/cases/{ref}"' in answer.text


@sqlite_only
def test_a_refused_field_stands_beside_what_was_typed(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser = as_("s-cora")
    answer = browser.post(
        f"/cases/{ref}/steps/notify/complete", typed({**NOTIFY, "channel": "", "prison": "<b>Mechelen</b>"})
    )
    assert answer.status_code == 422
    assert "One answer must be mended" in answer.text and 'href="#f-channel-1"' in answer.text
    assert "&lt;b&gt;Mechelen&lt;/b&gt;" in answer.text, "kept, and escaped"
    assert status(db, "notify") == ["open"]


@sqlite_only
def test_what_is_needed_follows_from_the_answers(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    page = browser.get(f"/cases/{ref}/steps/contact.1").text
    assert "Needed if What the person chose: Later" in page
    fields = {"leaflet": "yes", "language": "nl", "choice": "later"}
    answer = browser.post(f"/cases/{ref}/steps/contact.1/complete", typed(fields))
    assert answer.status_code == 422 and "Ask again on: Fill in this field" in answer.text


@sqlite_only
def test_a_track_that_was_begun_asks_for_every_row(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    browser.post(f"/cases/{ref}/steps/contact.1/complete", typed({"leaflet": "yes", "language": "nl", "choice": "yes"}))
    visit = {"held": "held", "permission": "V-1", "conditions.housing.state": "missing"}
    answer = browser.post(f"/cases/{ref}/steps/visit1/complete", typed(visit, "v"))
    assert answer.status_code == 422
    assert "Debts, State: Fill in this field" in answer.text and 'href="#f-conditions-debts-state-1"' in answer.text
    assert re.search(r'name="f.conditions.housing.state" value="missing" checked', answer.text)
    tracks = ("id", "housing", "income", "debts", "care", "network", "daytime")
    every = {**visit, **{f"conditions.{track}.state": "in_order" for track in tracks}}
    assert browser.post(f"/cases/{ref}/steps/visit1/complete", typed(every, "v")).status_code == 303
    assert status(db, "visit1") == ["done"]


@sqlite_only
def test_a_list_grows_without_a_script(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser = as_("s-cora")
    answer = browser.post(
        f"/cases/{ref}/report/emergency_override", {"add": "nothing", "occurred_on": TODAY, "f.reason": "Kept words"}
    )
    assert answer.status_code == 200 and "Kept words" in answer.text


@sqlite_only
def test_the_day_it_happened_is_apart_from_now(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    clock.set_to(later(days=2))
    browser = as_("s-cora")
    yesterday = (T0 + dt.timedelta(days=1)).strftime("%d/%m/%Y")
    data = {**typed(NOTIFY), "occurred_on": yesterday}
    assert browser.post(f"/cases/{ref}/steps/notify/complete", data).status_code == 303
    assert "Notification done on 11\u00a0Nov\u00a02026" in browser.get(f"/cases/{ref}").text


@sqlite_only
def test_what_happened_cannot_lie_in_the_future(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    data = {**typed(NOTIFY), "occurred_on": "2026-11-11"}
    answer = as_("s-cora").post(f"/cases/{ref}/steps/notify/complete", data)
    assert answer.status_code == 422 and "cannot lie in the future" in answer.text


def test_a_second_person_of_another_service_decides(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    assert "waits for the second person" in as_("s-cora").get(f"/cases/{ref}/steps/mandate").text
    paul = as_("s-paul")
    page = paul.get(f"/cases/{ref}/steps/mandate").text
    assert "What was proposed" in page and "Cora Verzonnen" in page and "Canary reason in free text" in page
    answer = paul.post(f"/cases/{ref}/steps/mandate/decide", {"agree": "yes", "command": "d"})
    assert answer.status_code == 303
    assert status(db, "mandate") == ["done"]
    assert paul.post(f"/cases/{ref}/steps/mandate/decide", {"agree": "yes", "command": "d"}).status_code == 303
    assert paul.post(f"/cases/{ref}/steps/mandate/decide", {"agree": "yes", "command": "e"}).status_code == 409


@sqlite_only
def test_disagreeing_asks_with_which_answer(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    paul = as_("s-paul")
    assert paul.post(f"/cases/{ref}/steps/mandate/decide", {"command": "a"}).status_code == 422
    answer = paul.post(f"/cases/{ref}/steps/mandate/decide", {"agree": "no", "command": "a"})
    assert answer.status_code == 422 and "Choose that answer" in answer.text
    answer = paul.post(f"/cases/{ref}/steps/mandate/decide", {"agree": "no", "field": "gate2", "command": "a"})
    assert answer.status_code == 303
    assert status(db, "highlevel") == ["open"]


@sqlite_only
def test_the_author_and_their_service_get_no_button_to_approve(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    for staff_id in ("s-cora", "s-dirk"):
        assert "mandate/decide" not in as_(staff_id).get(f"/cases/{ref}/steps/mandate").text


@sqlite_only
def test_the_coordinator_assigns_and_waives(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-cora")
    assert browser.post(f"/cases/{ref}/steps/contact.1/assign", {"staff": "s-lars", "command": "a"}).status_code == 303
    assert rows(db, "SELECT assignee FROM step WHERE step = 'contact'") == [("s-lars",)]
    assert browser.post(f"/cases/{ref}/steps/contact.1/assign", {"staff": "", "command": "b"}).status_code == 422
    fields = {"leaflet": "yes", "language": "nl", "choice": "yes"}
    as_("s-lars").post(f"/cases/{ref}/steps/contact.1/complete", typed(fields, "k"))
    answer = browser.post(f"/cases/{ref}/steps/visit1/waive", {"reason": "", "command": "c"})
    assert answer.status_code == 422 and "Fill in this field" in answer.text
    answer = browser.post(f"/cases/{ref}/steps/visit1/waive", {"reason": "person_refused", "command": "c"})
    assert answer.status_code == 303
    assert status(db, "visit1") == ["waived"]


@sqlite_only
def test_who_may_not_waive_is_told_so(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    answer = as_("s-lena").post(f"/cases/{ref}/steps/contact.1/waive", {"reason": "person_refused", "command": "c"})
    assert answer.status_code == 403
    assert status(db, "contact") == ["open"]


@sqlite_only
def test_a_follow_up_moves_once_and_an_appointment_stands_beside_the_due_day(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    browser.post(f"/cases/{ref}/dates", {"anchor": "actual_release", "on": TODAY, "certainty": "confirmed"})
    path = f"/cases/{ref}/steps/followup.1"
    page = browser.get(path).text
    assert "Follow-up meeting 1 of 12" in page and "Move this meeting" in page
    answer = browser.post(f"{path}/move", {"to": "2026-12-24", "command": "m"})
    assert answer.status_code == 422 and "Choose a nearer day" in answer.text
    assert browser.post(f"{path}/move", {"to": "2026-11-16", "command": "m"}).status_code == 303
    assert "Move this meeting" not in browser.get(path).text
    assert browser.post(f"{path}/appoint", {"at": "2026-11-16T14:00", "command": "n"}).status_code == 303
    page = browser.get("/tasks").text
    assert "appointment 14:00" in page
    apart = page[page.index("Appointments this week (1)") :]
    assert "Monday 16" in apart and "14:00" in apart, "six days ahead: it stands apart from what is due, with its hour"


@sqlite_only
def test_a_moved_release_date_is_recorded(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    answer = browser.post(
        f"/cases/{ref}/dates",
        {"anchor": "planned_release", "on": "15/03/2027", "certainty": "expected", "command": "x"},
    )
    assert answer.headers["location"] == f"/cases/{ref}?done=date"
    page = browser.get(f"/cases/{ref}").text
    assert "Planned release date moved from 1\u00a0Mar\u00a02027 to 15\u00a0Mar\u00a02027 (expected)" in page


@sqlite_only
def test_a_release_in_the_future_is_no_actual_release(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    for data in (
        {"anchor": "actual_release", "on": "2027-01-01"},
        {"anchor": "planned_release", "on": "x"},
        {"on": TODAY},
    ):
        assert browser.post(f"/cases/{ref}/dates", data).status_code == 422


@sqlite_only
def test_an_exceptional_event_is_reported_with_its_form(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    browser = as_("s-lena")
    assert "New arrest" in browser.get(f"/cases/{ref}").text
    assert browser.post(f"/cases/{ref}/report/new_prison", {"occurred_on": TODAY}).status_code == 422
    data = {"occurred_on": TODAY, "f.prison": "Antwerpen", "command": "e"}
    assert browser.post(f"/cases/{ref}/report/new_prison", data).status_code == 303
    assert status(db, "new_permission") == ["open"]
    assert browser.get(f"/cases/{ref}/report/no_such_event").status_code == 404
    assert browser.get(f"/cases/{ref}/report/extension").status_code == 403


@sqlite_only
def test_every_due_day_says_why(db: Database, as_: Choose) -> None:
    ref = mandated_case(db).ref
    page = as_("s-cora").get(f"/cases/{ref}/steps/assign").text
    assert "3 working days after Notification, Tue 10 Nov 2026" in page
    assert "Wed 11 Nov 2026 is not a working day" in page
    assert "→ Mon 16 Nov 2026" in page


@sqlite_only
def test_the_case_shows_its_way_with_forecasts_as_such(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    page = as_("s-cora").get(f"/cases/{ref}").text
    way = page[page.index('<ol class="way"') : page.index("</ol>")]
    assert way.count('<li class="done') >= 3 and way.count("<li") > 8
    assert '<li class="forecast' in way and "Forecasts never escalate" in page
    assert "style=" not in page, "the policy lets no style through"


@sqlite_only
def test_a_case_that_was_closed_and_erased_says_so(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    key = rows(db, "SELECT key_id FROM release_case")[0][0]
    from casework.keys import Tombstone

    db.keys.destroy([Tombstone(key, "case", 1, T0.isoformat(), "s-dana")])
    answer = as_("s-cora").get(f"/cases/{ref}")
    assert answer.status_code == 410 and "This case was erased" in answer.text
