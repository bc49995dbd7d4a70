"""The health page works when everything else does not."""

from collections.abc import Callable
from typing import Any

import pytest

from casework import heartbeats
from casework.db import Database
from tests.casework.helpers import new_case
from tests.web.conftest import Browser
from web import health

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]


def test_pages_work_while_the_scheduler_is_away(db: Database, as_: Choose) -> None:
    new_case(db)
    browser = as_("s-cora")
    page = browser.get("/health").text
    assert "does not answer" in page and "not swept yet" in page
    assert browser.get("/overview").status_code == 200


def test_the_last_sweep_and_what_waits_are_told(
    db: Database, anonymous: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "prefect_answers", lambda _: True)
    heartbeats.beat(db, "sweep", done=0)
    new_case(db)
    found = anonymous.get("/health.json").json()
    assert found["database"] and found["prefect"] and found["minutes_since_sweep"] == 0
    assert found["outbox_waiting"] > 0 and found["outbox_given_up"] == 0
    assert (
        "last sweep less than a minute ago" in anonymous.client.get("/health", headers={"accept-language": "en"}).text
    )


def test_an_old_sweep_is_told_on_the_coordinators_page(
    db: Database, as_: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeats.beat(db, "sweep", done=0)
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE heartbeat SET at = '2020-01-01 00:00:00'")
    assert "Deadlines were last swept" in as_("s-cora").get("/overview").text


def test_without_a_database_the_answer_is_503(anonymous: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Any) -> None:
        raise OSError

    monkeypatch.setattr(health.heartbeats, "beats", gone)
    answer = anonymous.get("/health.json")
    assert answer.status_code == 503 and answer.json()["database"] is False


def test_health_says_nothing_about_cases(db: Database, anonymous: Browser) -> None:
    ref = new_case(db).ref
    assert ref not in anonymous.get("/health").text + anonymous.get("/health.json").text


def test_a_part_that_is_silent_is_named_with_its_remedy_for_the_administrator(
    db: Database, as_: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "prefect_answers", lambda _: True)
    for part in ("sweep", "delivery"):
        heartbeats.beat(db, part, done=0)
    assert "every part did its work in time" in as_("s-cora").get("/health").text
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE heartbeat SET at = '2020-01-01 00:00:00' WHERE part = 'delivery'")
    page = as_("s-bert").get("/health").text
    assert "not heard of in time: delivery" in page and "start “sluis up” again" in page
    assert "start “sluis up” again" not in as_("s-cora").get("/health").text


def test_without_a_mail_server_messages_that_wait_are_no_fault(
    db: Database, as_: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "prefect_answers", lambda _: True)
    as_("s-cora")
    heartbeats.beat(db, "sweep", done=0)
    found = health.look(db)
    assert not found.mail_set_up and found.mail_failed == 0 and found.well
    assert "no mail server is set up" in as_("s-cora").get("/health").text
