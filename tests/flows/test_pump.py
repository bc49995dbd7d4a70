"""The pump: it says that work waits, once; while Prefect is away it keeps everything and shows since when."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from casework import clock, heartbeats, outbox
from casework.automatic import orders
from casework.automatic.waiting import waiting
from casework.db import Database
from flows.prefect_events import PrefectAway, PrefectEvents
from flows.pump import AGAIN_SECONDS, Pump
from tests.casework.helpers import T0, new_case, rows
from tests.personas import settle_in


class PrefectApi:
    """As much of Prefect's API as the pump uses, with CSRF protection."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.token = "first"
        self.broken = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/api/csrf-token"):
                    self.answer(200, {"token": api.token, "expiration": "2099-01-01T00:00:00+00:00"})
                else:
                    self.answer(503 if api.broken else 200, {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if api.broken:
                    self.answer(503, {})
                elif self.headers["Prefect-Csrf-Token"] != api.token:
                    self.answer(403, {})
                else:
                    api.events += body
                    self.answer(204, None)

            def answer(self, status: int, body: object) -> None:
                self.send_response(status)
                text = json.dumps(body).encode() if body is not None else b""
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/api"

    def said(self) -> list[str]:
        return [event["event"] for event in self.events]

    def checks(self) -> list[dict[str, Any]]:
        """What was said of notifications to be checked: opening a case asks for other preparations too."""
        return [event for event in self.events if event["event"] == "sluis.outbox.prepare.notification"]


@pytest.fixture
def api() -> Iterator[PrefectApi]:
    found = PrefectApi()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def pump(db: Database, api: PrefectApi) -> Iterator[Pump]:
    settle_in(db)
    clock.set_to(T0)
    events = PrefectEvents(api.url)
    yield Pump(db, events)
    events.close()


def test_work_that_waits_is_said_once_per_kind_and_not_taken_away(db: Database, pump: Pump, api: PrefectApi) -> None:
    new_case(db, 1)
    new_case(db, 2)
    pump.turn(0)
    pump.turn(1)
    assert sorted(api.said()) == ["sluis.outbox.prepare.notification", "sluis.outbox.prepare.release"]
    assert len(orders.claim(db, "prepare", 10, "notification")) == 2


def test_an_event_holds_nothing_of_a_case(db: Database, pump: Pump, api: PrefectApi) -> None:
    new_case(db)
    pump.turn(0)
    (event,) = api.checks()
    assert event["payload"] == {} and event["resource"] == {"prefect.resource.id": "sluis.outbox"}


def test_new_work_is_said_again_and_the_same_work_only_when_its_run_was_lost(
    db: Database, pump: Pump, api: PrefectApi
) -> None:
    new_case(db, 1)
    pump.turn(0)
    new_case(db, 2)
    pump.turn(10)
    assert len(api.checks()) == 2
    pump.turn(20)
    assert len(api.checks()) == 2
    pump.turn(10 + AGAIN_SECONDS)
    assert len(api.checks()) == 3
    assert len({event["id"] for event in api.checks()}) == 3


def test_messages_are_in_the_application_even_without_prefect(db: Database, pump: Pump, api: PrefectApi) -> None:
    api.broken = True
    new_case(db)
    pump.turn(0)
    assert rows(db, "SELECT count(*) FROM message")[0][0] > 0


def test_without_a_mail_server_no_run_is_asked_for_mail(db: Database, pump: Pump, api: PrefectApi) -> None:
    new_case(db)
    pump.turn(0)
    pump.turn(5)
    assert "sluis.outbox.mail" not in api.said()
    assert "mail" in {work.kind for work in waiting(db, clock.now(), clock.real_now())}


def test_while_prefect_is_away_rows_stay_and_the_delay_is_shown(db: Database, pump: Pump, api: PrefectApi) -> None:
    new_case(db)
    api.broken = True
    for second in range(40):
        pump.turn(second)
    beat = heartbeats.last(db, "prefect")
    assert beat is not None and beat.failing_since is not None and beat.counts["waiting"] > 0
    assert api.events == []
    api.broken = False
    for second in range(40, 80):
        pump.turn(second)
    assert "sluis.outbox.prepare.notification" in api.said()
    beat = heartbeats.last(db, "prefect")
    assert beat is not None and beat.failing_since is None


def test_the_pauses_grow_while_prefect_is_away(db: Database, pump: Pump, api: PrefectApi, monkeypatch: Any) -> None:
    new_case(db)
    tries = []

    def away(kind: str, _id: object) -> None:
        tries.append(kind)
        raise PrefectAway("ConnectError")

    monkeypatch.setattr(pump.prefect, "emit", away)
    monkeypatch.setattr(pump.prefect, "healthy", lambda: False)
    for second in range(60):
        pump.turn(second)
    assert 4 <= len(tries) <= 8


def test_a_server_that_was_replaced_gives_a_new_token(db: Database, pump: Pump, api: PrefectApi) -> None:
    new_case(db, 1)
    pump.turn(0)
    api.token = "second"
    new_case(db, 2)
    pump.turn(10)
    assert len(api.checks()) == 2


def test_a_flow_that_does_not_exist_is_given_up_and_shown(db: Database, pump: Pump, api: PrefectApi) -> None:
    with db.write() as tx:
        outbox.put(tx, "prepare", "x:1:0", {"case": "2026-001", "flow": "astrology", "step": "notify"}, T0)
    pump.turn(0)
    assert [(item.dedupe_key, item.fault) for item in outbox.dead_letters(db)] == [("x:1:0", "unknown flow")]
    assert "sluis.outbox.prepare.astrology" not in api.said()


def test_nobody_at_the_address_is_an_absence_and_not_a_crash(db: Database) -> None:
    events = PrefectEvents("http://127.0.0.1:9/api")
    assert not events.healthy()
    settle_in(db)
    new_case(db)
    Pump(db, events).turn(0)
    assert heartbeats.last(db, "prefect") is not None
