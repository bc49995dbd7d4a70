"""A test mail: taken by a real server, or its words without secrets; by page and by command."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from typer.testing import CliRunner

from casework import staff
from casework.automatic.mail_test import try_mail, without_secrets
from casework.db import Database
from casework.settings import settings
from cli.main import app as command
from models.people import Staff
from protocol.commands import SYSTEM
from tests.flows.prefect_server import free_port
from tests.flows.test_mail_server import Postbox
from tests.personas import ADDED
from tests.web.conftest import ADMINISTRATOR, Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
SECRET = "geheim-woord"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    handler, port = Postbox(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def refuses_everybody() -> Iterator[int]:
    """A server that asks for a password, takes none, and repeats what it was given."""

    def no(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(
            success=False, handled=False, message=f"535 no: {data.login.decode()} {data.password.decode()}"
        )

    port = free_port()
    controller = Controller(
        Postbox(), hostname="127.0.0.1", port=port, authenticator=no, auth_required=True, auth_require_tls=False
    )
    controller.start()
    yield port
    controller.stop()


def sends_with(db: Database, url: str | None, email: str = "bert@stad.example") -> None:
    db.settings = db.settings.model_copy(update={"smtp_url": url})
    bert = staff.find(db, ADMINISTRATOR)
    staff.save(db, [Staff(**{**bert.model_dump(), "email": email})], SYSTEM, at=ADDED)


def test_the_administrator_gets_a_test_mail(db: Database, as_: Choose, postbox: tuple[Postbox, int]) -> None:
    handler, port = postbox
    browser = as_(ADMINISTRATOR)
    sends_with(db, f"smtp://127.0.0.1:{port}?from=sluis@stad.example")
    assert "/mail-test" in browser.links("/health")
    page = browser.post("/mail-test").text
    assert "The mail server took the mail." in page
    (mail,) = handler.mails
    assert (mail["To"], mail["From"]) == ("bert@stad.example", "sluis@stad.example")
    assert as_("s-cora").post("/mail-test").status_code == 403 and len(handler.mails) == 1


def test_a_refused_mailbox_is_told_in_the_servers_words(
    db: Database, as_: Choose, postbox: tuple[Postbox, int]
) -> None:
    handler, port = postbox
    handler.refused.add("bert@stad.example")
    browser = as_(ADMINISTRATOR)
    sends_with(db, f"smtp://127.0.0.1:{port}")
    page = browser.post("/mail-test").text
    assert "refuses this mail" in page and "550 no such mailbox" in page


def test_a_wrong_password_is_told_and_never_shown(db: Database, as_: Choose, refuses_everybody: int) -> None:
    browser = as_(ADMINISTRATOR)
    sends_with(db, f"smtp://postman:{SECRET}@127.0.0.1:{refuses_everybody}")
    page = browser.post("/mail-test").text
    assert "refuses the user name or the password" in page and "535" in page and "***" in page
    assert SECRET not in page and "postman" not in page
    assert SECRET not in browser.get("/mail-test").text


def test_secrets_are_hidden_plain_and_as_they_travel(db: Database) -> None:
    url = "smtp://us%40er:pa%3Ass@mail.example"
    both = base64.b64encode(b"\0us@er\0pa:ss").decode()
    said = without_secrets(f"535 {both} us@er pa:ss pa%3Ass\r\nbye", url)
    assert said == "535 *** *** *** *** bye"


def test_a_server_that_is_not_there_and_a_setting_that_is_missing_have_their_remedy(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    assert "No mail server is set up" in browser.post("/mail-test").text
    sends_with(db, f"smtp://127.0.0.1:{free_port()}")
    assert "cannot be reached" in browser.post("/mail-test").text
    sends_with(db, f"smtp://127.0.0.1:{free_port()}", email="")
    assert "Your own e-mail address is missing" in browser.post("/mail-test").text


def test_a_server_without_tls_is_told(db: Database, postbox: tuple[Postbox, int]) -> None:
    found = settings(smtp_url=f"smtps://127.0.0.1:{postbox[1]}")
    assert try_mail(found, "a@stad.example", "fr").outcome in ("unsafe", "unreachable")


def test_the_command_says_how_it_ended(
    db: Database, postbox: tuple[Postbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLUIS_SMTP_URL", f"smtp://127.0.0.1:{postbox[1]}?from=sluis@stad.example")
    done = CliRunner().invoke(command, ["mail-test", "it@stad.example", "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout)["sent"] is True
    assert postbox[0].mails[0]["To"] == "it@stad.example"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SLUIS_SMTP_URL", f"smtp://x:{SECRET}@127.0.0.1:{taken.getsockname()[1]}")
        done = CliRunner().invoke(command, ["mail-test", "it@stad.example"])
    assert done.exit_code == 1 and "not sent (unreachable)" in done.output and SECRET not in done.output
