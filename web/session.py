"""What the browser holds: the id of a session, or, before anybody signed in, a signed cookie of its own.

The signed cookie carries the language and what the token of the sign-in form is made of; nobody needs to remember it,
and it never becomes a session: signing in always makes a new id. The token of every other form belongs to the session.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from hashlib import sha256
from typing import NamedTuple

from starlette.responses import Response

COOKIE = "sluis"
SECURE_COOKIE = "__Host-sluis"
LASTS = 12 * 3600
"""seconds that a browser keeps the cookie of nobody"""


class Before(NamedTuple):
    """A browser in which nobody signed in."""

    language: str | None
    nonce: str
    issued: int


class Signer:
    """Makes and reads the cookie of nobody, and the tokens of forms."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"sluis web session", sha256)

    def _sign(self, purpose: str, content: str) -> str:
        digest = hmac.digest(self._secret, f"{purpose}:{content}".encode(), sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def new(self, now: int, language: str | None = None) -> Before:
        return Before(language, secrets.token_urlsafe(16), now)

    def cookie(self, before: Before) -> str:
        content = base64.urlsafe_b64encode(json.dumps(before).encode()).decode().rstrip("=")
        return f"{content}.{self._sign('cookie', content)}"

    def read(self, cookie: str | None, now: int) -> Before | None:
        """The browser of a cookie; None when it is missing, forged or too old."""
        content, _, signature = (cookie or "").partition(".")
        if not content or not hmac.compare_digest(signature.encode(), self._sign("cookie", content).encode()):
            return None
        try:
            before = Before(*json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))))
        except (ValueError, TypeError, binascii.Error):
            return None
        return before if 0 <= now - before.issued < LASTS else None

    def token(self, nonce: str) -> str:
        """The token of the forms of a session, or of a browser in which nobody signed in."""
        return self._sign("form", nonce)

    def is_token(self, nonce: str, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token(nonce).encode())


def is_secure(public_url: str) -> bool:
    return public_url.startswith("https:")


def cookie_name(public_url: str) -> str:
    """With https the name binds the cookie to this host, its whole path and a safe connection (RFC 6265bis)."""
    return SECURE_COOKIE if is_secure(public_url) else COOKIE


def set_cookie(response: Response, value: str, public_url: str, seconds: int) -> None:
    response.set_cookie(
        cookie_name(public_url), value, max_age=seconds, httponly=True, samesite="lax", secure=is_secure(public_url),
        path="/",
    )  # fmt: skip
