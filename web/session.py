"""Who is at the other end: a signed cookie with the staff id, and the token that every form must bring back.

Sign-in is not part of this release: a demo partnership lets one choose a person. The cookie is signed with a key that
every replica derives from the key store, so no replica needs to remember anything.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from hashlib import sha256
from typing import NamedTuple

COOKIE = "sluis"
LASTS = 12 * 3600
"""seconds: one long working day"""


class Session(NamedTuple):
    """What the cookie holds: no name, only the opaque id."""

    staff: str | None
    language: str | None
    nonce: str
    issued: int


class Signer:
    """Makes and reads cookies and tokens."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.digest(secret, b"sluis web session", sha256)

    def _sign(self, purpose: str, content: str) -> str:
        digest = hmac.digest(self._secret, f"{purpose}:{content}".encode(), sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def new(self, now: int, staff: str | None = None, language: str | None = None) -> Session:
        return Session(staff, language, secrets.token_urlsafe(16), now)

    def cookie(self, session: Session) -> str:
        content = base64.urlsafe_b64encode(json.dumps(session).encode()).decode().rstrip("=")
        return f"{content}.{self._sign('cookie', content)}"

    def read(self, cookie: str | None, now: int) -> Session | None:
        """The session of a cookie; None when it is missing, forged or too old."""
        content, _, signature = (cookie or "").partition(".")
        if not content or not hmac.compare_digest(signature.encode(), self._sign("cookie", content).encode()):
            return None
        try:
            session = Session(*json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))))
        except (ValueError, TypeError, binascii.Error):
            return None
        return session if 0 <= now - session.issued < LASTS else None

    def token(self, session: Session) -> str:
        """The token of this session's forms."""
        return self._sign("form", session.nonce)

    def is_token(self, session: Session, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token(session).encode())
