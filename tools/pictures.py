"""`make pictures`: every page, per role and width, as the demo partnership sees it, in build/pictures/.

With `--guides` only those that the guides show, as WebP in docs/guides/pictures/.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from demo.partnership import MEMBERS, Member
from tools.browser import SIZES, become, chromium, demo, pages_of, served

FOLDER = Path(__file__).resolve().parent.parent / "build" / "pictures"


GUIDES = FOLDER.parent.parent / "docs" / "guides" / "pictures"
SHOWN = (
    ("liaison-noord", "/announce", "desktop"), ("liaison-noord", "/announced", "phone"), ("lead-1", "/tasks", "phone"),
    ("lead-1", "/cases/{ref}", "desktop"), ("lead-1", "/cases/{ref}/steps/{step}", "phone"),
    ("lead-1", "/cases/{ref}/paper", "phone"), ("lead-1", "/prisons/{prison}", "phone"),
    ("coordinator", "/overview", "desktop"), ("coordinator", "/releases", "desktop"),
    ("coordinator", "/workload", "desktop"), ("coordinator", "/meetings", "desktop"),
    ("coordinator", "/compliance", "desktop"), ("coordinator", "/outcomes", "desktop"),
    ("dpo", "/reading", "desktop"), ("mayor", "/mayor", "phone"), ("administrator", "/health", "desktop"),
)  # fmt: skip
"""person, page, width: what the guides show; at most thirty"""
TALLEST = 1400
"""pixels; what comes below is cut off"""


def name_of(route: str) -> str:
    """`/cases/{ref}/steps/{step}` → `cases-ref-steps-step`."""
    return "-".join(part.strip("{}") for part in route.strip("/").split("/")) or "start"


def pictures(browser: Browser, address: str, member: Member, size: str, folder: Path, *, dark: bool) -> None:
    """Every page of one person at one width."""
    width, height = SIZES[size]
    scheme: Any = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    become(page, address, member.id, member.language)
    folder.mkdir(parents=True, exist_ok=True)
    for route, path in pages_of(page, address).items():
        page.goto(address + path)
        page.screenshot(path=folder / f"{name_of(route)}-{size}.png", full_page=True)
    context.close()


def for_guides(browser: Browser, address: str) -> int:
    """The pictures of the guides, in Dutch; how many."""
    shutil.rmtree(GUIDES, ignore_errors=True)
    GUIDES.mkdir(parents=True)
    for staff in dict.fromkeys(who for who, _, _ in SHOWN):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        become(page, address, staff, "nl")
        page.goto(f"{address}/")
        if (away := page.locator('form[action="/guidance"] button')).count():  # the guide itself says what this says
            away.click()
        found = pages_of(page, address)
        for _, route, size in (each for each in SHOWN if each[0] == staff):
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.goto(address + found[route])
            taken = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
            cut = taken.crop((0, 0, taken.width, min(taken.height, TALLEST)))
            cut.save(GUIDES / f"{staff}-{name_of(route)}.webp", quality=72, method=6)
        page.context.close()
    return len(list(GUIDES.glob("*.webp")))


def main() -> int:
    """One folder per person: PAGE-SIZE.png. With names as arguments only those persons; `--dark` as on a dark screen."""
    words = set(sys.argv[1:])
    dark, guides = "--dark" in words, "--guides" in words
    wanted = words - {"--dark", "--guides"}
    folder = FOLDER / "dark" if dark else FOLDER
    if not guides:
        shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as held:
        home = held.enter_context(tempfile.TemporaryDirectory(prefix="sluis-pictures-"))
        address = held.enter_context(served(held.enter_context(demo(Path(home)))))
        browser = chromium(held.enter_context(sync_playwright()))
        if guides:
            print(f"{for_guides(browser, address)} pictures in {GUIDES.relative_to(FOLDER.parent.parent)}")
        for member in () if guides else MEMBERS:
            if not wanted or member.id in wanted:
                for size in SIZES:
                    pictures(browser, address, member, size, folder / member.id, dark=dark)
                print(f"{member.id}: {len(list((folder / member.id).glob('*.png')))} pictures")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
