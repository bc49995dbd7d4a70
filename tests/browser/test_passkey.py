"""A passkey in a real browser with a virtual authenticator: made from a link, used to sign in and to step up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import time_machine
from playwright.sync_api import Browser, Page

from casework import account_log, accounts, clock, ledger
from casework.db import Database
from casework.staff import actor_for
from tests.web.accounts import minutes
from tools import browser as real

PASSWORD = "een lange zin die niemand raadt"
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def happened(db: Database, staff: str) -> list[str]:
    with db.read() as tx:
        return [header.command for header, _ in ledger.entries(tx, account_log.stream(staff))]


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#email", "lead-2@fictiestad.example")
    page.fill("#password", PASSWORD)
    page.locator("main form button.button").first.click()
    page.wait_for_url("**/sign-in/code*")


def test_a_passkey_is_made_and_used(tmp_path: Path, chromium: Browser, faults_of: Callable[[Page], list[str]]) -> None:
    with real.demo(tmp_path, years=False) as db, real.served(db) as served:
        address = served.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, never to a number
        db.settings = db.settings.model_copy(update={"public_url": address})
        link = accounts.invite(db, actor_for(db, "administrator"), "lead-2", clock.now())
        context = chromium.new_context()
        page = context.new_page()
        page.set_default_timeout(10_000)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

        page.goto(f"{address}{link.path}")
        page.fill("#new", PASSWORD)
        page.fill("#again", PASSWORD)
        page.locator("main form button.button").first.click()
        page.wait_for_url("**/second-factor/new")
        assert faults_of(page) == []
        page.locator("form[data-passkey] button").click()
        page.wait_for_url("**/second-factor/passkey")
        assert page.locator("main li").count() == 10, "recovery codes"
        page.goto(f"{address}/account")
        page.click("details.own > summary")
        page.locator('form[action="/sign-out"] button').first.click()
        page.wait_for_url("**/signed-out")

        sign_in(page, address)
        assert faults_of(page) == []
        page.locator("form[data-passkey] button").click()
        page.wait_for_url(f"{address}/tasks")
        with time_machine.travel(clock.real_now() + minutes(11)):
            page.goto(f"{address}/account")
            page.locator('form[action="/account/recovery-codes"] button').click()
            page.wait_for_load_state()
            assert page.locator("main li").count() == 0, "the step-up comes first"
            page.locator("form[data-passkey] button").click()
            page.wait_for_function("document.querySelectorAll('main li').length === 10")
        context.close()
        state = accounts.state(db, "lead-2")
        assert state.passkeys == 1 and not state.app
        assert happened(db, "lead-2")[-3:] == ["signed_in", "factor_given", "recovery_codes_renewed"]
    assert [words for words in said if "403" not in words] == []
