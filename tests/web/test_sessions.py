"""Sessions: nothing is fixed, nothing is replayed, what is stolen dies with the rights of its owner, and with time."""

import pytest
import time_machine

from casework import accounts, clock, sessions, staff
from casework.db import Database
from casework.settings import Settings
from tests.casework.helpers import T0, rows
from tests.personas import LENA
from tests.web.accounts import Workplace, is_nobody, minutes, session_of
from tests.web.conftest import BERT, Browser, at_work
from web.security import WITH_SCRIPT

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
ID = LENA.id


def with_cookie(place: Workplace, cookie: str) -> Browser:
    """A thief's browser."""
    thief = place.browser("203.0.113.9")
    thief.client.cookies.set("sluis", cookie)
    return thief


def test_signing_in_always_makes_a_new_id(place: Workplace) -> None:
    place.has_account(ID)
    browser = place.browser()
    browser.get("/sign-in")
    ids = [session_of(browser)]
    place.half(browser, ID)
    ids.append(session_of(browser))
    browser.send("/sign-in/code", "/sign-in/code", {"code": place.code(ID)})
    ids.append(session_of(browser))
    assert len(set(ids)) == 3
    for planted in ids[:2]:
        assert is_nobody(with_cookie(place, planted)), "an id from before is worth nothing"


def test_an_id_that_an_attacker_chose_is_not_taken(db: Database, place: Workplace) -> None:
    place.has_account(ID)
    browser = place.browser()
    browser.client.cookies.set("sluis", "A" * 43, domain="testserver.local", path="/")
    browser.get("/sign-in")
    place.half(browser, ID)
    assert session_of(browser) != "A" * 43
    assert sessions.find(db, "A" * 43, clock.real_now()) is None


def test_a_cookie_is_worth_nothing_after_signing_out(place: Workplace) -> None:
    browser = place.has_account(ID)
    kept = session_of(browser)
    assert not is_nobody(with_cookie(place, kept))
    browser.send("/account", "/sign-out")
    assert is_nobody(with_cookie(place, kept))


def test_a_stolen_cookie_dies_with_a_change_of_role(db: Database, place: Workplace) -> None:
    kept = session_of(place.has_account(ID))
    member = staff.find(db, ID)
    member.roles = ["coordinator"]
    staff.save(db, [member], at=T0)
    assert is_nobody(with_cookie(place, kept))
    assert rows(db, "SELECT count(*) FROM web_session") == [(0,)]


def test_a_stolen_cookie_dies_with_its_account(db: Database, place: Workplace) -> None:
    kept = session_of(place.has_account(ID))
    accounts.deactivate(db, BERT, ID, T0)
    assert is_nobody(with_cookie(place, kept))


def test_signing_out_everywhere_ends_every_session(place: Workplace) -> None:
    browsers = [place.has_account(ID), place.signed_in(ID), place.signed_in(ID)]
    assert browsers[0].get("/account").text.count("Signed in") >= 1
    assert browsers[1].send("/account", "/account/sessions/end-all").headers["location"] == "/signed-out"
    assert all(is_nobody(browser) for browser in browsers)


def test_one_of_the_own_sessions_is_ended_and_nobody_elses(db: Database, place: Workplace) -> None:
    mine, other, foreign = place.has_account(ID), place.signed_in(ID), place.has_account("s-lars")
    names = {row[0]: row[1] for row in rows(db, "SELECT staff, ref FROM web_session ORDER BY started_at")}
    mine.send("/account", "/account/sessions/end", {"session": names["s-lars"]})
    assert not is_nobody(foreign)
    mine.send("/account", "/account/sessions/end", {"session": names[ID]})
    assert is_nobody(other) and not is_nobody(mine)


def test_a_session_that_nobody_uses_is_over_after_half_an_hour(place: Workplace) -> None:
    browser, start = place.has_account(ID), clock.real_now()
    for after in (20, 45, 70):  # used in time, it goes on
        with time_machine.travel(start + minutes(after)):
            assert not is_nobody(browser)
    with time_machine.travel(start + minutes(70 + 31)):
        assert is_nobody(browser)


def test_a_session_is_over_after_twelve_hours_however_much_it_is_used(db: Database, place: Workplace) -> None:
    browser, start = place.has_account(ID), clock.real_now()
    with db.begin() as connection:
        seen = "seen_at = '2999-01-01'" if db.kind == "postgresql" else "seen_at = '2999-01-01 00:00:00.000000'"
        connection.exec_driver_sql(f"UPDATE web_session SET {seen}")
    with time_machine.travel(start + minutes(12 * 60 - 1)):
        assert not is_nobody(browser)
    with time_machine.travel(start + minutes(12 * 60 + 1)):
        assert is_nobody(browser)


