"""A real browser on a real server over the demo partnership: for pictures and for the tests that look at pages."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import Browser, Page, Playwright

from casework import clock
from casework.db import Database
from casework.settings import settings
from casework.upgrade import migrate, open_database
from demo.play import establish
from demo.years import fill
from tools.system import BROWSERS
from web.app import PAGES, create_app

NOW = dt.datetime(2026, 11, 26, 9, 30, tzinfo=dt.UTC)
"""a Thursday morning: pictures and tests show the same day whenever they are made"""
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
HREF = re.compile(r'href="(/[^"#]*)"')
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
TRIES = 8
"""links followed to pages of one kind: one of them may lead where the others do not"""
STARTS_WITHIN = 30.0
"""seconds"""


@contextmanager
def demo(folder: Path, now: dt.datetime = NOW, *, years: bool = True) -> Iterator[Database]:
    """The demo partnership as it stands at `now`, in an embedded database in `folder`; the clock stands still.

    Without its years it has people and protocols, and no case yet.
    """
    found = settings(home=folder)
    migrate(found)
    db = open_database(found)
    try:
        clock.set_to(now)
        (fill if years else founded)(db)
        clock.set_to(now)
        yield db
    finally:
        clock.set_to(None)
        db.close()


def founded(db: Database) -> None:
    """The partnership on its first day."""
    establish(db, clock.now())


@contextmanager
def served(db: Database) -> Iterator[str]:
    """The pages of a database on a free port of this machine; their address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(db), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + STARTS_WITHIN
    while not server.started:
        if time.monotonic() > until or not thread.is_alive():
            raise RuntimeError("the pages do not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def chromium(playwright: Playwright) -> Browser:
    """The browser of the system."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    return playwright.chromium.launch(executable_path=path, args=list(OPTIONS))


def become(page: Page, address: str, staff: str, language: str = "nl") -> None:
    """Choose a person of the demo, and a language."""
    page.goto(f"{address}/choose")
    page.click(f'button[name="staff"][value="{staff}"]')
    page.click("details.own > summary")
    page.click(f'button[name="language"][value="{language}"]')


def routes() -> list[Any]:
    """Every route that gives a page."""
    every = [route for module in PAGES for route in module.router.routes]
    return [route for route in every if "GET" in (getattr(route, "methods", None) or ())]


def pattern(path: str) -> str:
    """The route that a path belongs to: `/cases/2026-014` → `/cases/{ref}`."""
    plain = urlsplit(path).path
    return next((str(route.path) for route in routes() if route.path_regex.match(plain)), "")


def pages_of(page: Page, address: str) -> dict[str, str]:
    """One address for each page that this person can reach by following links: route → path."""
    found: dict[str, str] = {}
    waiting, seen = ["/"], Counter({"": 1})
    while waiting:
        answer = page.request.get(address + waiting.pop(0))
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        here = urlsplit(answer.url).path
        if (route := pattern(here)) and route not in found:
            found[route] = here
        for path in HREF.findall(answer.text()):
            plain = path.replace("&amp;", "&")
            known = pattern(plain)
            if known and seen[known] < TRIES and not seen[plain]:
                seen.update((known, plain))
                waiting.append(plain)
    return found
