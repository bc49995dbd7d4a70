"""Guessing is slowed down: failed attempts per account and per address, with a delay that grows. Real time.

Counted in the database, so that it holds over replicas; under an HMAC, so that the table names nobody. An attempt is
counted before it is judged: many at the same moment do not get through. Whether an account exists makes no difference.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework.db import Database
from casework.sealing import blind
from casework.statements import Statement
from models.accounts import Attempts
from models.base import table_of

FORGOTTEN = dt.timedelta(days=1)
"""after so long without an attempt the count starts anew"""


class Pace(NamedTuple):
    """So many attempts at once, then a pause that doubles each time, up to the longest."""

    free: int
    first: dt.timedelta
    longest: dt.timedelta

    def pause(self, count: int) -> dt.timedelta:
        over = count - self.free
        return dt.timedelta(0) if over < 0 else min(self.first * 2 ** min(over, 20), self.longest)


PACES: Mapping[str, Pace] = {
    "account": Pace(5, dt.timedelta(seconds=5), dt.timedelta(minutes=15)),
    "address": Pace(30, dt.timedelta(seconds=5), dt.timedelta(minutes=15)),
    "factor": Pace(5, dt.timedelta(seconds=30), dt.timedelta(hours=1)),
}

_TABLE = table_of(Attempts)
_p = sa.bindparam
_NEW = {"what": _p("what"), "count": 0, "last_at": _p("at"), "free_at": _p("at")}
_ADD = Statement(
    sqlite_insert(_TABLE).values(_NEW).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_TABLE).values(_NEW).on_conflict_do_nothing(),
)
_LOOK = Statement(
    sa.select(_TABLE.c.count, _TABLE.c.last_at, _TABLE.c.free_at).where(_TABLE.c.what == _p("what")).with_for_update()
)
_COUNT = Statement(
    sa.update(_TABLE)
    .where(_TABLE.c.what == _p("which"))
    .values(count=_p("so_many"), last_at=_p("at"), free_at=_p("free"))
)
_FORGET = Statement(sa.delete(_TABLE).where(_TABLE.c.what == _p("which")))
_GIVE_BACK = Statement(
    sa.update(_TABLE)
    .where(_TABLE.c.what == _p("which"), _TABLE.c.count > 0)
    .values(count=_TABLE.c.count - 1, free_at=_p("at"))
)
_SWEEP = Statement(sa.delete(_TABLE).where(_TABLE.c.last_at < _p("before")))


class Wait(Exception):
    """Too many attempts: not before so many seconds have passed."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} seconds")
        self.seconds = seconds


def key(db: Database, kind: str, value: str) -> bytes:
    return blind(db.keys.index_secret, "attempts", kind, value.strip().casefold())


def network(address: str) -> str:
    """The address that counts: of IPv6 the network, since one household has millions of addresses in it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)


def attempt(db: Database, real: dt.datetime, **of: str) -> None:
    """Count an attempt of these kinds (`account=…, address=…`). Raises Wait when one of them has to wait."""
    keys = sorted((key(db, kind, value), kind) for kind, value in of.items())
    waits = dt.timedelta(0)
    with db.write() as tx:
        tx.run(_SWEEP, {"before": real - FORGOTTEN})
        found = []
        for what, kind in keys:
            tx.run(_ADD, {"what": what, "at": real})
            row = tx.one(_LOOK, {"what": what})
            assert row is not None
            waits = max(waits, row[2] - real)
            found.append((what, kind, row[0] + 1))
        if waits <= dt.timedelta(0):
            for what, kind, count in found:
                free = real + PACES[kind].pause(count)
                tx.run(_COUNT, {"which": what, "so_many": count, "at": real, "free": free})
    if waits > dt.timedelta(0):
        raise Wait(int(waits.total_seconds()) + 1)


def succeeded(
    db: Database, real: dt.datetime, forget: tuple[str, str], give_back: tuple[str, str] | None = None
) -> None:
    """It was the right one: the account's count starts anew, the address gets this attempt back."""
    with db.write() as tx:
        tx.run(_FORGET, {"which": key(db, *forget)})
        if give_back is not None:
            tx.run(_GIVE_BACK, {"which": key(db, *give_back), "at": real})
