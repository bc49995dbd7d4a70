"""Work that the outbox holds for the flows: taken under a lease, settled when done, taken again when it was not."""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, outbox
from casework.db import Database
from casework.errors import NotFound
from casework.statements import Row, Statement, Tx
from models.base import table_of
from models.outbox import Outbox
from protocol.errors import Refused

LEASE = dt.timedelta(minutes=5)
MOST_ATTEMPTS = outbox.MOST_ATTEMPTS

FLOWS = (
    "notification",
    "information",
    "assignment",
    "preparation",
    "release",
    "follow_up",
    "meetings",
    "closure",
)
"""What a step in a protocol file may name as its `flow`."""

_OUTBOX = table_of(Outbox)
_p = sa.bindparam
_FREE = sa.or_(_OUTBOX.c.leased_until.is_(None), _OUTBOX.c.leased_until <= _p("real"))
_DUE = (
    sa.select(_OUTBOX.c.id, _OUTBOX.c.payload, _OUTBOX.c.attempts, _OUTBOX.c.dedupe_key, _OUTBOX.c.created_at)
    .where(_OUTBOX.c.kind == _p("kind"), _OUTBOX.c.settled_at.is_(None), _OUTBOX.c.available_at <= _p("at"), _FREE)
    .order_by(_OUTBOX.c.available_at, _OUTBOX.c.id)
    .limit(_p("limit"))
)
_UNKNOWN = Statement(
    sa.update(_OUTBOX)
    .where(
        _OUTBOX.c.kind == "prepare",
        _OUTBOX.c.settled_at.is_(None),
        *(_OUTBOX.c.payload["flow"].as_string() != flow for flow in FLOWS),
    )
    .values(settled_at=_p("at"), dead=True, fault="unknown flow")
)
_LOOK = Statement(_DUE)
_HELD = Statement(
    sa.select(_OUTBOX.c.id, _OUTBOX.c.payload, _OUTBOX.c.attempts, _OUTBOX.c.dedupe_key, _OUTBOX.c.created_at).where(
        _OUTBOX.c.id == _p("which"), _OUTBOX.c.settled_at.is_(None)
    )
)
_ANY = Statement(_DUE.with_for_update(skip_locked=True))
_OF_FLOW = Statement(_DUE.with_for_update(skip_locked=True).where(_OUTBOX.c.payload["flow"].as_string() == _p("flow")))
_LEASE = Statement(
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.id == _p("which"))
    .values(leased_until=_p("until"), attempts=_OUTBOX.c.attempts + 1)
)
_SETTLE = Statement(
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.id == _p("which"), _OUTBOX.c.settled_at.is_(None))
    .values(settled_at=_p("at"), leased_until=sa.null(), fault=_p("fault"))
)


class Order(NamedTuple):
    """One row: which case and step, by opaque ids."""

    id: int
    case: str
    step: str
    attempts: int
    key: str
    payload: dict[str, object]
    created_at: dt.datetime


def due_now(tx: Tx, kind: str, limit: int) -> list[Order]:
    """The rows that can be worked on now, without taking them."""
    return _orders(tx.all(_LOOK, _when(kind, limit)))


def _when(kind: str, limit: int) -> dict[str, object]:
    return {"kind": kind, "at": clock.now(), "real": clock.real_now(), "limit": limit}


def _orders(rows: list[Row]) -> list[Order]:
    return [
        Order(id, str(payload["case"]), str(payload.get("step", "")), attempts, key, payload, created_at)
        for id, payload, attempts, key, created_at in rows
    ]


def claim(db: Database, kind: str, limit: int, flow: str = "") -> list[Order]:
    """Take up to `limit` rows for the length of a lease. Nobody else gets them meanwhile."""
    until = clock.real_now() + LEASE
    with db.write() as tx:
        when = _when(kind, limit)
        found = _orders(tx.all(_OF_FLOW, {**when, "flow": flow}) if flow else tx.all(_ANY, when))
        tx.many(_LEASE, [{"which": order.id, "until": until} for order in found])
    return [order._replace(attempts=order.attempts + 1) for order in found]


def give_up_unknown(db: Database) -> None:
    """A protocol file that names a flow which does not exist must not leave work waiting unseen for ever."""
    with db.write() as tx:
        tx.run(_UNKNOWN, {"at": clock.now()})


def held(db: Database, order_id: int) -> Order | None:
    """A row that was claimed; None: it is settled already."""
    with db.read() as tx:
        return next(iter(_orders(tx.all(_HELD, {"which": order_id}))), None)


def settle(tx: Tx, order_id: int, fault: str = "") -> None:
    """It is done, or (with the rule that says so) nothing was left to do."""
    tx.run(_SETTLE, {"which": order_id, "at": clock.now(), "fault": fault})


class Carried(NamedTuple):
    """`done`, `void` (nothing is left to prepare), `later` or `dead`; and the kind of failure, never its text."""

    outcome: str
    fault: str = ""


def carry_out(db: Database, order: Order, work: Callable[[Database, Order], object]) -> Carried:
    """Do the work of one order and settle it.

    The work is idempotent: killed between its commit and the settling here, it is done once more and changes nothing.
    """
    fault = ""
    try:
        work(db, order)
    except (NotFound, Refused) as refused:
        # The case was erased, or the step was settled meanwhile: nothing is left to prepare.
        fault = refused.rule
    except Exception as error:
        # Only the kind: the text of an error could quote a person.
        kind = type(error).__name__
        given_up = outbox.fail(db, outbox.Item(order.id, "", order.key, order.payload, order.attempts), kind)
        return Carried("dead" if given_up else "later", kind)
    with db.write() as tx:
        settle(tx, order.id, fault)
    return Carried("void" if fault else "done", fault)
