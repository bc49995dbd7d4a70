"""A real HTTP server that misbehaves on request, and a pull from it."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from casework.puller import PullReport, PullSource, pull

Behaviour = Callable[["Handler"], None]
SECRET = "Verzonnen-sleutel"
NAMED = {"family_name": "Verzonnen"}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Behaviour] = []  # what to do, request after request; the last one goes on
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of these tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers.append(dict(self.headers))
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def page(cursor: str | None, *items: Any) -> Behaviour:
    body = json.dumps({"notifications": items, "next": cursor}).encode()
    return lambda handler: handler.answer(200, body)


def says(status: int, body: bytes = b"Verzonnen", **headers: str) -> Behaviour:
    return lambda handler: handler.answer(status, body, **headers)


def silent(handler: Handler) -> None:
    time.sleep(2)


def cut_off(handler: Handler) -> None:
    handler.answer(200, b'{"notifications": [{"family_name": "Verz', Content_Length="5000")
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    handler.connection.close()


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def dripping(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


class Pulling:
    """One pull: what was received, how long it waited, and the report."""

    def __init__(self, server: Server, **settings: Any) -> None:
        self.pages: list[list[dict[str, Any]]] = []
        self.waits: list[float] = []
        self.advanced: list[str] = []
        self.source = PullSource(
            **{
                "url": f"http://127.0.0.1:{server.port}/v1/notifications",
                "token": SecretStr(SECRET),
                "allow_private_addresses": True,
                "allow_plain_http": True,
                "read_timeout": 5,
                **settings,
            }
        )

    def __call__(self, cursor: str | None = None, **more: Any) -> PullReport:
        async def receive(items: list[dict[str, Any]]) -> None:
            self.pages.append(items)

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        arguments = {"sleep": sleep, "chance": lambda: 1.0, "advanced": self.advanced.append, **more}
        return asyncio.run(pull(self.source, cursor, arguments.pop("receive", receive), **arguments))


def rule(report: PullReport) -> str:
    """The rule that was broken; nothing of the answer, the cursor or the key is in the report's words."""
    assert report.problem is not None
    assert report.problem.remedy
    words = f"{report.problem}"
    assert not [secret for secret in ("Verz", "c-1", SECRET) if secret in words]
    return report.problem.rule
