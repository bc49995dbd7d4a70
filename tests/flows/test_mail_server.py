"""Delivery against a real SMTP server, and servers that refuse, drop the line or do not answer."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from casework import clock, staff
from casework.automatic import sending
from casework.db import Database
from models.people import Staff
from protocol.commands import SYSTEM
from tests.casework.helpers import T0, assigned_case, rows
from tests.flows.partnership import BRUSSELS_MONDAY, at, prepared
from tests.flows.prefect_server import free_port
from tests.personas import ADDED, settle_in

pytestmark = pytest.mark.usefixtures("partnership")


class Postbox:
    """An SMTP handler that keeps what comes, or answers as it is told."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answers: list[str] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if self.answers:
            answer = self.answers.pop(0)
            if answer == "drop":
                server.transport.abort()
                return "250 gone"
            return answer
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def partnership(db: Database) -> None:
    settle_in(db)
    members = [Staff(**{**member.model_dump(), "email": f"{member.id}@example.org"}) for member in staff.everybody(db)]
    staff.save(db, members, SYSTEM, at=ADDED)
    clock.set_to(T0)
    assigned_case(db, 1)
    assigned_case(db, 2)
    prepared(db)


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, str]]:
    handler = Postbox()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}?from=sluis@stad.example"
    controller.stop()


def send_all(db: Database, url: str, moment: Any = BRUSSELS_MONDAY) -> dict[str, int]:
    at(moment)
    outcomes: dict[str, int] = {}
    for member in sending.people_waiting(db, moment):
        for parcel in sending.pack(db, member, moment):
            came = asyncio.run(sending.send(db, parcel, url, "https://sluis.example.org"))
            outcomes[came] = outcomes.get(came, 0) + 1
    return outcomes


def leases_run_out(db: Database) -> None:
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET leased_until = NULL")


def test_one_mail_per_person_arrives_on_monday(db: Database, postbox: tuple[Postbox, str]) -> None:
    box, url = postbox
    outcomes = send_all(db, url)
    people = {str(mail["To"]) for mail in box.mails}
    assert outcomes == {"sent": len(box.mails)}
    assert len(box.mails) == len(people) > 3
    lena = next(mail for mail in box.mails if mail["To"] == "s-lena@example.org")
    assert lena["From"] == "sluis@stad.example"
    body = lena.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "2026-001" in body and "2026-002" in body
    assert send_all(db, url) == {}


def test_before_monday_only_what_cannot_wait_is_sent(db: Database, postbox: tuple[Postbox, str]) -> None:
    box, url = postbox
    send_all(db, url, T0)
    assert all("nieuwe taak" not in str(mail.get_payload()) for mail in box.mails if mail["To"] == "s-lena@example.org")


def test_a_mailbox_that_does_not_exist_is_given_up_and_shown(db: Database, postbox: tuple[Postbox, str]) -> None:
    box, url = postbox
    box.refused.add("s-lena@example.org")
    assert send_all(db, url)["refused"] == 1
    assert {fault for (fault,) in rows(db, "SELECT fault FROM message WHERE staff = 's-lena' AND dead")} == {
        "refused 550"
    }
    assert send_all(db, url) == {}


def test_a_busy_server_is_tried_again_under_the_same_message_id(db: Database, postbox: tuple[Postbox, str]) -> None:
    box, url = postbox
    people = len(sending.people_waiting(db, BRUSSELS_MONDAY))
    box.answers = ["451 busy"] * people
    assert send_all(db, url) == {"later": people}
    first = dict(rows(db, "SELECT staff, mail FROM message WHERE mail IS NOT NULL"))
    assert send_all(db, url) == {}  # it waits before it tries again
    assert sending.unsent(db, BRUSSELS_MONDAY)[1] > 0
    leases_run_out(db)
    assert send_all(db, url) == {"sent": people}
    assert {str(mail["Message-ID"]) for mail in box.mails} == {f"<{id}@stad.example>" for id in first.values()}
    assert sending.unsent(db, BRUSSELS_MONDAY) == (0, 0)


def test_a_server_that_drops_the_line_loses_nothing(db: Database, postbox: tuple[Postbox, str]) -> None:
    box, url = postbox
    people = len(sending.people_waiting(db, BRUSSELS_MONDAY))
    box.answers = ["drop"]
    assert send_all(db, url) == {"later": 1, "sent": people - 1}
    leases_run_out(db)
    assert send_all(db, url) == {"sent": 1}
    assert len(box.mails) == people


def test_no_server_at_all_loses_nothing(db: Database) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
        assert set(send_all(db, url)) == {"later"}
    assert sending.unsent(db, BRUSSELS_MONDAY)[0] > 0


def test_a_server_that_never_answers_is_left_after_a_while(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=silent.accept, daemon=True).start()
        (parcel,) = sending.pack(db, "s-lena", BRUSSELS_MONDAY)
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        assert asyncio.run(sending.send(db, parcel, url, "https://sluis.example.org")) == "later"


def test_killed_after_the_server_took_the_mail_it_goes_out_once_more_under_the_same_id(
    db: Database, postbox: tuple[Postbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, url = postbox
    (parcel,) = sending.pack(db, "s-lena", BRUSSELS_MONDAY)
    asyncio.run(sending.hand_over(_composed(parcel), url))  # … and the process ends here
    leases_run_out(db)
    send_all(db, url)
    to_lena = [str(mail["Message-ID"]) for mail in box.mails if mail["To"] == "s-lena@example.org"]
    assert len(to_lena) == 2 and len(set(to_lena)) == 1


def _composed(parcel: sending.Parcel) -> Any:
    from casework.automatic import mail

    return mail.compose(
        parcel.lines, parcel.email, parcel.language, mail_id=parcel.id, at_once=parcel.at_once,
        sender="sluis@stad.example", public_url="https://sluis.example.org",
    )  # fmt: skip


def test_somebody_without_an_address_is_counted_and_not_lost(db: Database, postbox: tuple[Postbox, str]) -> None:
    _, url = postbox
    lena = next(member for member in staff.everybody(db) if member.id == "s-lena")
    staff.save(db, [Staff(**{**lena.model_dump(), "email": ""})], SYSTEM, at=ADDED)
    send_all(db, url)
    assert {fault for (fault,) in rows(db, "SELECT fault FROM message WHERE staff = 's-lena'")} == {"no usable address"}
