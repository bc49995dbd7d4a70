"""Headers, sessions and forms: nothing from elsewhere, nothing kept, no form that is not ours."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.routing import APIRoute

from casework.db import Database
from tests.casework.helpers import NOTIFY, T0, new_case, rows
from tests.web.conftest import Browser
from web.app import PAGES
from web.browser import uploaded
from web.security import PAGE_LIMIT, POLICY
from web.session import Signer
from web.visitor import posted

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]


def test_every_answer_carries_the_policy_and_is_not_kept(as_: Choose) -> None:
    browser = as_("s-cora")
    for path in ("/overview", "/nowhere", "/health.json", "/api/v1/openapi.json", "/tasks"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"  # with no-referrer browsers send Origin: null with forms


def test_pages_load_their_own_stylesheet_and_typeface_and_nothing_from_elsewhere(as_: Choose) -> None:
    page = as_("s-cora").get("/overview").text
    loaded = re.findall(r"<link[^>]*href=\"([^\"]+)\"", page)
    assert all(path.startswith("/static/") for path in loaded) and len(loaded) == 3
    assert "style=" not in page and "http://" not in page.replace("http://www.w3.org", "")
    sheet = next(path for path in loaded if "sluis.css" in path)
    answer = as_("s-cora").get(sheet, headers={"Accept-Encoding": "identity"})
    assert "immutable" in answer.headers["cache-control"] and "content-encoding" not in answer.headers
    assert set(re.findall(r"url\(\"?([^)\"]*)\"?\)", answer.text)) == {"latin.woff2", "latin-ext.woff2"}
    assert "@import" not in answer.text


def test_the_stylesheet_is_sent_compressed_and_pages_never_are(as_: Choose) -> None:
    browser = as_("s-cora")
    page = browser.get("/overview", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in page.headers
    sheet = re.search(r'href="(/static/built/sluis.css[^"]*)"', page.text)
    assert sheet is not None
    plain = browser.get(sheet[1], headers={"Accept-Encoding": "identity"})
    packed = browser.get(sheet[1], headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["content-type"].startswith("text/css")
    assert packed.text == plain.text


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(anonymous: Browser) -> None:
    cookie = anonymous.get("/choose").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie


def test_a_form_without_the_token_of_its_session_does_nothing(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser, other = as_("s-cora"), as_("s-dirk")
    foreign = other.hidden(other.get("/health").text, "token")
    for token in ("", "wrong", foreign):
        data = {**{f"f.{k}": v for k, v in NOTIFY.items()}, "occurred_on": T0.date().isoformat(), "token": token}
        answer = browser.client.post(f"/cases/{ref}/steps/notify/complete", data=data)
        assert answer.status_code == 403 and "too old" in answer.text
    assert rows(db, "SELECT status FROM step WHERE step = 'notify'") == [("open",)]


def test_a_form_from_another_site_does_nothing(as_: Choose) -> None:
    browser = as_("s-cora")
    for origin in ("https://elsewhere.example", "null", "http://testserver.elsewhere.example"):
        assert browser.post("/language", {"language": "fr"}, headers={"Origin": origin}).status_code == 403
    assert browser.post("/language", {"language": "fr"}, headers={"Origin": "http://testserver"}).status_code == 303


def test_every_form_is_checked(db: Database) -> None:
    def asks(dependant: Any) -> set[Any]:
        return {dependant.call, *(call for each in dependant.dependencies for call in asks(each))}

    every = [route for module in PAGES for route in module.router.routes if isinstance(route, APIRoute)]
    routes = [route for route in every if "POST" in route.methods]
    assert len(routes) >= 10
    assert [route.path for route in routes if not {posted, uploaded} & asks(route.dependant)] == []


def test_choosing_another_person_ends_the_old_forms(as_: Choose) -> None:
    browser = as_("s-cora")
    token = browser.hidden(browser.get("/health").text, "token")
    browser.post("/choose", {"staff": "s-lena"})
    assert browser.client.post("/language", data={"token": token, "language": "fr"}).status_code == 403


def test_a_body_that_is_too_large_is_refused(as_: Choose) -> None:
    browser = as_("s-cora")
    assert browser.post("/language", {"back": "x" * (PAGE_LIMIT + 1)}).status_code == 413

    def chunks() -> Any:
        for _ in range(5):
            yield b"a=" + b"x" * (PAGE_LIMIT // 4)

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.client.post("/language", content=chunks(), headers=headers).status_code == 413


def test_odd_requests_get_plain_answers(as_: Choose) -> None:
    browser = as_("s-cora")
    assert browser.client.post("/overview").status_code == 405
    assert browser.get("/tasks?from=x").status_code == 404
    assert browser.get("/compliance?since=yesterday").status_code == 422
    assert browser.get("/cases/%00/steps/..%2f").status_code == 404
    assert browser.get("/static/../app.py").status_code == 404


def test_a_forged_cookie_is_nobody(anonymous: Browser) -> None:
    forger = Signer(b"b" * 32)
    for forged in (forger.cookie(forger.new(1000, "fr")), "A" * 43, "x.y"):
        anonymous.client.cookies.set("sluis", forged)
        assert anonymous.get("/overview").url.path == "/choose"
