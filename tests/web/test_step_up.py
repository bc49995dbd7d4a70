"""What weighs most asks for the second factor once more; what was typed is kept."""

import html
import re
from typing import Any

import pytest
import time_machine
from fastapi.routing import APIRoute

from casework import clock, protocols, staff
from casework.db import Database
from casework.partnership import DEMO
from models.people import Organisation
from tests.casework.helpers import new_case, rows
from tests.personas import CORA
from tests.web.accounts import Workplace, is_nobody, minutes, session_of
from web.app import PAGES
from web.step_up import need_of

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
ROUTES = [
    route.path
    for module in PAGES
    for route in module.router.routes
    if isinstance(route, APIRoute) and "POST" in route.methods and need_of(route.path)
]


def filled(route: str, ref: str) -> str:
    """The path of a route: in a case its closing step, elsewhere ids that need not exist."""
    path = route.replace("{ref}", ref).replace("{step}", "close")
    return re.sub(r"\{[^}]+\}", "1", path)


def test_the_table_covers_closing_sharing_erasing_and_the_own_account(db: Database, place: Workplace) -> None:
    assert {"/cases/{ref}/steps/{step}/complete", "/cases/{ref}/steps/{step}/decide", "/account/password"} <= set(
        ROUTES
    )
    with db.read() as tx:
        mechelen = protocols.newest(tx, db)
    assert {key for key, step in mechelen.steps.items() if step.step_up} == {"share", "close", "retain"}


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_fresh_second_factor_the_form_is_kept_and_nothing_happens(
    db: Database, place: Workplace, route: str
) -> None:
    ref = new_case(db).ref
    browser = place.has_account(CORA.id)
    token = browser.hidden(browser.get("/account").text, "token")
    before = rows(db, "SELECT count(*) FROM ledger_entry")
    typed = {"token": token, "command": "abc", "f.reason": 'Typed "with care" & <more>'}
    with time_machine.travel(clock.real_now() + minutes(11)):
        answer = browser.client.post(filled(route, ref), data=typed, follow_redirects=False)
        assert answer.status_code == 403 and "Confirm that it is you" in answer.text
        kept = {name: html.unescape(value) for name, value in HIDDEN.findall(answer.text.split("<main")[1])}
        assert kept["command"] == "abc" and kept["f.reason"] == typed["f.reason"]
        assert f'action="{filled(route, ref)}"' in answer.text
    assert rows(db, "SELECT count(*) FROM ledger_entry") == before


def sent_again(place: Workplace, browser: Any, page: Any, code: str) -> Any:
    """The form of the page that asks, as a browser sends it: what was kept, and the code."""
    main = page.text.split("<main")[1]
    kept = {name: html.unescape(value) for name, value in HIDDEN.findall(main)}
    action = re.search(r'<form method="post" action="([^"]+)"', main)
    assert action is not None
    return browser.client.post(action[1], data={**kept, "step_up_code": code}, follow_redirects=False)


def test_with_the_code_the_same_form_goes_through_under_a_new_id(db: Database, place: Workplace) -> None:
    browser = place.has_account(CORA.id)
    new = "vier gele fietsen in de mist"
    with time_machine.travel(clock.real_now() + minutes(11)):
        asks = browser.send("/account", "/account/password", {"new": new, "again": new})
        old = session_of(browser)
        wrong = sent_again(place, browser, asks, "000000")
        assert wrong.status_code == 403 and "does not work now" in wrong.text
        done = sent_again(place, browser, wrong, place.code(CORA.id))
        assert done.status_code == 303 and done.headers["location"].startswith("/account?done=password_changed")
        assert session_of(browser) != old and not is_nobody(browser)
        thief = place.browser()
        thief.client.cookies.set("sluis", old)
        assert is_nobody(thief)
        assert browser.send("/account", "/account/recovery-codes").status_code == 200, "fresh for ten minutes"


def test_other_forms_that_were_open_stay_good_after_a_step_up(db: Database, place: Workplace) -> None:
    browser = place.has_account(CORA.id)
    with time_machine.travel(clock.real_now() + minutes(11)):
        token = browser.hidden(browser.get("/account").text, "token")
        asks = browser.send("/account", "/account/recovery-codes")
        assert sent_again(place, browser, asks, place.code(CORA.id)).status_code == 200
        answer = browser.client.post("/language", data={"token": token, "language": "nl"}, follow_redirects=False)
        assert answer.status_code == 303


def test_a_page_asks_before_it_opens_and_leads_back(db: Database, place: Workplace) -> None:
    browser = place.has_account(CORA.id)
    with time_machine.travel(clock.real_now() + minutes(11)):
        asks = browser.get("/second-factor/new")
        assert asks.url.path == "/step-up"
        done = sent_again(place, browser, asks, place.code(CORA.id))
        assert done.headers["location"] == "/second-factor/new"


def test_steps_that_the_protocol_does_not_mark_ask_for_nothing(db: Database, place: Workplace) -> None:
    ref = new_case(db).ref
    browser = place.has_account(CORA.id)
    with time_machine.travel(clock.real_now() + minutes(11)):
        answer = browser.send("/account", f"/cases/{ref}/steps/notify/complete", {"command": "x"})
        assert answer.status_code == 422 and "Confirm that it is you" not in answer.text


def test_who_was_chosen_in_a_demo_is_asked_for_nothing(db: Database, place: Workplace) -> None:
    staff.save_organisations(db, [Organisation(id="demo", name="Fictional partnership", kind=DEMO)])
    browser = place.browser()
    browser.send("/choose", "/choose", {"staff": CORA.id})
    with time_machine.travel(clock.real_now() + minutes(11)):
        ref = new_case(db).ref
        answer = browser.send("/account", f"/cases/{ref}/steps/close/complete", {"command": "x"})
        assert answer.status_code == 404 and "Confirm that it is you" not in answer.text


def test_somebody_elses_token_gets_no_step_up(db: Database, place: Workplace) -> None:
    browser = place.has_account(CORA.id)
    with time_machine.travel(clock.real_now() + minutes(11)):
        sent = {"token": "wrong", "step_up_code": place.code(CORA.id)}
        assert browser.client.post("/account/recovery-codes", data=sent).status_code == 403
        assert browser.get("/second-factor/new").url.path == "/step-up"
