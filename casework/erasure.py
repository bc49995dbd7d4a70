"""Erasing: the key is destroyed, then what was sealed with it is cleared. The ledger keeps its chain, unreadable."""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from casework import ledger, states
from casework.db import Database
from casework.statements import Statement, Tx
from casework.tombstones import Tombstone
from models.base import METADATA, table_of
from models.cases import CaseMember, ReleaseCase, Step, Timer
from models.emergency import EmergencyAccess
from models.ledger import Tombstone as TombstoneRow
from models.outbox import ImportRow, Outbox
from models.people import Person, PersonIdentity
from models.sharing import Restriction
from protocol.commands import Actor

_CASE, _PERSON, _TOMBSTONE = table_of(ReleaseCase), table_of(Person), table_of(TombstoneRow)
_OUTBOX = table_of(Outbox)
_p = sa.bindparam

_KEYS = Statement(
    sa.select(_CASE.c.key_id, _CASE.c.person_id, _PERSON.c.key_id, _CASE.c.ref, _CASE.c.ended)
    .select_from(_CASE.outerjoin(_PERSON, _PERSON.c.id == _CASE.c.person_id))
    .where(_CASE.c.id == _p("case"))
)
_OTHER_CASES = Statement(
    sa.select(sa.func.count()).where(
        _CASE.c.person_id == _p("person"), _CASE.c.id != _p("case"), _CASE.c.erased_at.is_(None)
    )
)
_CLEAR_CASE = Statement(
    sa.update(_CASE)
    .where(_CASE.c.id == _p("which"), _CASE.c.key_id == _p("key_id"))
    .values(snapshot=None, erased_at=_p("at"), is_open=False, lead=None, deputy=None)
)
_CLEAR_PERSON = Statement(
    sa.update(_PERSON)
    .where(_PERSON.c.id == _p("which"), _PERSON.c.key_id == _p("key_id"))
    .values(sealed=None, name_index=None, erased_at=_p("at"))
)
_KNOWN = Statement(sa.select(_TOMBSTONE.c.key_id).where(_TOMBSTONE.c.key_id == _p("key_id")))
_MARK = Statement(sa.insert(_TOMBSTONE))
_SETTLE = Statement(
    sa.update(_OUTBOX)
    .where(_OUTBOX.c.kind == "erase", _OUTBOX.c.settled_at.is_(None))
    .where(_OUTBOX.c.payload["case"].as_string() == _p("ref"))
    .values(settled_at=_p("at"))
)


def _sealed_tables() -> list[Statement]:
    """Everything else that is sealed under a case: emptied where it may be empty, removed where it may not."""
    statements = []
    for table in METADATA.sorted_tables:
        if "sealed" in table.c and "case_id" in table.c:
            mine = table.c.case_id == _p("which")
            nullable = table.c.sealed.nullable
            clear = sa.update(table).where(mine).values(sealed=None) if nullable else sa.delete(table).where(mine)
            statements.append(Statement(clear))
    return statements


_CLEAR_SEALED = _sealed_tables()
_REMOVE = [
    Statement(sa.delete(table_of(model)).where(table_of(model).c.case_id == _p("which")))
    for model in (Timer, Step, CaseMember, ImportRow, EmergencyAccess, Restriction)
]
_REMOVE_IDENTITY = Statement(
    sa.delete(table_of(PersonIdentity)).where(table_of(PersonIdentity).c.person_id == _p("which"))
)


def erase(db: Database, case_id: int, actor: Actor, at: dt.datetime, ground: str = "") -> bool:
    """Erase a case, and its person when no other case is left. Again: nothing more happens. False: no such case.

    `ground`: one word for the certificate; left out, how the case ended in its protocol.
    """
    with db.read() as tx:
        row = tx.one(_KEYS, {"case": case_id})
        if row is None or row[0] is None:
            return False
        key_id, person_id, person_key, ref, ended = row
        why = ground or ended or "decision"
        stones = [Tombstone(key_id, "case", case_id, at.isoformat(), actor.id, why)]
        if person_id is not None and person_key is not None:
            others = tx.one(_OTHER_CASES, {"person": person_id, "case": case_id})
            if others == (0,):
                stones.append(Tombstone(person_key, "person", person_id, at.isoformat(), actor.id, why))
    # The key first: from here on the content is gone, whatever happens to this process.
    db.keys.destroy(stones)
    with db.write() as tx:
        clear(tx, stones)
        tx.run(_SETTLE, {"ref": ref, "at": at})
    states.forget(db, case_id)
    return True


def clear(tx: Tx, stones: Iterable[Tombstone]) -> int:
    """Clear what these keys had sealed, once. How many were new: after a restore, those that the backup still had."""
    new = 0
    for stone in stones:
        if tx.one(_KNOWN, {"key_id": stone.key_id}) is not None:
            continue
        new += 1
        at = dt.datetime.fromisoformat(stone.at)
        found = {"which": stone.id, "key_id": stone.key_id, "at": at}
        if stone.what == "case":
            tx.run(_CLEAR_CASE, found)
            for statement in (*_CLEAR_SEALED, *_REMOVE):
                tx.run(statement, {"which": stone.id})
        else:
            tx.run(_CLEAR_PERSON, found)
            tx.run(_REMOVE_IDENTITY, {"which": stone.id})
        ids = {"case_id": stone.id if stone.what == "case" else None}
        ids["person_id"] = stone.id if stone.what == "person" else None
        tx.run(_MARK, {"key_id": stone.key_id, "erased_at": at, "by": stone.by, **ids})
        body: dict[str, object] = {"what": stone.what, "id": stone.id, "ground": stone.ground}
        ledger.append_to(tx, ledger.PARTNERSHIP, at, stone.by, "erased", body)
    return new


def replay(db: Database) -> int:
    """Carry out every erasure of the key store in this database: after a restore, before anybody opens it."""
    with db.write() as tx:
        return clear(tx, db.keys.tombstones())
