"""What a passkey's answer may not be: of another session, given twice, of somebody else, nonsense."""

import pytest

from casework import accounts, clock, passkeys, sessions, staff
from casework.db import Database
from casework.second_factor import WrongCode
from tests.casework.helpers import T0
from tests.personas import LENA
from tests.web.accounts import Workplace

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
ID = LENA.id


def test_without_a_passkey_none_is_asked(db: Database, place: Workplace) -> None:
    place.has_account(ID)
    browser = place.browser()
    place.half(browser, ID)
    page = browser.get("/sign-in/code")
    assert "<script" not in page.text and "script-src" not in page.headers["content-security-policy"]


@pytest.mark.parametrize("answer", ["", "{}", "[]", "nonsense", '{"id": 1}', '{"id": "AAAA", "rawId": "AAAA"}'])
def test_nonsense_is_not_a_passkey(db: Database, place: Workplace, answer: str) -> None:
    place.has_account(ID)
    browser = place.browser()
    place.half(browser, ID)
    answered = browser.send("/sign-in/code", "/sign-in/code", {"step_up_passkey": answer, "code": ""})
    assert answered.status_code == 403
    link = place.invite("s-lars").split("/")[-1]
    other, new = place.browser(), "vier gele fietsen in de mist"
    other.send(f"/invitation/{link}", "/invitation", {"link": link, "new": new, "again": new})
    sent = {"step_up_passkey": answer}
    assert other.send("/second-factor/new", "/second-factor/passkey", sent).status_code == 422
    assert accounts.state(db, "s-lars").status == "invited"


def test_a_challenge_is_used_up_by_its_first_answer(db: Database, place: Workplace) -> None:
    real = clock.real_now()
    secret = sessions.begin(db, staff.find(db, ID), "password", stage="enrol", real=real)
    before = sessions.find(db, secret, real)
    assert before is not None and before.challenge is None
    passkeys.creation_options(db, before)
    asked = sessions.find(db, secret, real)
    assert asked is not None and asked.challenge is not None and len(asked.challenge) == 32
    with pytest.raises(WrongCode):
        passkeys.new(db, asked, "{}", T0)
    after = sessions.find(db, secret, real)
    assert after is not None and after.challenge is None
