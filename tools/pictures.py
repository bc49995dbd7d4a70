"""`make pictures`: every page, per role and width, as the demo partnership sees it, in build/pictures/."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from demo.partnership import MEMBERS, Member
from tools.browser import SIZES, become, chromium, demo, pages_of, served

FOLDER = Path(__file__).resolve().parent.parent / "build" / "pictures"


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


def main() -> int:
    """One folder per person: PAGE-SIZE.png. With names as arguments only those persons; `--dark` as on a dark screen."""
    words = set(sys.argv[1:])
    dark = "--dark" in words
    wanted = words - {"--dark"}
    folder = FOLDER / "dark" if dark else FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as held:
        home = held.enter_context(tempfile.TemporaryDirectory(prefix="sluis-pictures-"))
        address = held.enter_context(served(held.enter_context(demo(Path(home)))))
        browser = chromium(held.enter_context(sync_playwright()))
        for member in MEMBERS:
            if not wanted or member.id in wanted:
                for size in SIZES:
                    pictures(browser, address, member, size, folder / member.id, dark=dark)
                print(f"{member.id}: {len(list((folder / member.id).glob('*.png')))} pictures")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
