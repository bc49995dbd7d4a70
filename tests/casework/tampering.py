"""Somebody with the superuser's password who edits, deletes, swaps, cuts and puts back, knowing how it all works."""

import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher

from casework import documents, erasure
from casework.db import Database, database_key
from casework.documents import New
from casework.ledger import HASH_BYTES
from casework.projection import WHOSE
from casework.reading import case_for, history
from casework.rows import PLAIN_COLUMNS, STEP_COLUMNS
from casework.sqlite import open_sqlite
from casework.state_rows import FIXED, columns_now
from casework.verify import checkpoint, verify
from models.base import METADATA
from tests.casework import file_examples as files
from tests.casework.helpers import T0, assigned_case, mandated_case, new_case
from tests.personas import CORA, DANA, LENA

REFUSED = (psycopg.Error, sqlcipher.Error)
HISTORY = ("ledger_entry", "ledger_stream", "access_entry", "tombstone")
TABLES = (*columns_now(), *HISTORY)
OF_A_MOVED_CASE = {
    "release_case": [
        name for name in (*PLAIN_COLUMNS, *FIXED, "snapshot", "snapshot_seq", "version") if name != "ended_at"
    ],
    "step": ["step", "n", *(name for name in STEP_COLUMNS if name not in WHOSE)],
    "document": ["item", "handling", "named", "author", "size", "chunks", "sealed"],
    "document_chunk": ["sealed"],
}
"""what a replay of its ledger can tell of a case that moved on after the checkpoint"""
MOVED = 2


def lived_in(db: Database, file: Path) -> None:
    """A few cases, a reader, files, an erasure; a checkpoint; then a case that moves on."""
    for number in (1, 2, 3):
        assigned_case(db, number)
    erased = mandated_case(db, 4)
    new_case(db, 5)
    for ref in ("2026-001", "2026-002"):
        for number in (1, 2):
            new = New(f"Letter {number}", "to plan", "logistics")
            documents.add(db, LENA, ref, new, "letter.pdf", files.PDF, f"{ref}-{number}", T0)
        case_for(db, LENA, ref, T0)
        history(db, CORA, ref, T0)
    erasure.erase(db, erased.case_id, DANA, T0)
    checkpoint(db, file, T0)
    documents.add(db, LENA, "2026-002", New("Late", "to plan", "logistics"), "late.pdf", files.PDF, "late", T0)
    new_case(db, 6)


