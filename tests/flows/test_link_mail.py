"""The one-time link by mail, against a real SMTP server: no name in it, and nothing of it in the clear on the way."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from casework import accounts, clock, outbox, staff
from casework.automatic import link_mail
from casework.db import Database
from tests.casework.helpers import T0, rows
from tests.flows.prefect_server import free_port
from tests.flows.test_mail_server import Postbox
from tests.personas import CORA, settle_in


@pytest.fixture
def postbox(db: Database) -> Iterator[Postbox]:
    handler, port = Postbox(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settle_in(db)
    clock.set_to(T0)
    url = f"smtp://127.0.0.1:{port}?from=sluis@stad.example"
    db.settings = db.settings.model_copy(update={"smtp_url": url, "public_url": "https://sluis.example.org"})
    member = staff.find(db, "s-lena")
    member.email = "lena@example.org"
    staff.save(db, [member], at=T0)
    yield handler
    controller.stop()


def send(db: Database) -> dict[str, int]:
    return asyncio.run(link_mail.send_links(db, T0))


def test_an_invitation_goes_out_once_without_a_name(db: Database, postbox: Postbox) -> None:
    made = accounts.invite(db, CORA, "s-lena", T0)
    assert made.mailed
    waiting = json.dumps([str(row) for row in rows(db, "SELECT payload FROM outbox")])
    secret = made.path.split("/")[-1]
    assert secret not in waiting
    assert send(db) == {"links_sent": 1} and send(db) == {}
    (mail,) = postbox.mails
    assert mail["To"] == "lena@example.org" and "Lena" not in mail.as_string() and "Imaginair" not in mail.as_string()
    assert f"https://sluis.example.org{made.path}" in str(mail.get_payload(decode=True), "utf-8")


def test_a_mail_that_fails_is_tried_again_under_the_same_number(db: Database, postbox: Postbox) -> None:
    accounts.invite(db, CORA, "s-lena", T0)
    postbox.answers = ["451 later"]
    assert send(db) == {"links_later": 1}
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET leased_until = NULL")
    assert send(db) == {"links_sent": 1}
    assert [fault for (fault,) in rows(db, "SELECT fault FROM outbox")] == [""]
    assert postbox.mails[0]["Message-ID"].endswith("@stad.example>")


def test_without_a_mail_server_the_link_is_shown_and_nothing_waits(db: Database, postbox: Postbox) -> None:
    db.settings = db.settings.model_copy(update={"smtp_url": None})
    assert not accounts.invite(db, CORA, "s-lena", T0).mailed
    assert outbox.claim(db, kind="sign_in_link", at=T0) == []
