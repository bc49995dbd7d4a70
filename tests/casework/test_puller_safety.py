"""What a pull refuses: answers of another shape, addresses inside, redirects elsewhere, and to tell secrets."""

import datetime as dt
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from casework import pull_address
from casework.puller import PullSource
from tests.casework.misbehaving_server import (
    NAMED,
    SECRET,
    Pulling,
    Server,
    endless,
    page,
    rule,
    says,
    serving,
)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


# --- answers that are not taken -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"notifications": []}',
        b'{"notifications": {}, "next": null}',
        b'{"notifications": [], "next": 3}',
        b'{"notifications": [], "next": ""}',
        b'{"notifications": [], "next": "a\\u0000b"}',
        b'{"notifications": [], "next": null, "next": "Verzonnen"}',
    ],
)
def test_an_answer_of_another_shape_is_refused_at_once(server: Server, body: bytes) -> None:
    server.script = [says(200, body)]
    assert "must answer" in rule(Pulling(server)())
    assert len(server.asked) == 1


def test_an_endless_page_is_left_at_the_size_limit(server: Server) -> None:
    server.script = [endless]
    assert "at most 100,000 bytes" in rule(Pulling(server, max_bytes=100_000)())


def test_a_compressed_answer_is_refused(server: Server) -> None:
    server.script = [says(200, Content_Encoding="gzip")]
    assert "compress" in rule(Pulling(server)())
    assert server.headers[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(("status", "remedy"), [(401, "token"), (403, "token"), (404, "url"), (204, "url")])
def test_a_refusal_is_not_tried_again(server: Server, status: int, remedy: str) -> None:
    server.script = [says(status, b"")]
    report = Pulling(server)()
    assert str(status) in rule(report)
    assert report.problem is not None
    assert remedy in report.problem.remedy
    assert len(server.asked) == 1


# --- where it may go ----------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_host_is_followed(server: Server) -> None:
    server.script = [says(307, b"", Location="/v2/notifications?after=c-0"), page(None)]
    assert Pulling(server)("c-0").finished
    assert server.asked[-1] == "/v2/notifications?after=c-0"


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest", "//example.org/", "https://127.0.0.1/", "http://127.0.0.1:1/", "http://[", ""],
)
def test_a_redirect_to_another_host_is_refused(server: Server, location: str) -> None:
    server.script = [says(302, b"", Location=location)]
    assert "redirect to another host" in rule(Pulling(server)())


def test_redirecting_in_circles_comes_to_an_end(server: Server) -> None:
    server.script = [says(302, b"", Location="/again")]
    assert "again and again" in rule(Pulling(server)())
    assert len(server.asked) == 4


def test_a_private_address_is_refused_before_connecting(server: Server) -> None:
    server.script = [page(None)]
    report = Pulling(server, allow_private_addresses=False)()
    assert "private, loopback" in rule(report)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
    ],
)
def test_a_name_with_one_address_inside_is_refused(server: Server, address: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.215.14", address]

    report = Pulling(server, url="http://gevangenis.example/", allow_private_addresses=False)(resolve=resolve)
    assert "private, loopback" in rule(report)


def test_a_public_address_may_be_written_in_either_way() -> None:
    assert all(map(pull_address._is_public, ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14"]))


def test_the_name_is_looked_up_once_and_its_address_used(server: Server) -> None:
    looked_up = []

    async def resolve(host: str, port: int) -> list[str]:
        looked_up.append((host, port))
        return ["127.0.0.1"]

    server.script = [page("c-1"), says(500), page(None)]
    url = f"http://gevangenis.example:{server.port}/v1"
    assert Pulling(server, url=url)(resolve=resolve).finished
    assert looked_up == [("gevangenis.example", server.port)]
    assert server.headers[-1]["Host"] == f"gevangenis.example:{server.port}"


def test_the_next_attempt_takes_the_next_address(server: Server) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]  # nobody listens on the first

    server.script = [page(None)]
    report = Pulling(server, url=f"http://gevangenis.example:{server.port}/")(resolve=resolve)
    assert (report.finished, report.retries) == (True, 1)


def test_a_name_that_is_not_found_is_told(server: Server) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    assert "can be found" in rule(Pulling(server, url="http://gevangenis.example/")(resolve=resolve))


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "http://gevangenis.example/"},
        {"url": "ftp://gevangenis.example/"},
        {"url": "https://user:Verzonnen@gevangenis.example/"},
        {"url": "https:///v1"},
        {"url": "https://gevangenis.example/", "token": f"{SECRET}\r\nX: y"},
    ],
)
def test_settings_that_would_leak_are_refused_without_repeating_them(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as fault:
        PullSource(**settings)
    assert "Verzonnen" not in str(fault.value)


# --- discretion ---------------------------------------------------------------------------------------------------


def test_the_key_is_sent_but_never_shown(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = [page("c-1", NAMED), says(401)]
    pulling = Pulling(server)
    report = pulling()
    assert server.headers[0]["Authorization"] == f"Bearer {SECRET}"
    shown = f"{report!r} {pulling.source!r} {caplog.text}"
    assert SECRET not in shown
    assert "Verzonnen" not in shown
    assert "after=" not in caplog.text


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for gevangenis.example with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gevangenis.example")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("gevangenis.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "gevangenis.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(("host", "trusted"), [("gevangenis.example", True), ("ander.example", False)])
def test_the_certificate_is_checked_against_the_name_not_the_address(
    server: Server, certificate: Path, host: str, trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.script = [page(None)]

    async def resolve(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    settings = {"url": f"https://{host}:{server.port}/", "ca_file": str(certificate), "attempts": 1}
    assert Pulling(server, **settings)(resolve=resolve).finished is trusted
    assert bool(server.asked) is trusted


def test_a_missing_certificate_file_is_told(server: Server, tmp_path: Path) -> None:
    assert "ca_file" in rule(Pulling(server, ca_file=str(tmp_path / "none.pem"))())
