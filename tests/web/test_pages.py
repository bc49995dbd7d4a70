"""Every page for its role and for no other; the first page by role; the language of the person."""

from collections.abc import Callable

import pytest

from casework import clock
from casework.db import Database
from tests.casework.helpers import MANDATE, NOTIFY, assigned_case, complete, later, new_case
from tests.personas import CORA
from tests.web.conftest import ADMINISTRATOR, Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]

PAGES = {
    "/overview": {"s-cora", "s-dirk"},
    "/cases": {"s-cora", "s-dirk"},
    "/late": {"s-cora", "s-dirk"},
    "/announce": {"s-piet", "s-vera", "s-cora", "s-dirk"},
    "/announced": {"s-piet", "s-vera"},
    "/compliance": {"s-cora", "s-dirk", "s-anna", "s-frank"},
    "/urgent": {"s-cora", "s-dirk", "s-maya"},
    "/staff": {"s-cora", ADMINISTRATOR},
    "/closing-days": {"s-cora", ADMINISTRATOR},
    "/api-clients": {ADMINISTRATOR},
    "/reading": {"s-dana", "s-frank"},
    "/requests": {"s-dana", "s-frank"},
    "/retention": {"s-dana", "s-frank"},
}
EVERYBODY = (
    "s-cora", "s-dirk", "s-ilse", "s-paul", "s-lena", "s-piet", "s-vera", "s-omar", "s-dana", "s-frank", "s-anna",
    "s-maya", ADMINISTRATOR,
)  # fmt: skip
FIRST = {
    "s-piet": "/announced", "s-lena": "/tasks", "s-cora": "/overview", "s-ilse": "/tasks", "s-maya": "/mayor",
    "s-anna": "/compliance", ADMINISTRATOR: "/staff",
}  # fmt: skip


@pytest.mark.parametrize("staff_id", EVERYBODY)
def test_every_page_opens_for_its_role_and_for_no_other(db: Database, as_: Choose, staff_id: str) -> None:
    assigned_case(db)
    browser = as_(staff_id)
    for path, allowed in PAGES.items():
        assert browser.get(path).status_code == (200 if staff_id in allowed else 403), path
    assert browser.get("/tasks").status_code == 200


@pytest.mark.parametrize(("staff_id", "path"), FIRST.items())
def test_the_role_decides_the_first_page(as_: Choose, staff_id: str, path: str) -> None:
    assert as_(staff_id).get("/").url.path == path


def test_nobody_gets_past_the_choice_of_a_person(anonymous: Browser) -> None:
    for path in (*PAGES, "/tasks", "/my-cases", "/cases/2026-001", "/cases/2026-001/steps/notify"):
        assert anonymous.get(path).url.path == "/choose", path


def test_only_a_demo_lets_one_choose_who_one_is(db: Database, as_: Choose, anonymous: Browser) -> None:
    browser = as_("s-cora")
    with db.begin() as connection:
        connection.exec_driver_sql("DELETE FROM organisation WHERE kind = 'demo'")
    assert browser.get("/choose").status_code == 404
    assert browser.get("/overview").url.path == "/sign-in", "a session of the demo is worth nothing now"
    assert anonymous.post("/choose", {"staff": "s-cora"}).status_code == 404
    assert anonymous.get("/overview").url.path == "/sign-in"


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
@pytest.mark.parametrize("staff_id", ["s-cora", "s-lena", "s-piet", "s-ilse"])
def test_every_page_and_its_links_open_in_every_language(
    db: Database, as_: Choose, staff_id: str, language: str
) -> None:
    assigned_case(db)
    browser, seen, todo = as_(staff_id, language), set(), ["/"]
    while todo:
        path = todo.pop()
        seen.add(path)
        answer = browser.get(path)
        assert answer.status_code == 200, path
        page = answer.headers["content-type"].startswith("text/html")
        assert (f'<html lang="{language}">' in answer.text) == page, path
        todo += [link for link in browser.links(path) if link not in seen and link not in todo and len(seen) < 80]
    assert len(seen) > 5


def test_a_person_starts_in_their_own_language_and_may_switch(as_: Choose) -> None:
    browser = as_("s-lena", "xx")
    assert '<html lang="nl">' in browser.get("/tasks").text
    answer = browser.post("/language", {"language": "fr", "back": "/tasks"})
    assert answer.headers["location"] == "/tasks"
    assert '<html lang="fr">' in browser.get("/tasks").text


@pytest.mark.parametrize("back", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", "javascript:x"])
def test_switching_the_language_never_leads_elsewhere(as_: Choose, back: str) -> None:
    answer = as_("s-lena").post("/language", {"language": "fr", "back": back})
    assert answer.headers["location"] == "/"


def test_a_case_that_does_not_exist_looks_like_one_that_is_not_yours(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    browser = as_("s-lena")
    missing, secret = browser.get("/cases/2026-999"), browser.get(f"/cases/{ref}")
    assert missing.status_code == secret.status_code == 404
    assert missing.text.replace("2026-999", ref) == secret.text


def test_the_coordinator_sees_cases_by_release_date_late_work_and_waiting_decisions(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    new_case(db, 2)
    clock.set_to(later(days=9))
    page = as_("s-cora").get("/overview").text
    assert "Four-eyes decisions waiting (1)" in page
    assert "working days late" in page
    assert "case 2026-002" in page and "1\u00a0Mar" in page


def test_pages_work_in_a_database_that_is_empty(as_: Choose) -> None:
    for path in ("/overview", "/cases", "/late", "/compliance", "/urgent", "/closing-days"):
        assert as_("s-cora").get(path).status_code == 200, path