class Tamperer:
    """Works on tables directly; what is there at the start can be put back."""

    def __init__(self, db: Database, superuser_url: str | None, seed: int) -> None:
        self.db, self.random = db, random.Random(seed)
        self.sqlite = superuser_url is None
        if superuser_url is None:
            self.connection: Any = open_sqlite(db.settings.database_file, database_key(db.settings))
            self.run("PRAGMA foreign_keys = OFF")
            for (name,) in self.all("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                self.run(f"DROP TRIGGER {name}")
        else:
            self.connection = psycopg.connect(superuser_url, autocommit=True)
            self.run("SET session_replication_role = replica")  # no trigger, no foreign key
        for table in TABLES:
            self.run(f"CREATE TABLE saved_{table} AS SELECT * FROM {table}")

    def run(self, query: str, *values: Any) -> Any:
        return self.connection.execute(query if self.sqlite else query.replace("%", "%%").replace("?", "%s"), values)

    def all(self, query: str, *values: Any) -> list[Any]:
        return list(self.run(query, *values).fetchall())

    def put_back(self) -> None:
        self.run("BEGIN")
        for table in TABLES:
            self.run(f"DELETE FROM {table}")
            self.run(f"INSERT INTO {table} SELECT * FROM saved_{table}")
        self.run("COMMIT")

    def is_changed(self) -> bool:
        def differs(table: str) -> bool:
            counts = [self.all(f"SELECT count(*) FROM {name}")[0][0] for name in (table, f"saved_{table}")]
            names = (
                ", ".join(f'CAST("{c.name}" AS text)' for c in METADATA.tables[table].columns)
                if not self.sqlite
                else "*"
            )
            more = self.all(f"SELECT {names} FROM {table} EXCEPT SELECT {names} FROM saved_{table}")
            return counts[0] != counts[1] or bool(more)

        return any(differs(table) for table in TABLES)

    # --- what can be done -------------------------------------------------------------------------------------------

    def tamper(self) -> str:
        """One random change that the database lets through and that changes something; what it was."""
        ways: list[Callable[[], str]] = [
            self.edit, self.edit, self.edit, self.edit_moved, self.delete, self.swap, self.swap, self.reorder, self.cut,
            self.remove_stream, self.empty, self.repeat, self.rewrite, self.move_content,
        ]  # fmt: skip
        while True:
            self.run("BEGIN")
            try:
                words = self.random.choice(ways)()
            except REFUSED:
                self.connection.rollback()
                continue
            if words and self.is_changed():
                self.run("COMMIT")
                return words
            self.connection.rollback()

    def _columns(self, table: str) -> list[str]:
        return columns_now().get(table) or [c.name for c in METADATA.tables[table].columns]

    def _keys(self, table: str, where: str = "1 = 1") -> list[dict[str, Any]]:
        names = [c.name for c in METADATA.tables[table].primary_key.columns]
        rows = self.all(f"SELECT {', '.join(names)} FROM {table} WHERE {where}")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _where(self, key: dict[str, Any]) -> tuple[str, list[Any]]:
        return " AND ".join(f'"{name}" = ?' for name in key), list(key.values())

    def _set(self, table: str, key: dict[str, Any], column: str, value: Any) -> None:
        where, values = self._where(key)
        self.run(f'UPDATE {table} SET "{column}" = ? WHERE {where}', value, *values)

    def _get(self, table: str, key: dict[str, Any], column: str) -> Any:
        where, values = self._where(key)
        return self.all(f'SELECT "{column}" FROM {table} WHERE {where}', *values)[0][0]

    def _unmoved(self, table: str) -> str:
        """The rows that the checkpoint vouches for as they are."""
        own = {"release_case": "id", "person": "id"}.get(
            table, "case_id" if "case_id" in METADATA.tables[table].c else ""
        )
        if table in HISTORY or not own:
            return "1 = 1" if table != "person_identity" else "person_id <= 5"
        return f"{own} <= 5" if table == "person" else f"{own} NOT IN ({MOVED}, 6)"

    def edit(self) -> str:
        table = self.random.choice(TABLES)
        return self._edit(table, self._columns(table), self._unmoved(table))

    def edit_moved(self) -> str:
        table = self.random.choice(list(OF_A_MOVED_CASE))
        key = "id" if table == "release_case" else "case_id"
        return self._edit(table, OF_A_MOVED_CASE[table], f"{key} = {MOVED}")

    def _edit(self, table: str, columns: list[str], where: str) -> str:
        keys = self._keys(table, where)
        if not keys:
            return ""
        column, key = self.random.choice(columns), self.random.choice(keys)
        value = self._get(table, key, column)
        others = [row[0] for row in self.all(f'SELECT "{column}" FROM {table}') if row[0] != value]
        new = self.random.choice(others) if others and self.random.random() < 0.5 else self._other(table, column, value)
        if isinstance(new, list | dict):
            new = json.dumps(new)
        self._set(table, key, column, new)
        return f"{table}.{column} of {key} edited"

    def _other(self, table: str, column: str, value: Any) -> Any:
        kind = METADATA.tables[table].c[column].type
        if isinstance(kind, sa.LargeBinary):
            content = bytearray(bytes(value or b"x"))
            content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
            return bytes(content)
        if isinstance(kind, sa.JSON):
            return ["s-omar"]
        if isinstance(kind, sa.Boolean):
            return (1 - int(value)) if self.sqlite else not value
        if isinstance(kind, sa.Integer):
            return int(value or 0) + self.random.randint(1, 3)
        if isinstance(value, dt.datetime | dt.date):
            return value + dt.timedelta(days=1)
        if "DATE" in str(kind):
            return (value or "2026-11-1")[:-1] + "7" if self.sqlite else dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
        return f"{value or 'x'}"[:9] + "z"

    def delete(self) -> str:
        table = self.random.choice(TABLES)
        keys = self._keys(table, self._unmoved(table))
        if not keys:
            return ""
        key = self.random.choice(keys)
        where, values = self._where(key)
        self.run(f"DELETE FROM {table} WHERE {where}", *values)
        return f"{table} {key} deleted"

    def swap(self) -> str:
        """The content of two rows changes places: between two cases, two persons, two places in a chain."""
        table = self.random.choice(TABLES)
        keys = self._keys(table, self._unmoved(table))
        primary = {c.name for c in METADATA.tables[table].primary_key.columns}
        columns = [name for name in self._columns(table) if name not in primary]
        if len(keys) < 2 or not columns:
            return ""
        one, other = self.random.sample(keys, 2)
        some = self.random.sample(columns, self.random.randint(1, len(columns)))
        if "sealed" in columns and self.random.random() < 0.5:
            some = [name for name in ("key_id", "sealed", "name_index") if name in columns]
        for column in some:
            first, second = self._get(table, one, column), self._get(table, other, column)
            for key, value in ((one, second), (other, first)):
                self._set(table, key, column, json.dumps(value) if isinstance(value, list) else value)
        return f"{table}: {some} of {one} and {other} swapped"

    def _streams(self) -> list[str]:
        return [row[0] for row in self.all("SELECT DISTINCT stream FROM ledger_entry ORDER BY stream")]

    def reorder(self) -> str:
        stream = self.random.choice(self._streams())
        entries = self.all("SELECT id, seq FROM ledger_entry WHERE stream = ?", stream)
        if len(entries) < 2:
            return ""
        (one, first), (other, second) = self.random.sample(entries, 2)
        for row, seq in ((one, -1), (other, first), (one, second)):
            self.run("UPDATE ledger_entry SET seq = ? WHERE id = ?", seq, row)
        return f"entries {first} and {second} of {stream} changed places"

    def _mend_head(self, stream: str, seq: int, digest: bytes) -> None:
        if stream.startswith("case:"):
            self.run("UPDATE release_case SET head_seq = ?, head_hash = ? WHERE ref = ?", seq, digest, stream[5:])
        else:
            self.run("UPDATE ledger_stream SET seq = ?, hash = ? WHERE stream = ?", seq, digest, stream)

    def _signed_streams(self) -> list[str]:
        """Streams of which the checkpoint knows every entry."""
        return [stream for stream in self._streams() if stream not in (f"case:2026-00{MOVED}", "case:2026-006")]

    def cut(self) -> str:
        """The tail goes, and the head is mended so that the chain looks whole."""
        stream = self.random.choice(self._signed_streams())
        entries = self.all("SELECT seq, hash FROM ledger_entry WHERE stream = ? ORDER BY seq", stream)
        if len(entries) < 2:
            return ""
        seq, digest = self.random.choice(entries[:-1])
        self.run("DELETE FROM ledger_entry WHERE stream = ? AND seq > ?", stream, seq)
        self._mend_head(stream, seq, bytes(digest))
        return f"{stream} cut after {seq}, its head mended"

    def remove_stream(self) -> str:
        """A whole stream goes, with everything that would tell of it."""
        stream = self.random.choice(self._signed_streams())
        self.run("DELETE FROM ledger_entry WHERE stream = ?", stream)
        self.run("DELETE FROM ledger_stream WHERE stream = ?", stream)
        if stream.startswith("case:"):
            (case_id,) = self.all("SELECT id FROM release_case WHERE ref = ?", stream[5:])[0]
            for table in TABLES:
                if "case_id" in METADATA.tables[table].c:
                    self.run(f"DELETE FROM {table} WHERE case_id = ?", case_id)
            self.run("DELETE FROM release_case WHERE id = ?", case_id)
        return f"{stream} removed as a whole"

    def empty(self) -> str:
        table = self.random.choice(TABLES)
        self.run(f"DELETE FROM {table}")
        return f"{table} emptied"

    def repeat(self) -> str:
        """An entry is written once more, behind the last one of its stream."""
        stream = self.random.choice(self._streams())
        (last,) = self.all("SELECT max(seq) FROM ledger_entry WHERE stream = ?", stream)[0]
        seq = self.random.randint(1, last)
        self.run(
            "INSERT INTO ledger_entry (id, stream, seq, entry, hash) SELECT (SELECT max(id) + 1 FROM ledger_entry), "
            "stream, ?, entry, hash FROM ledger_entry WHERE stream = ? AND seq = ?", last + 1, stream, seq,
        )  # fmt: skip
        return f"entry {seq} of {stream} repeated"

    def rewrite(self) -> str:
        """An entry is changed, and every hash after it and the head are made to fit."""
        stream = self.random.choice(self._signed_streams())
        rows = self.all("SELECT id, entry FROM ledger_entry WHERE stream = ? ORDER BY seq", stream)
        start = self.random.randrange(len(rows))
        link = b""
        for number, (row, stored) in enumerate(rows):
            entry = bytes(stored)
            if number == start:
                entry = entry[:-1] + bytes([entry[-1] ^ 1])
            elif number > start:
                entry = link + entry[HASH_BYTES:]
            link = sha256(entry).digest()
            self.run("UPDATE ledger_entry SET entry = ?, hash = ? WHERE id = ?", entry, link, row)
        self._mend_head(stream, len(rows), link)
        return f"{stream} rewritten from entry {start + 1}, its head mended"

    def move_content(self) -> str:
        """Rows of one case are given to another."""
        table = self.random.choice(["case_member", "step", "document", "document_chunk"])
        self.run(f"UPDATE {table} SET case_id = 3 WHERE case_id = 1")
        return f"{table} of case 1 given to case 3"

    def close(self) -> None:
        self.connection.close()


def found_in(db: Database, file: Path, tamperer: Tamperer, times: int, clean_every: int = 10) -> Iterator[str]:
    """Tamper, verify, put back; the changes that went unseen, and false alarms on what was put back."""
    for number in range(times):
        words = tamperer.tamper()
        if verify(db, file)["intact"]:
            yield words
        tamperer.put_back()
        if number % clean_every == 0:
            clean = verify(db, file, state=True)
            if not clean["intact"]:
                yield f"false alarm after {words}: {clean['first_fault']}"
