"""A form that somebody began: kept sealed under the key of the case, for its writer alone, until it is sent.

A draft is no record: nobody else reads it, it is in no export, and it goes after `KEPT` when nobody came back.
"""

import datetime as dt
import json
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework.db import Database
from casework.errors import NotAllowed
from casework.loading import Loaded, load, state_of
from casework.permission import must_be_allowed
from casework.protocols import version
from casework.sealing import Sealer, packed, seal, unpacked, unseal
from casework.statements import Statement, Tx
from models.base import table_of
from models.drafts import Draft
from protocol.commands import Actor, CompleteStep

KEPT = dt.timedelta(days=30)
"""calendar days after it was saved last"""
_TABLE = table_of(Draft)
_KEYS = ["case_id", "occurrence", "staff"]
_p = sa.bindparam
_VALUES: dict[str, Any] = {name: _p(name) for name in (*_KEYS, "saved_at", "sealed")}
_NEW: dict[str, Any] = {"saved_at": _p("saved_at"), "sealed": _p("sealed")}
_SAVE = Statement(
    sqlite_insert(_TABLE).values(_VALUES).on_conflict_do_update(index_elements=_KEYS, set_=_NEW),
    postgresql=postgresql_insert(_TABLE).values(_VALUES).on_conflict_do_update(index_elements=_KEYS, set_=_NEW),
)
_MINE = tuple(_TABLE.c[name] == _p(name) for name in _KEYS)
_READ = Statement(sa.select(_TABLE.c.saved_at, _TABLE.c.sealed).where(*_MINE))
_DROP = Statement(sa.delete(_TABLE).where(*_MINE))
_FORGOTTEN = _TABLE.c.saved_at < _p("before")
_COUNT = Statement(sa.select(sa.func.count()).select_from(_TABLE).where(_FORGOTTEN))
_SWEEP = Statement(sa.delete(_TABLE).where(_FORGOTTEN))


class Kept(NamedTuple):
    """A draft as its writer left it."""

    values: dict[str, Any]
    saved_at: dt.datetime


def _mine(case: Loaded, occurrence: str, actor: Actor) -> dict[str, Any]:
    return {"case_id": case.id, "occurrence": occurrence, "staff": actor.id}


def _place(mine: dict[str, Any]) -> bytes:
    return f"draft:{mine['case_id']}:{mine['occurrence']}:{mine['staff']}".encode()


def _open(tx: Tx, db: Database, actor: Actor, ref: str, occurrence: str, at: dt.datetime) -> tuple[Loaded, Sealer]:
    """The case and its key, for who may complete this step now. Raises NotFound, NotAllowed, Refused."""
    case = load(tx, ref, actor, lock=False)
    key, state = state_of(tx, db, case)
    protocol = version(tx, db, case.protocol_key, case.protocol_version)
    completing = CompleteStep(id=occurrence, occurred_on=at.date())
    must_be_allowed(protocol, actor, case, state, completing)
    found = state.steps.get(occurrence)
    if found is None or found.status != "open":
        raise NotAllowed("this step is settled: nothing is left to write")
    return case, key


def save(db: Database, actor: Actor, ref: str, occurrence: str, values: dict[str, Any], at: dt.datetime) -> None:
    """Keep what was typed so far. Raises NotFound, NotAllowed, and Refused for a case that was erased."""
    body = packed(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode())
    with db.write() as tx:
        case, key = _open(tx, db, actor, ref, occurrence, at)
        mine = _mine(case, occurrence, actor)
        tx.run(_SAVE, {**mine, "saved_at": at, "sealed": seal(key, body, _place(mine))})


def read(db: Database, actor: Actor, ref: str, occurrence: str, at: dt.datetime) -> Kept | None:
    """What this person left; None: nothing. Raises as `save`."""
    with db.read() as tx:
        case, key = _open(tx, db, actor, ref, occurrence, at)
        mine = _mine(case, occurrence, actor)
        row = tx.one(_READ, mine)
    if row is None:
        return None
    values: dict[str, Any] = json.loads(unpacked(unseal(key, bytes(row[1]), _place(mine))))
    return Kept(values, row[0])


def drop(db: Database, actor: Actor, case_id: int, occurrence: str) -> None:
    """The form was sent, or its writer takes it back."""
    with db.write() as tx:
        tx.run(_DROP, {"case_id": case_id, "occurrence": occurrence, "staff": actor.id})


def sweep(db: Database, at: dt.datetime) -> int:
    """Remove what nobody came back to; how many there were."""
    before = {"before": at - KEPT}
    with db.write() as tx:
        found = tx.one(_COUNT, before)
        tx.run(_SWEEP, before)
    return int(found[0]) if found else 0
