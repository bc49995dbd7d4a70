"""Verifying the ledger from a page: in the background, also against an uploaded checkpoint; and signing a new one."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from casework import jobs, ledger, protocols
from casework.db import Database
from casework.errors import NotAllowed
from casework.statements import Statement
from casework.verify import CheckpointRefused, checkpoint, verify
from models.base import table_of
from models.ledger import LedgerEntry
from protocol.commands import Actor
from protocol.visibility import may

VERIFY, CHECKPOINT = "ledger_verify", "ledger_checkpoint"
_ENTRIES = Statement(sa.select(sa.func.count()).select_from(table_of(LedgerEntry)))


def must_watch(db: Database, actor: Actor) -> None:
    """Those who watch over the protocol and over the reading. Raises NotAllowed."""
    with db.read() as tx:
        allowed = any(may(each, actor, "audit", "", frozenset()).allowed for each in protocols.all_newest(tx, db))
    if not allowed:
        raise NotAllowed("the coordinator and the auditor watch the protocol")


def start_verifying(db: Database, actor: Actor, given: bytes | None, at: dt.datetime, *, state: bool) -> str:
    """Verify every entry, with `state` every case against a replay, and against a checkpoint where one is given."""
    must_watch(db, actor)

    def work(progress: jobs.Progress) -> dict[str, Any]:
        total = _entries(db)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "checkpoint.json" if given else None
            if file is not None and given is not None:
                file.write_bytes(given)
            found = verify(db, file, lambda done: progress(done, total), state=state)
        result = {**found, "checkpoint": given is not None, "state": state}
        _tell(db, actor, at, "ledger_verified", {"intact": found["intact"], "entries": found["entries"]})
        return result

    return jobs.start(db, VERIFY, actor, work, at, given)


def start_signing(db: Database, actor: Actor, at: dt.datetime) -> str:
    """Verify, then sign a checkpoint; it waits to be downloaded. A ledger with a fault is not signed."""
    must_watch(db, actor)

    def work(progress: jobs.Progress) -> dict[str, Any]:
        total = _entries(db)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "checkpoint.json"
            try:
                found = checkpoint(db, file, at, lambda done: progress(done, total))
            except CheckpointRefused as refused:
                return {"intact": False, "first_fault": dict(refused.fault), "streams": 0, "entries": 0}
            signed = file.read_text("utf-8")
        _tell(db, actor, at, "checkpoint_signed", {"entries": found["entries"]})
        return {**found, "signed": signed}

    return jobs.start(db, CHECKPOINT, actor, work, at)


def _entries(db: Database) -> int:
    with db.read() as tx:
        row = tx.one(_ENTRIES, {})
    return int(row[0]) if row else 0


def _tell(db: Database, actor: Actor, at: dt.datetime, what: str, body: dict[str, object]) -> None:
    with db.write() as tx:
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, what, body)
