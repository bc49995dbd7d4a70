"""The outbox: work for the outside, claimed under a lease, delivered at least once, settled after delivery.

Transitions write their rows themselves (casework/rows.py), in the same transaction.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import clock
from casework.db import Database
from casework.rows import INSERT_OUTBOX, OUTBOX
from casework.statements import Statement, Tx

LEASE = dt.timedelta(minutes=2)
MOST_ATTEMPTS = 8
FIRST_PAUSE = dt.timedelta(seconds=30)

_p = sa.bindparam
_free = sa.or_(OUTBOX.c.leased_until.is_(None), OUTBOX.c.leased_until <= _p("real"))
_chosen = (
    sa.select(OUTBOX.c.id)
    .where(OUTBOX.c.settled_at.is_(None), OUTBOX.c.available_at <= _p("now"), _free)
    .order_by(OUTBOX.c.available_at)
    .limit(_p("upto"))
    .with_for_update(skip_locked=True)
)


def _claiming(chosen: Any) -> Statement:
    return Statement(
        sa.update(OUTBOX)
        .where(OUTBOX.c.id.in_(chosen))
        .values(leased_until=_p("until"), attempts=OUTBOX.c.attempts + 1)
        .returning(OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.dedupe_key, OUTBOX.c.payload, OUTBOX.c.attempts)
    )


_CLAIM, _CLAIM_KIND = _claiming(_chosen), _claiming(_chosen.where(OUTBOX.c.kind == _p("only")))
_mine = (OUTBOX.c.id == _p("which"), OUTBOX.c.settled_at.is_(None))
_SETTLE = Statement(
    sa.update(OUTBOX).where(*_mine).values(settled_at=_p("at"), leased_until=None, dead=_p("dead"), fault=_p("fault"))
)
_LATER = Statement(sa.update(OUTBOX).where(*_mine).values(leased_until=_p("until"), fault=_p("fault")))
_DEAD = Statement(
    sa.select(OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.dedupe_key, OUTBOX.c.payload, OUTBOX.c.attempts, OUTBOX.c.fault)
    .where(OUTBOX.c.dead)
    .order_by(OUTBOX.c.id)
)
_AGAIN = Statement(
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == _p("which"), OUTBOX.c.dead)
    .values(settled_at=None, dead=False, attempts=0, fault="", leased_until=None, available_at=_p("at"))
)


class Item(NamedTuple):
    """One row: what kind of work, and the opaque ids it needs. The dedupe key makes a stable Message-ID."""

    id: int
    kind: str
    dedupe_key: str
    payload: dict[str, Any]
    attempts: int
    fault: str = ""


def put(tx: Tx, kind: str, dedupe_key: str, payload: dict[str, Any], at: dt.datetime) -> None:
    """Add work in the caller's transaction. The same dedupe key again changes nothing."""
    times = {"created_at": at, "available_at": at}
    tx.run(INSERT_OUTBOX, {"kind": kind, "dedupe_key": dedupe_key, "payload": payload, **times})


def claim(db: Database, limit: int = 100, kind: str = "", at: dt.datetime | None = None) -> list[Item]:
    """Take up to `limit` rows for the length of a lease, the oldest first. Nobody else gets them meanwhile."""
    real = clock.real_now()
    values = {"now": at or clock.now(), "real": real, "until": real + LEASE, "upto": limit}
    with db.write() as tx:
        rows = tx.all(_CLAIM_KIND, {**values, "only": kind}) if kind else tx.all(_CLAIM, values)
    return sorted(Item(*row) for row in rows)


def settle(db: Database, items: Sequence[Item], at: dt.datetime | None = None) -> None:
    """Delivered."""
    settled_at = at or clock.now()
    with db.write() as tx:
        tx.many(_SETTLE, [{"which": item.id, "at": settled_at, "dead": False, "fault": ""} for item in items])


def fail(db: Database, item: Item, fault: str, at: dt.datetime | None = None) -> bool:
    """It failed, with this kind of failure (never its text). True: given up, now a dead letter."""
    dead = item.attempts >= MOST_ATTEMPTS
    with db.write() as tx:
        if dead:
            tx.run(_SETTLE, {"which": item.id, "at": at or clock.now(), "dead": True, "fault": fault})
        else:
            until = clock.real_now() + FIRST_PAUSE * 2 ** (item.attempts - 1)
            tx.run(_LATER, {"which": item.id, "until": until, "fault": fault})
    return dead


def dead_letters(db: Database) -> list[Item]:
    """What was given up, for the coordinator."""
    with db.read() as tx:
        return [Item(*row) for row in tx.all(_DEAD, {})]


def again(db: Database, item_id: int, at: dt.datetime | None = None) -> None:
    """Try a dead letter once more, from the start."""
    with db.write() as tx:
        tx.run(_AGAIN, {"which": item_id, "at": at or clock.now()})
