"""Digests of the rows that say how cases stand now, so that a checkpoint can vouch for them too.

The ledger's chain protects what happened, not the rows that people list and sort. So a checkpoint holds one digest
per case, one per person and one per reader of the read log. A case that got no ledger entry since must have the same
rows; one that moved on is held against a replay of its ledger (casework/projection.py).
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple, TypedDict

from models.base import METADATA

OF_CASES = {
    "release_case": "id", "case_member": "case_id", "step": "case_id", "item": "case_id", "sharing_decision": "case_id",
    "document": "case_id", "document_chunk": "case_id", "restriction": "case_id",
}  # fmt: skip
OF_PERSONS = {"person": "id", "person_identity": "person_id"}
WITHOUT_AN_ENTRY = {"release_case": {"judged", "notified_at"}}
"""Columns that move without an entry in the case's ledger: bookkeeping, not what is the case."""

FIXED = ["ref", "protocol", "person_id", "key_id", "prison", "opened_at", "follows"]
"""of a case, whatever happens in it"""

FIXED_OF_A_PERSON = ["key_id", "added_at"]

Columns = dict[str, list[str]]


class Rows(TypedDict):
    """What a checkpoint says of the rows. `columns`: those that it knew; a later version has more."""

    engine: str
    columns: Columns
    cases: dict[str, list[str]]
    """id of the case → its number, the digest of its rows, and that of what never changes in a case"""
    persons: dict[str, list[Any]]
    """id of the person → the digest of the rows, that of what never changes, and one per identity"""
    readers: dict[str, list[Any]]
    """staff id → how many lines of the read log, and their digest"""
    erased: list[str]
    """keys of which the database said that they were destroyed"""


class Taken(NamedTuple):
    """The rows as they are now."""

    cases: dict[str, list[str]]
    persons: dict[str, list[Any]]
    readers: dict[str, list[Any]]
    """as they stand; a reader with more lines than a checkpoint has is compared up to there"""
    erased: list[str]


def columns_now() -> Columns:
    tables = (*OF_CASES, *OF_PERSONS)
    return {
        name: [c.name for c in METADATA.tables[name].columns if c.name not in WITHOUT_AN_ENTRY.get(name, set())]
        for name in tables
    }


def take(view: Any, columns: Columns, upto: dict[str, list[Any]] | None = None) -> Taken:
    """Read every row once, in one consistent view, in an order that does not depend on the server's language."""
    refs = {str(case_id): ref for case_id, ref in view.rows("SELECT id, ref FROM release_case")}
    cases: dict[str, bytes] = dict.fromkeys(refs, b"")
    for table, key in OF_CASES.items():
        _fold(view, cases, table, key, columns)
    persons: dict[str, bytes] = {}
    for table, key in OF_PERSONS.items():
        _fold(view, persons, table, key, columns)
    erased = [key_id for (key_id,) in view.rows("SELECT key_id FROM tombstone ORDER BY key_id")]
    fixed = {owner: sha256(row).hexdigest() for owner, row in rows_of(view, "release_case", "id", FIXED)}
    found = {
        case_id: [refs.get(case_id, ""), digest.hex(), fixed.get(case_id, "")] for case_id, digest in cases.items()
    }
    return Taken(found, _persons(view, persons, columns), _readers(view, upto), erased)


def _persons(view: Any, digests: dict[str, bytes], columns: Columns) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {person: [digest.hex(), "", []] for person, digest in digests.items()}
    for person, row in rows_of(view, "person", "id", FIXED_OF_A_PERSON):
        found[person][1] = sha256(row).hexdigest()
    for person, row in rows_of(view, "person_identity", "person_id", columns["person_identity"]):
        found[person][2].append(sha256(row).hexdigest())
    return found


def _fold(view: Any, digests: dict[str, bytes], table: str, key: str, columns: Columns) -> None:
    name = table.encode()
    for owner, row in rows_of(view, table, key, columns.get(table, [])):
        digests[owner] = sha256(b"%b\0%b\0%b" % (digests.get(owner, b""), name, row)).digest()


def rows_of(view: Any, table: str, key: str, columns: list[str]) -> Iterator[tuple[str, bytes]]:
    """Whose row it is, and the row as bytes."""
    if not columns:
        return
    order = [key, *(c.name for c in METADATA.tables[table].primary_key.columns if c.name != key)]
    if view.kind == "sqlite":
        picked = ", ".join(f'"{name}"' for name in columns)
        query = f"SELECT {key}, {picked} FROM {table} ORDER BY {', '.join(order)}"
        for owner, *row in view.stream(query):
            yield str(owner), repr(row).encode()
        return
    # The server puts a row into words faster than the driver takes it apart.
    textual = {c.name for c in METADATA.tables[table].columns if str(c.type).startswith("VARCHAR")}
    sorted_by = ", ".join(f'"{name}" COLLATE "C"' if name in textual else f'"{name}"' for name in order)
    picked = ", ".join(f'"{name}"' for name in columns)
    for owner, row in view.stream(f"SELECT {key}, ROW({picked})::text FROM {table} ORDER BY {sorted_by}"):
        yield str(owner), row.encode()


def _readers(view: Any, upto: dict[str, list[Any]] | None) -> dict[str, list[Any]]:
    """Lines are only ever added to the read log, a reader's one after the other: up to a line they stay the same."""
    counts: dict[str, int] = {}
    digests: dict[str, bytes] = {}
    columns = [c.name for c in METADATA.tables["access_entry"].columns]
    for staff, row in _access_rows(view, columns):
        if upto is not None and counts.get(staff, 0) >= upto.get(staff, [0])[0]:
            continue
        counts[staff] = counts.get(staff, 0) + 1
        digests[staff] = sha256(digests.get(staff, b"") + row).digest()
    return {staff: [counts[staff], digests[staff].hex()] for staff in counts}


def _access_rows(view: Any, columns: list[str]) -> Iterator[tuple[str, bytes]]:
    picked = ", ".join(f'"{name}"' for name in columns)
    if view.kind == "sqlite":
        for staff, *row in view.stream(f"SELECT staff, {picked} FROM access_entry ORDER BY id"):
            yield staff, repr(row).encode()
    else:
        for staff, row in view.stream(f"SELECT staff, ROW({picked})::text FROM access_entry ORDER BY id"):
            yield staff, row.encode()
