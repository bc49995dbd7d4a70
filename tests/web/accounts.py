"""People with accounts in a partnership that is no demo: how they sign in, in tests."""

import datetime as dt
import re
from typing import Any

import pyotp
from starlette.testclient import TestClient

from casework import account_log, accounts, clock, ledger, second_factor, staff
from casework.db import Database
from tests.casework.helpers import T0
from tests.web.conftest import ADMINISTRATOR, PASSWORD, Browser
from web.app import create_app

SECRET = re.compile(r'<b class="nowrap">([A-Z2-7 ]{20,})</b>')
CODES = re.compile(r"\b[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}\b")


class Workplace:
    """The pages of a partnership that is no demo, and whoever opens them."""

    def __init__(self, db: Database, **client: Any) -> None:
        self.db = db
        self.app = create_app(db)
        self.client = client
        self.open: list[TestClient] = []
        self.secrets: dict[str, str] = {}
        self.codes: dict[str, list[str]] = {}
        self.used = 0

    def browser(self, address: str = "192.0.2.1") -> Browser:
        made = TestClient(
            self.app, raise_server_exceptions=False, follow_redirects=True, client=(address, 5000), **self.client
        )
        made.headers["accept-language"] = "en"
        self.open.append(made)
        return Browser(made)

    def invite(self, staff_id: str, email: str = "") -> str:
        """The path of an invitation's link."""
        member = staff.find(self.db, staff_id)
        member.language = "en"
        member.email = email or f"{staff_id}@fictiestad.example"
        staff.save(self.db, [member], at=T0)
        return accounts.invite(self.db, staff.actor_for(self.db, ADMINISTRATOR), staff_id, T0).path

    def set_up(self, browser: Browser, staff_id: str, link: str, password: str = PASSWORD) -> Any:
        """Follow a link to its end; the page with the recovery codes."""
        answer = browser.send(
            link, "/invitation", {"link": link.rsplit("/", maxsplit=1)[-1], "new": password, "again": password}
        )
        assert answer.headers["location"] == "/second-factor/new", answer.text
        page = browser.get("/second-factor/new").text
        found = SECRET.search(page)
        assert found is not None
        self.secrets[staff_id] = found[1].replace(" ", "")
        answer = browser.send("/second-factor/new", "/second-factor/new", {"code": self.code(staff_id)})
        self.codes[staff_id] = CODES.findall(answer.text)
        return answer

    def has_account(self, staff_id: str) -> Browser:
        """Somebody with an account, signed in in a browser."""
        browser = self.browser()
        assert self.set_up(browser, staff_id, self.invite(staff_id)).status_code == 200
        return browser

    def code(self, staff_id: str) -> str:
        """A code that works now and was not used: of the next period, when that of this one was."""
        totp, now = pyotp.TOTP(self.secrets[staff_id]), int(clock.real_now().timestamp()) // 30
        with self.db.read() as tx:
            used = second_factor.last_period(tx, staff_id)
        return totp.generate_otp(max(now, used + 1))

    def half(self, browser: Browser, staff_id: str, password: str = PASSWORD, **more: str) -> Any:
        email = f"{staff_id}@fictiestad.example"
        return browser.send("/sign-in", "/sign-in", {"email": email, "password": password, **more})

    def signed_in(self, staff_id: str, address: str = "192.0.2.1") -> Browser:
        """Another browser of somebody who has an account."""
        browser = self.browser(address)
        assert self.half(browser, staff_id).headers["location"].startswith("/sign-in/code")
        answer = browser.send("/sign-in/code", "/sign-in/code", {"code": self.codes[staff_id].pop()})
        assert answer.headers["location"] == "/"
        return browser

    def close(self) -> None:
        for client in self.open:
            client.close()


def is_nobody(browser: Browser) -> bool:
    """Whether the pages do not know who this is."""
    return str(browser.get("/account").url.path) == "/sign-in"


def session_of(browser: Browser) -> str:
    return str(browser.client.cookies.get("sluis"))


def ledger_of(db: Database, staff_id: str) -> list[str]:
    with db.read() as tx:
        return [header.command for header, _ in ledger.entries(tx, account_log.stream(staff_id))]


def minutes(n: float) -> dt.timedelta:
    return dt.timedelta(minutes=n)
