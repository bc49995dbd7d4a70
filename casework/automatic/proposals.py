"""Keeping a proposal: sealed under the key of its case, written only when it differs from the last one."""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import clock
from casework.automatic.facts import Facts
from casework.db import Database
from casework.sealing import packed, seal, unpacked, unseal
from casework.statements import Statement
from models.base import table_of
from models.proposals import Proposal

_TABLE = table_of(Proposal)
_KEYS = ["case_id", "occurrence", "kind"]
_p = sa.bindparam
_VALUES: dict[str, Any] = {name: _p(name) for name in (*_KEYS, "made_at", "sealed")}
_NEW: dict[str, Any] = {"made_at": _p("made_at"), "sealed": _p("sealed")}
_SAVE = Statement(
    sqlite_insert(_TABLE).values(_VALUES).on_conflict_do_update(index_elements=_KEYS, set_=_NEW),
    postgresql=postgresql_insert(_TABLE).values(_VALUES).on_conflict_do_update(index_elements=_KEYS, set_=_NEW),
)
_READ = Statement(
    sa.select(_TABLE.c.sealed).where(
        _TABLE.c.case_id == _p("case"), _TABLE.c.occurrence == _p("occurrence"), _TABLE.c.kind == _p("kind")
    )
)


def _place(case_id: int, occurrence: str, kind: str) -> bytes:
    return f"proposal:{case_id}:{occurrence}:{kind}".encode()


def read(db: Database, facts: Facts, occurrence: str, kind: str) -> Any:
    """The proposal; None: there is none. Whoever shows it has asked `visibility` about the step first."""
    with db.read() as tx:
        row = tx.one(_READ, {"case": facts.id, "occurrence": occurrence, "kind": kind})
    if row is None:
        return None
    return json.loads(unpacked(unseal(facts.key, bytes(row[0]), _place(facts.id, occurrence, kind))))


def save(db: Database, facts: Facts, occurrence: str, kind: str, content: Any) -> bool:
    """Keep it; whether it differed from what was there."""
    if read(db, facts, occurrence, kind) == json.loads(json.dumps(content)):
        return False
    body = packed(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    sealed = seal(facts.key, body, _place(facts.id, occurrence, kind))
    ids = {"case_id": facts.id, "occurrence": occurrence, "kind": kind}
    with db.write() as tx:
        tx.run(_SAVE, {**ids, "made_at": clock.now(), "sealed": sealed})
    return True
