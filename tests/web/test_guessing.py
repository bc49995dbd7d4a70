"""Guessing: slowed down per account and per address, over replicas, and without telling who has an account."""

import re

import pytest
import time_machine

from casework import clock, passwords, sign_in, throttle
from casework.db import Database
from tests.casework.helpers import T0, later, rows
from tests.personas import LENA
from tests.web.accounts import Workplace, ledger_of, minutes

ID = LENA.id


def shape(text: str, email: str) -> str:
    """A page without what differs by itself: its token, and the address that was typed."""
    return re.sub(r'name="token" value="[^"]*"', "", text).replace(email, "ADDRESS")


def test_an_unknown_address_gets_the_same_answers_as_a_known_one(db: Database, place: Workplace) -> None:
    place.has_account(ID)
    place.invite("s-lars")
    answers = {}
    for email in (f"{ID}@fictiestad.example", "nobody@fictiestad.example", "s-lars@fictiestad.example", "", "@"):
        seen = []
        for attempt in range(7):  # from the first to the one that has to wait
            browser = place.browser(f"198.51.100.{attempt}")
            sent = {"email": email, "password": "not the right one"}
            answer = browser.send("/sign-in", "/sign-in", sent)
            kept = {
                name: value for name, value in answer.headers.items() if name not in ("set-cookie", "content-length")
            }
            text = shape(answer.text, email) if email.strip("@") else ""
            seen.append((answer.status_code, kept, text))
        answers[email] = seen
    statuses = {email: [status for status, *_ in seen] for email, seen in answers.items()}
    assert set(map(tuple, statuses.values())) == {(403, 403, 403, 403, 403, 429, 429)}
    first = answers.pop(f"{ID}@fictiestad.example")
    assert all(seen == first for email, seen in answers.items() if email.strip("@"))


def test_an_unknown_address_costs_the_same_work(
    db: Database, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.has_account(ID)
    checked: list[str] = []
    real = passwords.verify

    def counted(settings: object, kept: str, password: str) -> bool:
        checked.append(kept.rpartition("$")[0].rpartition("$")[0])
        return real(settings, kept, password)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords, "verify", counted)
    before = _written(db)
    for email in (f"{ID}@fictiestad.example", "nobody@fictiestad.example"):
        with pytest.raises(sign_in.Failed):
            sign_in.with_password(db, email, "wrong", "192.0.2.7", at=T0, real=clock.real_now())
    assert len(checked) == 2
    assert passwords._nobodys(1, 16).startswith("$argon2id$v=19$m=16,t=1,p=2$"), "the same kind of hash"
    known, unknown = ledger_of(db, ID), ledger_of(db, "nobody")
    assert known[-1] == unknown[-1] == "refused" and _written(db) == before + 2


def _written(db: Database) -> int:
    return int(rows(db, "SELECT count(*) FROM ledger_entry")[0][0])


def test_the_pause_grows_and_ends_with_the_right_password(db: Database, place: Workplace) -> None:
    place.has_account(ID)
    browser, start = place.browser(), clock.real_now()
    for _ in range(5):
        assert place.half(browser, ID, "wrong").status_code == 403
    assert place.half(browser, ID).status_code == 429, "the right one has to wait too"
    with time_machine.travel(start + minutes(0.5)):
        assert place.half(browser, ID, "wrong").status_code == 403
        assert place.half(browser, ID).status_code == 429
    with time_machine.travel(start + minutes(10)):
        assert place.half(browser, ID).status_code == 303
        assert place.half(place.browser(), ID, "wrong").status_code == 403, "the count starts anew"


def test_many_accounts_from_one_address_are_slowed_down_too(db: Database, place: Workplace) -> None:
    real = clock.real_now()
    free = throttle.PACES["address"].free
    for n in range(free):
        with pytest.raises(sign_in.Failed):
            sign_in.with_password(db, f"guess{n}@x.example", "wrong", "2001:db8::1", at=T0, real=real)
    with pytest.raises(throttle.Wait):
        sign_in.with_password(db, "one.more@x.example", "wrong", "2001:db8::ffff", at=T0, real=real)
    with pytest.raises(sign_in.Failed):
        sign_in.with_password(db, "one.more@x.example", "wrong", "2001:db8:0:1::1", at=T0, real=real)


def test_guesses_at_two_replicas_count_together(db: Database) -> None:
    other, real = Database(db.settings), clock.real_now()
    for turn in range(5):
        throttle.attempt((db, other)[turn % 2], real, account="a@x.example")
    with pytest.raises(throttle.Wait):
        throttle.attempt(db, real, account="A@x.example ")
    other.close()


def test_the_pause_doubles_up_to_its_longest_and_is_forgotten_after_a_day(db: Database) -> None:
    pace = throttle.PACES["account"]
    pauses = [pace.pause(count).total_seconds() for count in range(1, 16)]
    assert pauses[:8] == [0, 0, 0, 0, 5, 10, 20, 40] and pauses[-1] == 900
    real = clock.real_now()
    for _ in range(5):
        throttle.attempt(db, real, account="a@x.example")
    tomorrow = real + minutes(24 * 60 + 1)
    throttle.attempt(db, tomorrow, account="b@x.example")
    assert rows(db, "SELECT count(*) FROM attempts") == [(1,)]


def test_codes_are_guessed_slowly(place: Workplace) -> None:
    place.has_account(ID)
    browser = place.browser()
    place.half(browser, ID)
    answers = [browser.send("/sign-in/code", "/sign-in/code", {"code": f"{n:06}"}).status_code for n in range(6)]
    assert answers == [403] * 5 + [429]
    assert browser.send("/sign-in/code", "/sign-in/code", {"code": place.code(ID)}).status_code == 429


def test_a_hash_with_old_parameters_is_made_anew_when_its_owner_signs_in(db: Database, place: Workplace) -> None:
    place.has_account(ID)
    db.settings = db.settings.model_copy(update={"argon2_time": 2})
    sign_in.with_password(
        db,
        f"{ID}@fictiestad.example",
        "een korte zin die niemand raadt",
        "192.0.2.7",
        at=later(),
        real=clock.real_now(),
    )
    assert "t=2" in rows(db, "SELECT password FROM account")[0][0]
