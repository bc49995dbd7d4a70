"""The read log: a ledger stream per member of staff, and rows that the data protection officer can search."""

import datetime as dt

import sqlalchemy as sa

from casework import ledger
from casework.statements import Statement, Tx
from models.base import table_of
from models.ledger import AccessEntry
from protocol.commands import Actor
from protocol.visibility import Decision

_COLUMNS = ("staff", "case_id", "what", "allowed", "reason", "at")
_LOG = Statement(sa.insert(table_of(AccessEntry)).values({name: sa.bindparam(name) for name in _COLUMNS}))


def note(
    tx: Tx, actor: Actor, case_id: int | None, what: str, decision: Decision, at: dt.datetime, refs: list[str]
) -> None:
    """Note a reading, also one that was refused: who, what, which cases."""
    body: dict[str, object] = {"what": what, "cases": refs, "allowed": decision.allowed}
    ledger.append_to(tx, ledger.reads_stream(actor.id), at, actor.id, "read", body)
    row = {"staff": actor.id, "case_id": case_id, "what": what, "allowed": decision.allowed, "at": at}
    tx.run(_LOG, {**row, "reason": decision.reason})
