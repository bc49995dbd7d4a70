"""What every answer carries, what no request may bring: headers, a limit on the body, the Origin of a form."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAGE_LIMIT = 256 * 1024
API_LIMIT = 2 * 1024 * 1024
"""bytes of a body: about two thousand notifications"""
UPLOAD_LIMIT = 11 * 1024 * 1024
"""a document of 10 MB and what is said about it"""
UPLOADS = re.compile(r"/cases/[^/]+/documents|/ledger|/protocols/new")

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
POLICY_NAME = b"content-security-policy"
SCRIPTED = "sluis_scripted"
"""in the state of a request: its page carries a script that comes with the program"""
WITH_SCRIPT = f"{POLICY}; script-src 'self'; connect-src 'self'"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
"""for what is saved as a file: opened after all, it may run and load nothing"""
NO_STORE = (b"cache-control", b"no-store")
KEPT = (b"cache-control", b"public, max-age=31536000, immutable")
"""for the stylesheet: its address changes with its content"""


class SafeAnswers:
    """ASGI middleware: the headers above on every answer."""

    def __init__(self, app: Any, public_url: str) -> None:
        self.app = app
        secure = public_url.startswith("https:")
        self.headers = [*HEADERS, *([(b"strict-transport-security", b"max-age=31536000")] if secure else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")
        state = scope.setdefault("state", {})

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self.headers} | {POLICY_NAME, b"cache-control", b"server"}
                policy = WITH_SCRIPT if state.get(SCRIPTED) else POLICY
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in ours]
                found = KEPT if static and message["status"] == 200 else NO_STORE
                if any(is_attachment(*pair) for pair in kept):
                    policy = FILE_POLICY
                message = {**message, "headers": [*kept, *self.headers, (POLICY_NAME, policy.encode()), found]}
            await send(message)

        await self.app(scope, receive, with_headers)


def is_attachment(name: bytes, value: bytes) -> bool:
    return name.lower() == b"content-disposition" and value.startswith(b"attachment")


class TooLarge(Exception):
    """The body is longer than this door lets in."""


def limit_of(path: str) -> int:
    """Bytes that may be sent to a path."""
    if path.startswith("/api/"):
        return API_LIMIT
    return UPLOAD_LIMIT if UPLOADS.fullmatch(path) else PAGE_LIMIT


class BodyLimit:
    """ASGI middleware: a body that is too long is refused before it is read whole."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        scope["sluis.too_large"] = not declared.isdigit() or int(declared) > limit
        read = 0

        async def limited() -> MutableMapping[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                scope["sluis.too_large"] = True
                raise TooLarge
            return message

        await self.app(scope, limited, send)


def same_origin(origin: str | None, host: str | None, public_url: str) -> bool:
    """Whether a form was sent from our own pages. Browsers send Origin with every form that is posted."""
    if origin is None:
        return True  # then the token alone decides: some old browsers leave it out
    here = urlsplit(origin)
    public = urlsplit(public_url)
    return bool(here.netloc) and (here.netloc == host or (here.scheme, here.netloc) == (public.scheme, public.netloc))
