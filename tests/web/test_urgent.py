"""Urgent calls: about a step, never about a person; acknowledged once, by whom they were made to."""

from collections.abc import Callable

import pytest

from casework.db import Database
from models.messages import Message
from tests.casework.helpers import T0, mandated_case, rows
from tests.web.conftest import Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]


def call(db: Database, staff_id: str, case_id: int, occurrence: str) -> int:
    message = Message(
        dedupe_key=f"{staff_id}:{occurrence}", staff=staff_id, case_id=case_id, occurrence=occurrence, what="late",
        urgent=True, created_at=T0, send_at=T0,
    )  # fmt: skip
    with db.session(read_only=False) as session:
        session.add(message)
        session.flush()
        assert message.id is not None
        return message.id


def test_the_mayor_acknowledges_an_urgent_call(db: Database, as_: Choose) -> None:
    performed = mandated_case(db)
    message = call(db, "s-maya", performed.case_id, "assign")
    browser = as_("s-maya")
    page = browser.get("/").text
    assert "Assignment" in page and performed.ref in page and "Canaryname" not in page
    assert browser.post(f"/urgent/{message}").headers["location"] == "/urgent?done=acknowledge"
    assert "No urgent call waits." in browser.get("/urgent").text
    assert rows(db, "SELECT count(*) FROM message WHERE acknowledged_at IS NULL") == [(0,)]


def test_nobody_acknowledges_a_call_that_was_made_to_somebody_else(db: Database, as_: Choose) -> None:
    message = call(db, "s-maya", mandated_case(db).case_id, "assign")
    assert as_("s-cora").post(f"/urgent/{message}").status_code == 404
    assert as_("s-lena").post(f"/urgent/{message}").status_code == 403
    assert as_("s-maya").post("/urgent/999").status_code == 404
