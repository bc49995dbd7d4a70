"""Sign-in with one's own organisation, against a real certified provider on loopback."""

import datetime as dt
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pydantic import SecretStr

from casework import accounts, clock, oidc, oidc_accounts, staff
from casework.db import Database
from tests.casework.helpers import T0
from tests.flows.prefect_server import free_port
from tests.personas import LENA
from tests.web.accounts import SECRET, Workplace, is_nobody, ledger_of, minutes, session_of
from tests.web.conftest import BERT, Browser, at_work
from tools.frontend import NODE, ROOT, environment

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
HERE = Path(__file__).parent / "oidc"
ID = LENA.id
CALLBACK = "http://127.0.0.1:8000/oidc/callback"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider, for as long as these tests last."""
    port = free_port()
    command = [str(NODE / "node"), str(HERE / "provider.mjs"), str(port), CALLBACK]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line == "ready\n":
            break
    else:
        raise AssertionError("".join(said))
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)
    process.stdout.close()


class Organisation:
    """A partnership whose people sign in with their organisation."""

    def __init__(self, db: Database, issuer: str, **settings: Any) -> None:
        given = {
            "oidc_issuer": issuer, "oidc_client_id": "sluis",
            "oidc_client_secret": SecretStr("not-a-secret & with signs"), **settings,
        }  # fmt: skip
        db.settings = db.settings.model_copy(update=given)
        self.db = db
        self.place = Workplace(db)
        self.open: list[httpx.Client] = []

    def invited(self, staff_id: str = ID) -> None:
        self.place.invite(staff_id, "lena@fictiestad.example")

    def sent_to(self, browser: Browser, path: str = "/oidc/start") -> str:
        answer = browser.client.get(path, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def at_provider(self, address: str, login: str = "lena", amr: tuple[str, ...] = ("mfa",), **more: str) -> str:
        """What happens there; the path at which the browser comes back."""
        client = httpx.Client(trust_env=False)
        self.open.append(client)
        answer = client.get(address)
        while answer.is_redirect:
            where = str(httpx.URL(address).join(answer.headers["location"]))
            if where.startswith(CALLBACK):
                parts = urlsplit(where)
                return f"{parts.path}?{parts.query}"
            if "/interaction/" in where:
                where += "?" + urlencode([("login", login), *(("amr", one) for one in amr), *more.items()])
            answer = client.get(where)
        raise AssertionError(answer.text)

    def signs_in(self, browser: Browser, login: str = "lena", amr: tuple[str, ...] = ("mfa",)) -> Any:
        return browser.get(self.at_provider(self.sent_to(browser), login, amr))

    def close(self) -> None:
        self.place.close()
        for client in self.open:
            client.close()


@pytest.fixture
def organisation(db: Database, issuer: str) -> Iterator[Organisation]:
    at_work(db)
    made = Organisation(db, issuer)
    yield made
    made.close()


def changed(path: str, **parts: str) -> str:
    """An address with other parameters."""
    found = urlsplit(path)
    query = {key: values[0] for key, values in parse_qs(found.query).items()} | parts
    return f"{path.partition('?')[0]}?{urlencode(query)}"


def test_somebody_invited_signs_in_and_is_known_from_then_on(db: Database, organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    assert "/oidc/start" in browser.get("/sign-in?next=/my-cases").text
    before = session_of(browser)
    came = browser.get(organisation.at_provider(organisation.sent_to(browser, "/oidc/start?next=/my-cases")))
    assert came.url.path == "/my-cases", came.text
    assert session_of(browser) != before
    assert ledger_of(db, ID) == ["invited", "linked", "signed_in"]
    member = staff.find(db, ID)
    member.email = "other@fictiestad.example"
    staff.save(db, [member], at=T0)
    assert organisation.signs_in(organisation.place.browser()).url.path == "/tasks", "by the number, not by the address"


def test_the_invitation_is_used_up_by_the_first_sign_in(db: Database, organisation: Organisation) -> None:
    link = organisation.place.invite(ID, "lena@fictiestad.example")
    organisation.signs_in(organisation.place.browser())
    assert organisation.place.browser().get(link).status_code == 410


def test_the_request_carries_pkce_state_and_nonce_and_asks_for_no_more_than_the_address(
    organisation: Organisation,
) -> None:
    asked = parse_qs(urlsplit(organisation.sent_to(organisation.place.browser())).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    assert asked["scope"] == ["openid email"] and asked["response_type"] == ["code"]


def test_people_who_are_unknown_not_invited_or_unverified_get_one_answer(
    db: Database, organisation: Organisation
) -> None:
    member = staff.find(db, "s-lars")
    member.email = "lars@fictiestad.example"  # works here, not invited
    staff.save(db, [member], at=T0)
    organisation.invited()
    answers = [
        organisation.signs_in(organisation.place.browser(), login) for login in ("stranger", "lars", "lena-unverified")
    ]
    assert {answer.status_code for answer in answers} == {403}
    texts = {answer.text.partition("<main")[2].partition("</main>")[0] for answer in answers}
    assert len(texts) == 1 and "cannot sign in" in texts.pop()
    assert ledger_of(db, "nobody") == ["refused"] * 3
    assert accounts.state(db, ID).status == "invited"


def test_a_local_account_is_not_taken_over_by_its_address(db: Database, organisation: Organisation) -> None:
    browser = organisation.place.browser()
    organisation.place.set_up(browser, ID, organisation.place.invite(ID, "lena@fictiestad.example"))
    assert organisation.signs_in(organisation.place.browser()).status_code == 403


def test_another_person_with_the_address_later_is_not_the_same(db: Database, organisation: Organisation) -> None:
    organisation.invited()
    organisation.signs_in(organisation.place.browser())
    again = oidc.Identity(db.settings.oidc_issuer or "", "somebody-else", "lena@fictiestad.example", True, None)
    with pytest.raises(oidc_accounts.Unknown):
        oidc_accounts.member_of(db, again, at=T0)


def test_a_deactivated_person_does_not_come_in(db: Database, organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    organisation.signs_in(browser)
    accounts.deactivate(db, BERT, ID, T0)
    assert is_nobody(browser)
    assert organisation.signs_in(organisation.place.browser()).status_code == 403


def test_a_wrong_state_is_refused(organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    path = organisation.at_provider(organisation.sent_to(browser))
    assert browser.get(changed(path, state="x" * 43)).status_code == 400
    assert browser.get(changed(path, state="")).status_code == 400
    assert is_nobody(browser)


def test_what_came_back_once_does_not_come_back_again(organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    path = organisation.at_provider(organisation.sent_to(browser))
    assert browser.get(path).status_code == 200
    other = organisation.place.browser()
    assert browser.get(path).status_code == 400 and other.get(path).status_code == 400
    assert is_nobody(other)


def test_a_code_that_was_used_is_refused_under_a_state_that_is_good(organisation: Organisation) -> None:
    organisation.invited()
    browser, thief = organisation.place.browser(), organisation.place.browser()
    path = organisation.at_provider(organisation.sent_to(browser))
    browser.get(path)
    used = parse_qs(urlsplit(path).query)["code"][0]
    own = parse_qs(urlsplit(organisation.sent_to(thief)).query)["state"][0]
    assert thief.get(changed(path, state=own, code=used)).status_code == 400
    assert is_nobody(thief)


def test_a_code_that_was_stolen_before_it_was_used_is_no_use_in_another_browser(organisation: Organisation) -> None:
    """PKCE: the code belongs to the verifier of the browser that was sent."""
    organisation.invited()
    browser, thief = organisation.place.browser(), organisation.place.browser()
    path = organisation.at_provider(organisation.sent_to(browser))
    own = parse_qs(urlsplit(organisation.sent_to(thief)).query)["state"][0]
    assert thief.get(path).status_code == 400, "another browser's state"
    assert thief.get(changed(path, state=own)).status_code == 400, "another browser's code"
    assert is_nobody(thief)


def test_a_wrong_nonce_is_refused(organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    path = organisation.at_provider(changed(organisation.sent_to(browser), nonce="of-another-sign-in"))
    assert browser.get(path).status_code == 400 and is_nobody(browser)


def test_an_answer_of_another_issuer_is_refused(organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    path = organisation.at_provider(organisation.sent_to(browser))
    assert browser.get(changed(path, iss="https://elsewhere.example")).status_code == 400


def test_who_refuses_there_or_stays_too_long_begins_again(organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    refused = organisation.at_provider(organisation.sent_to(browser), refuse="yes")
    assert browser.get(refused).status_code == 400
    path = organisation.at_provider(organisation.sent_to(browser))
    with time_machine.travel(clock.real_now() + minutes(11)):
        assert browser.get(path).status_code == 400


def test_a_public_client_has_no_secret(db: Database, issuer: str) -> None:
    at_work(db)
    made = Organisation(db, issuer, oidc_client_id="public", oidc_client_secret=None)
    made.invited()
    assert made.signs_in(made.place.browser()).url.path == "/tasks"
    made.close()


def test_a_provider_that_is_away_is_told_plainly(db: Database) -> None:
    at_work(db)
    made = Organisation(db, f"http://127.0.0.1:{free_port()}")
    answer = made.place.browser().get("/oidc/start")
    assert answer.status_code == 503 and "does not answer" in answer.text
    made.close()


def test_without_a_provider_its_addresses_do_not_exist(db: Database) -> None:
    at_work(db)
    place = Workplace(db)
    browser = place.browser()
    assert browser.get("/oidc/start").status_code == browser.get("/oidc/callback").status_code == 404
    assert "/oidc/" not in browser.get("/sign-in").text
    place.close()


# --- the second factor


def test_what_the_provider_does_not_vouch_for_is_asked_here(db: Database, organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    page = organisation.signs_in(browser, amr=("pwd",))
    assert page.url.path == "/second-factor/new"
    found = SECRET.search(page.text)
    assert found is not None
    organisation.place.secrets[ID] = found[1].replace(" ", "")
    code = organisation.place.code(ID)
    assert browser.send("/second-factor/new", "/second-factor/new", {"code": code}).status_code == 200
    assert not is_nobody(browser)
    other = organisation.place.browser()
    assert organisation.signs_in(other, amr=("pwd",)).url.path == "/sign-in/code"
    assert organisation.signs_in(organisation.place.browser(), amr=("pwd", "mfa")).url.path == "/tasks"


@pytest.mark.parametrize(("rule", "path"), [("trust", "/tasks"), ("own", "/second-factor/new")])
def test_the_setting_decides_whether_the_provider_counts(db: Database, issuer: str, rule: str, path: str) -> None:
    at_work(db)
    made = Organisation(db, issuer, oidc_second_factor=rule)
    made.invited()
    amr = ("pwd",) if rule == "trust" else ("mfa",)
    assert made.signs_in(made.place.browser(), amr=amr).url.path == path
    made.close()


def test_a_step_up_asks_at_the_provider_anew_and_keeps_the_form(db: Database, organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    organisation.signs_in(browser)
    start = clock.real_now()
    token = browser.hidden(browser.get("/account").text, "token")
    with time_machine.travel(start + minutes(11)):
        asks = browser.client.post("/account/recovery-codes", data={"token": token, "typed": "kept"})
        assert asks.status_code == 403 and 'name="typed" value="kept"' in asks.text and "/oidc/start" in asks.text
    # The provider lives in the real time: it signed in a moment ago, which is fresh.
    address = organisation.sent_to(browser, "/oidc/start?next=/account")
    assert "prompt=login" in address and "max_age=0" in address
    old = session_of(browser)
    assert browser.get(organisation.at_provider(address)).url.path == "/account"
    assert session_of(browser) != old
    again = browser.client.post("/account/recovery-codes", data={"token": token, "typed": "kept"})
    assert again.status_code == 200


def test_a_step_up_by_somebody_else_does_not_count(db: Database, organisation: Organisation) -> None:
    organisation.invited()
    browser = organisation.place.browser()
    organisation.signs_in(browser)
    path = organisation.at_provider(organisation.sent_to(browser), login="stranger")
    assert browser.get(path).status_code == 403


# --- the token itself


def forged(db: Database, key: RSAKey, algorithm: str = "RS256", **claims: Any) -> dict[str, Any]:
    now = int(clock.real_now().timestamp())
    told = {
        "iss": db.settings.oidc_issuer, "aud": "sluis", "sub": "lena", "iat": now, "exp": now + 60, "nonce": "n",
        **claims,
    }  # fmt: skip
    return {"id_token": jwt.encode({"alg": algorithm, "kid": "k"}, told, key)}


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": ["sluis", "another"], "azp": "another"}, "azp"),
        ({"exp": 1}, "exp"),
        ({"nonce": "another"}, "nonce"),
        ({"iat": 99999999999}, "iat"),
    ],
)
def test_every_claim_of_the_token_is_checked(
    db: Database, organisation: Organisation, claims: dict[str, Any], fault: str
) -> None:
    real, key = clock.real_now(), RSAKey.generate_key(2048, {"kid": "k"})
    db.memory["oidc"] = oidc.Provider({}, KeySet([key]), real + dt.timedelta(minutes=1))
    assert oidc._claims(db, real, forged(db, key), "n")["sub"] == "lena"
    with pytest.raises(oidc.NotProved, match=fault if fault != "exp" else "."):
        oidc._claims(db, real, forged(db, key, **claims), "n")


def test_a_token_that_somebody_else_signed_is_refused(db: Database, organisation: Organisation) -> None:
    real, other = clock.real_now(), RSAKey.generate_key(2048, {"kid": "k"})
    oidc.provider(db, real)
    with pytest.raises(oidc.NotProved, match="signature"):
        oidc._claims(db, real, forged(db, other), "n")
    unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJsZW5hIn0."
    with pytest.raises(oidc.NotProved, match="signature"):
        oidc._claims(db, real, {"id_token": unsigned}, "n")
