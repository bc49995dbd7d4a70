"""Debian's Chromium on the demo partnership. What a page says on the console, and what the policy stops, is a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from casework import clock
from casework.db import Database
from tools import browser as real
from tools.frontend import PACKAGES

AXE = PACKAGES / "axe-core" / "axe.min.js"
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def demo_db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with real.demo(tmp_path_factory.mktemp("demo")) as db:
        yield db


@pytest.fixture(autouse=True)
def the_demo_stands_still() -> Iterator[None]:
    """Another test may have set the clock of this process."""
    clock.set_to(real.NOW)
    yield
    clock.set_to(real.NOW)


@pytest.fixture(scope="session")
def address(demo_db: Database) -> Iterator[str]:
    with real.served(demo_db) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with its module: while it is open, an event loop runs in this thread, and other tests start their own."""
    with sync_playwright() as playwright:
        browser = real.chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Open]:
    """A page in which somebody of the demo was chosen. Faults of scripts and of the policy are collected."""
    said: list[str] = []
    with ExitStack() as held:

        def open_for(staff: str, size: str = "desktop", language: str = "nl", **options: Any) -> Page:
            width, height = real.SIZES[size]
            context = chromium.new_context(viewport={"width": width, "height": height}, **options)
            held.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            real.become(page, address, staff, language)
            return page

        yield open_for
    assert said == []


@pytest.fixture(scope="module")
def axe_source() -> str:
    return Path(AXE).read_text("utf-8")


@pytest.fixture
def faults_of(axe_source: str) -> Callable[[Page], list[str]]:
    """What axe finds on a page, with every rule switched on."""

    def look(page: Page) -> list[str]:
        page.evaluate(axe_source)  # by the debugger's door: a script tag would be stopped by the policy
        found = page.evaluate("async () => (await axe.run(document)).violations")
        return [
            f"{page.url}: {each['id']} ({each['help']}): {node['html'][:150]}"
            for each in found
            for node in each["nodes"]
        ]

    return look
