"""Every page there is, at both widths and in every language: nothing for axe to find, nothing that sticks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from casework import case_lists, clock, jobs, proofs, sharing, versions
from casework.cases import perform
from casework.db import Database
from casework.staff import actor_for
from protocol.commands import ReportEvent
from tests.browser.conftest import Open
from tools.browser import NOW, pages_of, pattern, routes

WHO = (
    "coordinator", "lead-1", "liaison-noord", "info-officer", "second-member", "data-manager", "dpo", "mayor",
    "administrator", "auditor", "welfare-worker",
)  # fmt: skip
"""people of the demo who between them reach every page"""
NOT_A_PAGE = {
    "/", "/health.json", "/compliance.pdf", "/compliance.xlsx", "/oidc/start", "/oidc/callback", "/cases/{ref}/documents/{document}",
    "/ledger/{job}/checkpoint.json",
    "/cases/{ref}/paper/plan.pdf", "/cases/{ref}/paper/leaflet.pdf", "/shared/{item}/print.pdf", "/calendar/{secret}.ics",
}  # fmt: skip
"""routes that lead elsewhere or are for machines"""
BY_SIGNING_IN = {"/sign-in", "/sign-in/code", "/signed-out", "/invitation/{secret}", "/second-factor/new", "/step-up"}
"""pages of those who have no demo person chosen: test_sign_in.py looks at them"""
WAYS = [("desktop", "nl"), ("phone", "nl"), ("phone", "fr"), ("phone", "en")]
WEIGHT = 150_000
"""bytes of a first view, without pictures"""


@pytest.fixture(scope="module")
def everywhere(chromium: Any, address: str, demo_db: Database) -> dict[str, tuple[str, str]]:
    """For each page somebody who has it, and an address: route → (person, path)."""
    clock.set_to(NOW)
    coordinator = actor_for(demo_db, "coordinator")
    case = case_lists.by_release(demo_db, coordinator).cases[0].ref
    asked = ReportEvent(event="access_request", occurred_on=NOW.date())  # else nobody would have the page of the copy
    perform(demo_db, coordinator, case, asked, "browser:access-request")
    shared = next(
        each for each in sharing.by_me(demo_db, actor_for(demo_db, "info-officer"), NOW) if each.state == "running"
    )
    objection = ReportEvent(event="objection", occurred_on=NOW.date(), fields={"disputed": "the address"})
    perform(demo_db, coordinator, shared.ref, objection, "browser:objection")  # else nothing would be restricted
    proofs.start_verifying(
        demo_db, coordinator, None, NOW, state=False
    )  # else nobody would have the page of its result
    fault = {"field": "steps.visit", "rule": "nothing ever opens it", "remedy": "name what it waits for"}
    found_wanting = {"sound": False, "faults": [fault], "steps": 3, "states": 12, "runs": 0}
    jobs.start(demo_db, versions.CHECK, coordinator, lambda _: found_wanting, NOW)
    from tools.browser import become

    found: dict[str, tuple[str, str]] = {}
    for staff in WHO:
        context = chromium.new_context()
        page = context.new_page()
        become(page, address, staff)
        for route, path in pages_of(page, address).items():
            found.setdefault(route, (staff, path))
        context.close()
    return found


def test_every_page_is_reached_by_links(everywhere: dict[str, tuple[str, str]]) -> None:
    """A new page must be linked from somewhere, or be named above: else nobody looks at it here."""
    every = {str(route.path) for route in routes() if route.path not in NOT_A_PAGE | BY_SIGNING_IN}
    assert every - set(everywhere) == set()
    assert pattern("/tasks") == "/tasks"


@pytest.mark.parametrize(("size", "language"), WAYS)
def test_axe_finds_nothing(
    everywhere: dict[str, tuple[str, str]],
    opened: Open,
    address: str,
    faults_of: Callable[[Page], list[str]],
    size: str,
    language: str,
) -> None:
    by_person: dict[str, list[str]] = {}
    for staff, path in everywhere.values():
        by_person.setdefault(staff, []).append(path)
    faults, wide = [], []
    for staff, paths in by_person.items():
        page = opened(staff, size, language)
        for path in paths:
            page.goto(address + path)
            assert page.get_attribute("html", "lang") == language
            faults += faults_of(page)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append(path)
    assert faults == []
    assert wide == [], "these pages are wider than the screen"


def test_contrast_holds_on_a_dark_screen(
    everywhere: dict[str, tuple[str, str]], opened: Open, address: str, faults_of: Callable[[Page], list[str]]
) -> None:
    faults = []
    for staff in {staff for staff, _ in everywhere.values()}:
        page = opened(staff, "desktop", color_scheme="dark")
        for who, path in everywhere.values():
            if who == staff:
                page.goto(address + path)
                faults += faults_of(page)
    assert faults == []


def test_a_first_view_is_light(everywhere: dict[str, tuple[str, str]], opened: Open, address: str) -> None:
    heavy = []
    for staff in {staff for staff, _ in everywhere.values()}:
        page = opened(staff)
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
        for who, path in everywhere.values():
            if who != staff:
                continue
            sizes.clear()
            page.goto(address + path, wait_until="networkidle")
            assert sum(sizes) > 1_000
            if sum(sizes) > WEIGHT:
                heavy.append((path, sum(sizes)))
    assert heavy == []
