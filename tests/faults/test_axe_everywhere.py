"""Every page of every person of the demo, at both widths, in three languages, light and dark: axe finds nothing.

`make test` looks at every distinct page once; here each role sees its own version of it.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from demo.partnership import MEMBERS
from tests.browser.conftest import Open
from tools.browser import pages_of

WAYS = [(size, language) for size in ("desktop", "phone") for language in ("nl", "fr", "en")]


@pytest.mark.parametrize("staff", [member.id for member in MEMBERS])
def test_axe_finds_nothing_for(staff: str, opened: Open, address: str, faults_of: Callable[[Page], list[str]]) -> None:
    paths = pages_of(opened(staff), address).values()
    faults, wide = [], []
    for size, language in WAYS:
        scheme = "dark" if (size, language) in (("desktop", "fr"), ("phone", "en")) else "light"
        page = opened(staff, size, language, color_scheme=scheme)
        for path in paths:
            page.goto(address + path)
            faults += [f"{size} {language} {fault}" for fault in faults_of(page)]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wide.append((size, language, path))
        page.context.close()
    assert faults == []
    assert wide == [], "these pages are wider than the screen"
