"""Signing in as people do it: the one-time link, the second factor, the account, out and in again; without a script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page

from casework import accounts, clock
from casework.staff import actor_for
from tests.browser.test_every_page import BY_SIGNING_IN
from tools import browser as real
from tools.browser import pattern


@pytest.mark.parametrize("size", real.SIZES)
def test_from_the_link_to_the_account_and_out_again(
    tmp_path: Path, chromium: Browser, faults_of: Callable[[Page], list[str]], size: str
) -> None:
    with real.demo(tmp_path, years=False) as db, real.served(db) as address:
        link = accounts.invite(db, actor_for(db, "administrator"), "lead-2", clock.now())
        width, height = real.SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, java_script_enabled=True)
        page = context.new_page()
        page.set_default_timeout(10_000)
        seen: set[str] = set()
        faults: list[str] = []

        def look() -> None:
            seen.add(pattern(page.url))
            faults.extend(faults_of(page))

        def send() -> None:
            page.locator("main form button.button").first.click()
            page.wait_for_load_state()

        page.goto(f"{address}{link.path}")
        look()
        page.fill("#new", "short")
        page.fill("#again", "short")
        send()
        assert page.locator(".govuk-error-summary").count() == 1
        look()
        password = "een lange zin die niemand raadt"
        page.fill("#new", password)
        page.fill("#again", password)
        send()
        look()
        secret = page.locator("main .sheet b").first.inner_text().replace(" ", "")
        app = pyotp.TOTP(secret)
        page.fill("#code", app.now())
        send()
        look()
        page.goto(f"{address}/account")
        look()
        page.click("details.own > summary")
        page.locator('form[action="/sign-out"] button').first.click()
        page.wait_for_load_state()
        look()
        page.goto(f"{address}/tasks")  # not signed in: the way in, and back to where one wanted to be
        assert "/sign-in" in page.url or "/choose" in page.url
        page.goto(f"{address}/sign-in")
        look()
        page.fill("#email", "lead-2@fictiestad.example")
        page.fill("#password", password)
        send()
        look()
        page.fill("#code", "000000")
        send()
        look()
        page.fill("#code", app.at(int(clock.real_now().timestamp()) + 30))
        send()
        assert page.locator(".own .card > a").text_content() == "Wout Fictief · Trajectbegeleider"
        page.goto(f"{address}/step-up?next=/tasks")
        look()
        context.close()
    assert faults == []
    assert seen >= BY_SIGNING_IN - {"/step-up"}
