"""A lost key: people get a page with a number, the operator's log says which setting, what is wrong and what mends it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from casework import states
from casework.db import Database
from tests.casework.helpers import assigned_case, rows


def test_a_lost_key_is_a_number_for_people_and_a_remedy_for_the_operator(
    db: Database, as_: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    performed = assigned_case(db)
    lena = as_("s-lena")
    key_id = rows(db, "SELECT key_id FROM release_case")[0][0]
    with db.keys.writing():
        db.keys.tables.run("DELETE FROM sealing_key WHERE key_id = ?", (key_id,))
    db.keys._remembered.clear()
    states.forget(db, performed.case_id)
    with caplog.at_level(logging.DEBUG):
        answer = lena.get(f"/cases/{performed.ref}")
    assert answer.status_code == 500 and key_id not in answer.text
    assert "SLUIS_KEYS: key" in caplog.text and "Remedy: put back the newest backup" in caplog.text
    assert "Traceback" not in answer.text + caplog.text and "Canaryname1" not in answer.text + caplog.text
