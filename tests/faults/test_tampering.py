"""A thousand random changes by a superuser: all found, no false alarm."""

from pathlib import Path

import pytest

from casework.db import Database
from tests.casework.tampering import Tamperer, found_in
from tests.casework.test_tampering import tamperer

__all__ = ["tamperer"]
pytestmark = pytest.mark.usefixtures("partnership")
TIMES = 1000


@pytest.mark.parametrize("tamperer", [1], indirect=True)
def test_a_thousand_random_changes_are_all_found(db: Database, tmp_path: Path, tamperer: Tamperer) -> None:
    assert list(found_in(db, tmp_path / "checkpoint.json", tamperer, TIMES, clean_every=50)) == []
