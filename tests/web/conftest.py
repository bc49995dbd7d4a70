"""The pages over a partnership at work that calls itself a demo, and a browser without scripts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from casework import clock, staff
from casework.db import Database
from casework.partnership import DEMO
from models.people import Organisation, Staff
from protocol.commands import Actor
from tests.casework.helpers import T0
from tests.personas import ADDED, settle_in
from web.app import create_app

ADMINISTRATOR = "s-bert"
BERT = Actor(id=ADMINISTRATOR, roles=("administrator",), service="it")
PASSWORD = "een korte zin die niemand raadt"
HREF = re.compile(r'href="(/[^"]*)"')


class Browser:
    """Follows links, fills in forms: what somebody can do without a script."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def hidden(self, page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        assert found, f"no hidden field {name}"
        return found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form as our own pages do: with the token of the session."""
        token = self.hidden(self.get("/health").text, "token")
        return self.client.post(path, data={"token": token, **(data or {})}, follow_redirects=False, **more)

    def send(self, page: str, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form with the token that stands on a page."""
        token = self.hidden(self.get(page).text, "token")
        return self.client.post(path, data={"token": token, **(data or {})}, follow_redirects=False, **more)

    def links(self, path: str) -> list[str]:
        return HREF.findall(self.get(path).text)


def at_work(db: Database) -> None:
    """The partnership with its administrator, not yet a demo."""
    settle_in(db)
    bert = Staff(id=ADMINISTRATOR, name="Bert Boon", roles=["administrator"], service="it", added_at=ADDED)
    staff.save(db, [bert], at=ADDED)
    clock.set_to(T0)


@pytest.fixture
def app(db: Database) -> Any:
    at_work(db)
    staff.save_organisations(db, [Organisation(id="demo", name="Fictional partnership", kind=DEMO)])
    return create_app(db)


@pytest.fixture
def place(db: Database) -> Iterator[Any]:
    """The pages of a partnership that is no demo: people sign in (tests/web/accounts.py)."""
    from tests.web.accounts import Workplace

    at_work(db)
    made = Workplace(db)
    yield made
    made.close()


@pytest.fixture
def anonymous(app: Any) -> Iterator[Browser]:
    with TestClient(app, raise_server_exceptions=False, follow_redirects=True) as client:
        yield Browser(client)


@pytest.fixture
def as_(app: Any) -> Iterator[Callable[..., Browser]]:
    """A browser in which one of the demo's people was chosen."""
    clients: list[TestClient] = []

    def choose(staff_id: str, language: str = "en") -> Browser:
        client = TestClient(app, raise_server_exceptions=False, follow_redirects=True)
        clients.append(client)
        browser = Browser(client)
        assert browser.post("/choose", {"staff": staff_id}).status_code == 303
        browser.post("/language", {"language": language, "back": "/"})
        return browser

    yield choose
    for client in clients:
        client.close()
