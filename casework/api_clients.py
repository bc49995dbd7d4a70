"""Systems that may send notifications: their keys, of which only a hash is kept, and the requests they sent."""

import datetime as dt
import re
import secrets
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import select

from casework import clock, ledger, protocols
from casework.db import Database
from casework.errors import NotAllowed
from casework.sealing import blind
from casework.statements import Statement
from models.base import table_of
from models.people import ApiClient
from models.requests import ApiRequest
from protocol.commands import SYSTEM, Actor
from protocol.errors import Refused

PREFIX = "sluis_"
KEY_BYTES = 32
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
WRITE_NOTIFICATIONS = "notifications:write"
SCOPES = {("POST", "/api/v1/notifications"): WRITE_NOTIFICATIONS}
"""What a key must be allowed to, per route of the interface. A route that is not here refuses every key."""
LEASE = dt.timedelta(minutes=2)
"""real time after which a request that never got its answer may be sent again"""

_REQUEST, _CLIENT = table_of(ApiRequest), table_of(ApiClient)
_p = sa.bindparam
_ADD = Statement(sa.insert(_CLIENT).values({column.name: _p(column.name) for column in _CLIENT.columns}))
_ONE = Statement(sa.select(_CLIENT.c.id).where(_CLIENT.c.id == _p("client")))
_REVOKE = Statement(
    sa.update(_CLIENT)
    .where(_CLIENT.c.id == _p("which"), _CLIENT.c.revoked_at.is_(None))
    .values(revoked_at=_p("at"))
    .returning(_CLIENT.c.id)
)
_USED = Statement(sa.update(_CLIENT).where(_CLIENT.c.id == _p("which")).values(used_at=_p("at")))
_KEY = (_REQUEST.c.client == _p("of_client"), _REQUEST.c.key == _p("of_key"))
_FIND = Statement(sa.select(_REQUEST.c.body, _REQUEST.c.status, _REQUEST.c.answer, _REQUEST.c.received_at).where(*_KEY))
_NEW: dict[str, Any] = {name: _p(name) for name in ("client", "key", "body", "answer", "received_at")} | {"status": 0}
_BEGIN = Statement(
    sqlite_insert(_REQUEST).values(_NEW).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_REQUEST).values(_NEW).on_conflict_do_nothing(),
)
_AGAIN = Statement(sa.update(_REQUEST).where(*_KEY).values(received_at=_p("received_at")))
_ANSWER = Statement(sa.update(_REQUEST).where(*_KEY).values(status=_p("status"), answer=_p("answer")))


def key_hash(key: str) -> bytes:
    """A key is 256 random bits: a plain hash is enough, there is nothing to guess."""
    return sha256(key.encode()).digest()


def add(db: Database, client: ApiClient, by: Actor = SYSTEM, *, at: dt.datetime) -> str:
    """Add a client and make its key. The key is returned once and stands nowhere. Raises Refused."""
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    unknown = set(client.scopes) - set(SCOPES.values())
    if unknown or not NAME.fullmatch(client.id):
        raise Refused("api-client.form", "the id or a scope has not the agreed form", "see `sluis api-client --help`")
    row = {**client.model_dump(), "key_hash": key_hash(key), "used_at": None}
    body: dict[str, object] = {"client": client.id, "scopes": list(client.scopes), "acts_as": client.acts_as}
    with db.write() as tx:
        protocols.must_administer(tx, db, by)
        if tx.one(_ONE, {"client": client.id}) is not None:
            raise Refused("api-client.known", "there is a client with this id", "give this one an id of its own")
        tx.run(_ADD, row)
        ledger.append_to(tx, ledger.PARTNERSHIP, at, by.id, "api_client_added", body)
    return key


def revoke(db: Database, client: str, by: Actor = SYSTEM, *, at: dt.datetime) -> None:
    """The key is worth nothing from now on; a new one is a new client. Raises Refused."""
    with db.write() as tx:
        protocols.must_administer(tx, db, by)
        if tx.one(_REVOKE, {"which": client, "at": at}) is None:
            raise Refused("api-client.unknown", "no client with this id has a key", "see `sluis api-clients`")
        ledger.append_to(tx, ledger.PARTNERSHIP, at, by.id, "api_client_revoked", {"client": client})


def everybody(db: Database) -> list[ApiClient]:
    """Every client that ever had a key, in the order of their ids."""
    with db.session() as session:
        return list(session.exec(select(ApiClient).order_by(_CLIENT.c.id)).all())


def find(db: Database, key: str) -> ApiClient | None:
    """The client of a key that is neither expired nor revoked. That it was used is noted once a day."""
    now = clock.now()
    with db.session() as session:
        found = session.exec(select(ApiClient).where(ApiClient.key_hash == key_hash(key))).first()
    if found is None or found.revoked_at is not None:
        return None
    if found.expires_at is not None and found.expires_at <= now:
        return None
    if found.used_at is None or found.used_at.date() != now.date():
        with db.write() as tx:
            tx.run(_USED, {"which": found.id, "at": now})
    return found


def must_have_scope(client: ApiClient, method: str, route: str) -> None:
    """Whether this key may use a route. Raises NotAllowed."""
    scope = SCOPES.get((method, route))
    if scope is None or scope not in client.scopes:
        raise NotAllowed(f"this key does not have the scope {scope or 'of this route'}")


class Busy(Exception):
    """The same request is being handled at this moment."""


class OtherBody(Exception):
    """The key was used for another request."""


class Answered(NamedTuple):
    status: int
    answer: dict[str, Any]


class Request:
    """One request under its Idempotency-Key: begun, then answered; sent again, it gets the answer of the first."""

    def __init__(self, db: Database, client: ApiClient, key: str, body: bytes) -> None:
        self.db = db
        secret = db.keys.index_secret
        self._which = {"of_client": client.id, "of_key": blind(secret, "request-key", client.id, key)}
        self._body = blind(secret, "request-body", sha256(body).hexdigest())

    def begin(self) -> Answered | None:
        """None: this is the first time, handle it. Raises Busy, OtherBody."""
        now = clock.real_now()
        row = {"client": self._which["of_client"], "key": self._which["of_key"], "body": self._body, "answer": {}}
        with self.db.write() as tx:
            found = tx.one(_FIND, self._which)
            if found is None:
                tx.run(_BEGIN, {**row, "received_at": now})
                return None
            body, status, answer, received_at = found
            if bytes(body) != self._body:
                raise OtherBody
            if status:
                return Answered(status, answer)
            if received_at + LEASE > now:
                raise Busy
            tx.run(_AGAIN, {**self._which, "received_at": now})
        return None

    def answered(self, status: int, answer: dict[str, Any]) -> None:
        with self.db.write() as tx:
            tx.run(_ANSWER, {**self._which, "status": status, "answer": answer})
