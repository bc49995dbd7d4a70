"""Whether the rows still say what happened: against a signed checkpoint where nothing moved, else against the ledger."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from casework import projection
from casework.db import Database
from casework.state_rows import OF_CASES, Rows, Taken, columns_now, take
from casework.statements import Statement, Tx
from casework.tombstones import Tombstone
from models.base import METADATA, table_of
from models.ledger import Tombstone as TombstoneRow

Heads = dict[str, tuple[int, bytes]]
Wrong = tuple[str, str]
"""stream, and what is wrong"""
_STONE = table_of(TombstoneRow).c
_TOMBSTONES = Statement(
    sa.select(_STONE.key_id, _STONE.case_id, _STONE.person_id, _STONE.erased_at, _STONE.by).order_by(_STONE.key_id)
)
EMPTIED = ("case_member", "step", "document_chunk")
"""what an erased case has none of"""


def rows_for_checkpoint(view: Any) -> Rows:
    columns = columns_now()
    found = take(view, columns)
    return {
        "engine": view.kind, "columns": columns, "cases": found.cases, "persons": found.persons,
        "readers": found.readers, "erased": found.erased,
    }  # fmt: skip


def compare(view: Any, db: Database, heads: Heads, then: Rows | None, then_heads: Heads) -> Wrong | None:
    """The first thing that is wrong with the rows. Without a checkpoint every case is replayed."""
    if then is not None and not _comparable(view, then):
        then = None
    now = take(view, then["columns"] if then else columns_now(), then["readers"] if then else None)
    tx = Tx(view.kind, view.connection.cursor())
    stones = {stone.key_id: stone for stone in db.keys.tombstones()}
    # What was erased before the checkpoint must be as it was then; later erasures explain themselves.
    fresh = [stone for stone in stones.values() if then is None or stone.key_id not in then["erased"]]
    erased = {what: {str(stone.id) for stone in fresh if stone.what == what} for what in ("case", "person")}
    wrong = _unsigned(tx, stones) or (_gone(now, then) if then else None)
    if wrong:
        return wrong
    moved = {stream for stream, head in heads.items() if then_heads.get(stream, (0, b""))[0] < head[0]}
    return _cases(view, db, tx, now, then, moved, erased["case"]) or _persons(
        view, db, tx, now, then, moved, erased["person"]
    )


def _comparable(view: Any, then: Rows) -> bool:
    """A checkpoint of the other engine, or of tables that are gone, says nothing of these rows."""
    return then["engine"] == view.kind and all(
        table in METADATA.tables and set(names) <= set(METADATA.tables[table].c.keys())
        for table, names in then["columns"].items()
    )


def _unsigned(tx: Tx, signed: dict[str, Tombstone]) -> Wrong | None:
    """Every erasure in the database must be one that the key store signed, word for word."""
    for key_id, case_id, person_id, erased_at, by in tx.all(_TOMBSTONES, {}):
        stone = signed.get(key_id)
        what, number = ("case", case_id) if person_id is None else ("person", person_id)
        said = None if stone is None else (stone.what, stone.id, dt.datetime.fromisoformat(stone.at), stone.by)
        if said != (what, number, erased_at, by) or (case_id is None) == (person_id is None):
            return "partnership", f"an erasure of key {key_id} that nobody signed like this"
    return None


def _gone(now: Taken, then: Rows) -> Wrong | None:
    """What is only ever added to is still there."""
    if set(then["erased"]) - set(now.erased):
        return "partnership", "an erasure is missing"
    for staff, (count, digest) in then["readers"].items():
        if now.readers.get(staff) != [count, digest]:
            return f"reads:{staff}", "rows of the read log were changed or removed"
    for case_id, (ref, *_) in then["cases"].items():
        if case_id not in now.cases:
            return f"case:{ref}", "the rows of the case were removed"
    for person_id in then["persons"]:
        if person_id not in now.persons:
            return "partnership", f"the row of person {person_id} was removed"
    return None


def _cases(
    view: Any, db: Database, tx: Tx, now: Taken, then: Rows | None, moved: set[str], erased: set[str]
) -> Wrong | None:
    for case_id, found in now.cases.items():
        known = then["cases"].get(case_id) if then else None
        if found == known:
            continue
        ref, _, fixed = found
        stream = f"case:{ref}"
        if case_id in erased:
            left = _left_of(view, int(case_id))
            if left:
                return stream, left
            continue
        if known is not None and (stream not in moved or fixed != known[2]):
            return stream, "rows were changed, and nothing happened in the case that says so"
        wrong = projection.wrong_case(tx, db, int(case_id)) if ref else "rows of a case that is not there"
        if wrong:
            return stream, wrong
    return None


def _left_of(view: Any, case_id: int) -> str:
    """What an erased case still has; between the key and the rows an erasure may have been interrupted, which repeats."""
    erased_at = view.rows("SELECT erased_at FROM release_case WHERE id = {0}", (case_id,))[0][0]
    if erased_at is None:
        return ""
    for table in EMPTIED:
        if view.rows(f"SELECT count(*) FROM {table} WHERE case_id = {{0}}", (case_id,)) != [(0,)]:
            return f"an erased case has rows in {table}"
    for table in OF_CASES:
        if "sealed" in METADATA.tables[table].c and table not in EMPTIED:
            query = f"SELECT count(*) FROM {table} WHERE case_id = {{0}} AND sealed IS NOT NULL"
            if view.rows(query, (case_id,)) != [(0,)]:
                return f"an erased case has content in {table}"
    return ""


def _grew(known: list[Any], found: list[Any], *, is_erased: bool) -> bool:
    """What never changes in a person is the same, and none of the identities went, but by an erasure."""
    return bool(found[1] == known[1]) and (is_erased or set(known[2]) <= set(found[2]))


def _persons(
    view: Any, db: Database, tx: Tx, now: Taken, then: Rows | None, moved: set[str], erased: set[str]
) -> Wrong | None:
    query = "SELECT person_id, ref FROM release_case WHERE person_id IS NOT NULL"
    with_news = {str(person_id) for person_id, ref in view.rows(query) if f"case:{ref}" in moved}
    for person_id, found in now.persons.items():
        known = then["persons"].get(person_id) if then else None
        if found == known:
            continue
        is_erased = person_id in erased
        explained = person_id in with_news or is_erased
        if known is not None and not (explained and _grew(known, found, is_erased=is_erased)):
            return (
                "partnership",
                f"the rows of person {person_id} were changed, and nothing happened in a case of theirs",
            )
        wrong = projection.wrong_person(tx, db, int(person_id), is_erased=is_erased)
        if wrong:
            return "partnership", f"{wrong} (person {person_id})"
    return None
