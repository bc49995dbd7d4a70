"""Accounts from invitation to deactivation, as people meet them: links, passwords, second factors, recovery codes."""

import re

import pytest
import time_machine

from casework import accounts, clock, staff
from casework.db import Database
from models.people import Staff
from protocol.errors import Refused
from tests.casework.helpers import T0, rows
from tests.personas import ADDED, CORA, LENA
from tests.web.accounts import Workplace, is_nobody, ledger_of, minutes, session_of
from tests.web.conftest import BERT, PASSWORD, at_work

LENA_ID = LENA.id


def test_an_invited_person_sets_password_and_second_factor_and_is_in(db: Database, place: Workplace) -> None:
    link, browser = place.invite(LENA_ID), place.browser()
    assert "lena imaginair" in browser.get(link).text.lower()
    page = place.set_up(browser, LENA_ID, link)
    assert "recovery codes" in page.text and len(place.codes[LENA_ID]) == 10
    assert browser.get("/").url.path == "/tasks"
    assert place.browser().get(link).status_code == 410, "a link works once"
    assert ledger_of(db, LENA_ID) == ["invited", "password_set", "factor_changed", "signed_in"]
    assert accounts.state(db, LENA_ID).status == "active"


def test_nothing_secret_lies_in_the_database_in_the_clear(db: Database, place: Workplace) -> None:
    link = place.invite(LENA_ID)
    browser = place.browser()
    place.set_up(browser, LENA_ID, link)
    secret = [link.split("/")[-1], PASSWORD, place.secrets[LENA_ID], session_of(browser), *place.codes[LENA_ID]]
    written = ""
    for table in ("account", "web_session", "recovery_code", "sign_in_link", "outbox", "attempts", "ledger_entry"):
        for row in rows(db, f"SELECT * FROM {table}"):
            written += " ".join(
                v.decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in map(_plain, row)
            )
    assert "$argon2id$" in written
    assert [one for one in secret if one in written or one.replace("-", "") in written] == []


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_signing_in_takes_password_and_second_factor_and_ends_with_signing_out(db: Database, place: Workplace) -> None:
    place.has_account(LENA_ID)
    browser = place.browser()
    assert place.half(browser, LENA_ID).status_code == 303
    assert browser.get("/tasks").url.path == "/sign-in/code", "the password alone opens nothing"
    answer = browser.send("/sign-in/code", "/sign-in/code", {"code": place.code(LENA_ID)})
    assert answer.headers["location"] == "/" and browser.get("/tasks").status_code == 200
    assert browser.send("/account", "/sign-out").headers["location"] == "/signed-out"
    assert is_nobody(browser)


def test_a_code_works_once(place: Workplace) -> None:
    place.has_account(LENA_ID)
    code = place.code(LENA_ID)
    for status in (303, 403):
        browser = place.browser()
        place.half(browser, LENA_ID)
        assert browser.send("/sign-in/code", "/sign-in/code", {"code": code}).status_code == status


def test_a_recovery_code_works_once(place: Workplace) -> None:
    place.has_account(LENA_ID)
    code = place.codes[LENA_ID][0]
    for typed, status in ((code.upper().replace("-", " "), 303), (code, 403)):
        browser = place.browser()
        place.half(browser, LENA_ID)
        assert browser.send("/sign-in/code", "/sign-in/code", {"code": typed}).status_code == status


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("too short 1", "at least 12"),
        ("Lena Imaginair1", "own name"),
        ("s-lena@fictiestad.example", "own name"),
        ("aaaaaaaaaaaaaaaa", "same few"),
    ],
)
def test_a_password_has_length_and_is_not_its_owner(place: Workplace, password: str, words: str) -> None:
    link, browser = place.invite(LENA_ID), place.browser()
    answer = browser.send(link, "/invitation", {"link": link.split("/")[-1], "new": password, "again": password})
    assert answer.status_code == 422 and words in answer.text
    assert f'value="{password}"' not in answer.text


def test_both_passwords_must_be_the_same(place: Workplace) -> None:
    link, browser = place.invite(LENA_ID), place.browser()
    sent = {"link": link.split("/")[-1], "new": PASSWORD, "again": PASSWORD + "!"}
    assert "must be the same" in browser.send(link, "/invitation", sent).text


def test_a_link_ends_after_seven_days_and_when_a_newer_one_is_made(db: Database, place: Workplace) -> None:
    first = place.invite(LENA_ID)
    second = place.invite(LENA_ID)
    assert place.browser().get(first).status_code == 410
    assert place.browser().get(second).status_code == 200
    with time_machine.travel(clock.real_now() + minutes(7 * 24 * 60 + 1)):
        assert place.browser().get(second).status_code == 410


def test_a_link_that_was_used_elsewhere_meanwhile_sets_no_second_factor(db: Database, place: Workplace) -> None:
    link, slow = place.invite(LENA_ID), place.browser()
    sent = {"link": link.split("/")[-1], "new": PASSWORD, "again": PASSWORD}
    slow.send(link, "/invitation", sent)
    token = slow.hidden(slow.get("/second-factor/new").text, "token")
    place.set_up(place.browser(), LENA_ID, link)
    answer = slow.client.post("/second-factor/new", data={"token": token, "code": place.code(LENA_ID)})
    assert answer.status_code == 410
    assert is_nobody(slow)


def test_a_reset_makes_the_old_password_and_every_session_void(db: Database, place: Workplace) -> None:
    browser = place.has_account(LENA_ID)
    link = accounts.reset(db, BERT, LENA_ID, T0).path
    assert is_nobody(browser)
    assert place.half(place.browser(), LENA_ID).status_code == 403
    place.set_up(place.browser(), LENA_ID, link, "een heel andere zin vol woorden")
    assert place.half(place.browser(), LENA_ID).status_code == 403
    assert place.half(place.browser(), LENA_ID, "een heel andere zin vol woorden").status_code == 303