def test_a_form_of_a_session_that_is_over_leads_to_signing_in_and_says_so(place: Workplace) -> None:
    browser = place.has_account(ID)
    token = browser.hidden(browser.get("/account").text, "token")
    kept = session_of(browser)
    with time_machine.travel(clock.real_now() + minutes(31)):
        for path in ("/account/password", "/account/sessions/end-all", "/language", "/announce"):
            late = with_cookie(place, kept)
            answer = late.client.post(path, data={"token": token}, follow_redirects=False)
            assert answer.headers["location"] == "/sign-in?done=session_over", path
        assert "Your session has ended" in place.browser().get("/sign-in?done=session_over").text


def test_the_clock_of_the_demo_does_not_age_sessions(place: Workplace) -> None:
    browser = place.has_account(ID)
    clock.set_to(T0.replace(year=2030))
    assert not is_nobody(browser)


def test_half_a_sign_in_is_over_soon(place: Workplace) -> None:
    place.has_account(ID)
    browser = place.browser()
    place.half(browser, ID)
    with time_machine.travel(clock.real_now() + minutes(21)):
        assert browser.get("/sign-in/code").url.path == "/sign-in"


def test_the_token_of_another_session_does_nothing(db: Database, place: Workplace) -> None:
    mine, other = place.has_account(ID), place.has_account("s-lars")
    foreign = other.hidden(other.get("/account").text, "token")
    answer = mine.client.post("/account/sessions/end-all", data={"token": foreign}, follow_redirects=False)
    assert answer.status_code == 403 and not is_nobody(mine)


def test_the_form_to_sign_in_asks_for_the_token_of_its_browser(place: Workplace) -> None:
    place.has_account(ID)
    victim, attacker = place.browser(), place.browser()
    foreign = attacker.hidden(attacker.get("/sign-in").text, "token")
    victim.get("/sign-in")
    data = {"token": foreign, "email": f"{ID}@fictiestad.example", "password": "x"}
    assert victim.client.post("/sign-in", data=data).status_code == 403


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx", "evil"]
)
def test_what_comes_after_signing_in_is_a_page_of_ours(place: Workplace, elsewhere: str) -> None:
    place.has_account(ID)
    browser = place.browser()
    assert place.half(browser, ID, next=elsewhere).headers["location"] == "/sign-in/code"
    sent = {"code": place.code(ID), "next": elsewhere}
    assert browser.send("/sign-in/code", "/sign-in/code", sent).headers["location"] == "/"
    assert browser.get("/sign-in", params={"next": elsewhere}).url.path == "/tasks"


def test_after_signing_in_one_is_where_one_wanted_to_go(place: Workplace) -> None:
    place.has_account(ID)
    browser = place.browser()
    asked = browser.get("/my-cases")
    back = browser.hidden(asked.text, "next")
    assert asked.url.path == "/sign-in" and back == "/my-cases"
    assert place.half(browser, ID, next=back).headers["location"] == "/sign-in/code?next=/my-cases"
    sent = {"code": place.code(ID), "next": back}
    assert browser.send("/sign-in/code", "/sign-in/code", sent).headers["location"] == "/my-cases"


def test_with_https_the_cookie_is_bound_to_the_host_and_to_safe_connections(db: Database) -> None:
    at_work(db)
    db.settings = Settings(
        home=db.settings.home, database_url=db.settings.database_url, public_url="https://testserver"
    )
    place = Workplace(db, base_url="https://testserver")
    browser = place.browser()
    cookie = browser.get("/sign-in").headers["set-cookie"]
    assert cookie.startswith("__Host-sluis=") and "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie
    assert "SameSite=lax" in cookie and "Domain" not in cookie
    place.set_up(browser, ID, place.invite(ID))
    assert browser.client.cookies.get("__Host-sluis") and browser.get("/").url.path == "/tasks"
    place.close()


def test_the_picture_of_the_secret_keeps_to_the_policy(place: Workplace) -> None:
    link, browser = place.invite(ID), place.browser()
    browser.send(
        link, "/invitation", {"link": link.split("/")[-1], "new": "vier gele fietsen", "again": "vier gele fietsen"}
    )
    answer = browser.get("/second-factor/new")
    assert "<svg" in answer.text and "style=" not in answer.text and "data:" not in answer.text
    assert answer.headers["content-security-policy"] == WITH_SCRIPT
