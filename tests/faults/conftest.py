"""The browser of tests/browser serves the long runs too."""

from tests.browser.conftest import (
    address,
    axe_source,
    chromium,
    demo_db,
    faults_of,
    opened,
    the_demo_stands_still,
)

__all__ = ["address", "axe_source", "chromium", "demo_db", "faults_of", "opened", "the_demo_stands_still"]