def test_a_deactivated_person_is_out_at_once_and_stays_out(db: Database, place: Workplace) -> None:
    browser = place.has_account(LENA_ID)
    accounts.deactivate(db, BERT, LENA_ID, T0)
    assert is_nobody(browser)
    assert place.half(place.browser(), LENA_ID).status_code == 403
    assert accounts.state(db, LENA_ID).status == "deactivated"
    with pytest.raises(Refused, match=r"account\.left"):
        accounts.invite(db, BERT, LENA_ID, T0)


def test_somebody_who_is_taken_back_is_invited_anew(db: Database, place: Workplace) -> None:
    place.has_account(LENA_ID)
    accounts.deactivate(db, BERT, LENA_ID, T0)
    accounts.take_back(db, BERT, LENA_ID, T0)
    assert place.half(place.browser(), LENA_ID).status_code == 403, "the old password is void"
    place.set_up(place.browser(), LENA_ID, place.invite(LENA_ID))
    assert place.half(place.browser(), LENA_ID).status_code == 303


def test_only_who_administers_invites_resets_and_deactivates(db: Database, place: Workplace) -> None:
    for command in (accounts.invite, accounts.reset, accounts.deactivate, accounts.take_back):
        with pytest.raises(Refused, match="not-allowed"):
            command(db, LENA, "s-lars", T0)
    assert rows(db, "SELECT count(*) FROM account") == [(0,)]


def test_somebody_with_an_account_is_not_invited_again(db: Database, place: Workplace) -> None:
    place.has_account(LENA_ID)
    with pytest.raises(Refused, match=r"account\.active"):
        accounts.invite(db, CORA, LENA_ID, T0)


def test_the_last_administrator_stays(db: Database, place: Workplace) -> None:
    place.has_account(BERT.id)
    with pytest.raises(Refused, match=r"account\.last-administrator"):
        accounts.deactivate(db, BERT, BERT.id, T0)


# --- the first administrator


def test_the_first_administrator_comes_in_by_one_link_and_no_password(db: Database) -> None:
    place = Workplace(db)
    older = accounts.first_administrator(db, T0)
    newer = accounts.first_administrator(db, T0)
    assert older is not None and newer is not None and older.staff == newer.staff
    browser = place.browser()
    assert browser.get(older.path).status_code == 410
    sent = {"link": newer.path.split("/")[-1], "new": PASSWORD, "again": PASSWORD, "email": "beheer@fictiestad.example"}
    assert browser.send(newer.path, "/invitation", {**sent, "email": "nonsense"}).status_code == 422
    assert browser.send(newer.path, "/invitation", sent).status_code == 303
    place.set_up(place.browser(), newer.staff, newer.path)
    assert accounts.first_administrator(db, T0) is None, "only while nobody has an account"
    place.close()


def test_the_first_administrator_is_the_one_who_is_there_already(db: Database) -> None:
    at_work(db)
    made = accounts.first_administrator(db, T0)
    assert made is not None and made.staff == BERT.id
    other = accounts.first_administrator(db, T0, "beheer@fictiestad.example")
    assert other is not None and other.staff == BERT.id
    assert staff.find(db, BERT.id).email == "beheer@fictiestad.example"


def test_two_people_with_one_address_cannot_sign_in_with_it(db: Database, place: Workplace) -> None:
    place.has_account(LENA_ID)
    twin = Staff(id="s-twin", name="Twin Fictief", email="S-LENA@fictiestad.example", added_at=ADDED)
    staff.save(db, [twin], at=T0)
    assert place.half(place.browser(), LENA_ID).status_code == 403


# --- my account


def test_my_account_changes_the_password_and_ends_other_sessions(db: Database, place: Workplace) -> None:
    browser = place.has_account(LENA_ID)
    other = place.signed_in(LENA_ID)
    new = "vier gele fietsen in de mist"
    assert browser.send("/account", "/account/password", {"new": new, "again": new}).status_code == 303
    assert is_nobody(other) and not is_nobody(browser)
    assert place.half(place.browser(), LENA_ID).status_code == 403
    assert place.half(place.browser(), LENA_ID, new).status_code == 303


def test_my_language_is_that_of_my_pages_and_mails(db: Database, place: Workplace) -> None:
    browser = place.has_account(LENA_ID)
    browser.send("/account", "/account/language", {"language": "fr"})
    assert "<h1>Mon compte</h1>" in browser.get("/account").text and staff.find(db, LENA_ID).language == "fr"
    browser.send("/account", "/account/language", {"language": "xx"})
    assert staff.find(db, LENA_ID).language == "fr"


def test_new_recovery_codes_make_the_old_ones_void(place: Workplace) -> None:
    browser = place.has_account(LENA_ID)
    old = place.codes[LENA_ID][0]
    page = browser.send("/account", "/account/recovery-codes").text
    assert len(re.findall(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b", page)) == 10 and old not in page
    other = place.browser()
    place.half(other, LENA_ID)
    assert other.send("/sign-in/code", "/sign-in/code", {"code": old}).status_code == 403


def test_the_pages_of_signing_in_speak_three_languages(place: Workplace) -> None:
    browser = place.browser()
    for language, word in (("nl", "Aanmelden"), ("fr", "Se connecter"), ("en", "Sign in")):
        browser.send("/sign-in", "/language", {"language": language, "back": "/sign-in"})
        assert f"<h1>{word}</h1>" in browser.get("/sign-in").text
