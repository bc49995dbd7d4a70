"""The fixtures of the pages serve the tests of security too."""

from tests.web.conftest import anonymous, app, as_

__all__ = ["anonymous", "app", "as_"]
