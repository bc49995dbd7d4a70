"""Verifying the ledger: the chains by themselves, against the heads kept elsewhere, and against a signed checkpoint.

The chains show an entry that was changed, removed from the middle, or put in another order. The heads show a tail that
was cut and a stream that was removed, unless the heads were edited too: for that, checkpoints leave the machine. A
checkpoint vouches for the rows as well: those of cases that got no entry since must be the same, those of cases that
moved on are held against a replay. `state` holds every case against its replay, with or without a checkpoint.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypedDict

from casework import state_check
from casework.db import Database
from casework.guard import OPEN
from casework.ledger import GENESIS, HASH_BYTES, Head, case_stream
from casework.state_rows import Rows
from protocol.errors import Refused

BATCH = 2000
PORTION = 500
"""rows that PostgreSQL sends at once"""
_ALL = "SELECT stream, seq, entry, hash FROM ledger_entry ORDER BY id"
_CASE_HEADS = "SELECT ref, head_seq, head_hash FROM release_case"
_STREAM_HEADS = "SELECT stream, seq, hash FROM ledger_stream"
_HASH_AT = "SELECT hash FROM ledger_entry WHERE stream = {0} AND seq = {0}"

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, AssertionError, Refused)
"""what reading stored values can raise when somebody else wrote them"""

Progress = Callable[[int], None]
Heads = dict[str, tuple[int, bytes]]


class Fault(TypedDict):
    """The first thing wrong: where, and in which way."""

    stream: str
    seq: int
    fault: str
    """`changed`, `out of order`, `tail cut`, `stream removed`, `unknown stream`, `checkpoint: …`"""


class Verified(TypedDict):
    streams: int
    entries: int
    intact: bool
    first_fault: Fault | None


class _View:
    """One consistent view on the ledger through the bare driver; PostgreSQL sends the bytes as bytes."""

    def __init__(self, kind: str, connection: Any) -> None:
        self.kind = kind
        self.connection = connection

    def entries(self) -> Iterator[Any]:
        """Every entry in the order of writing. Long lists of rows would keep the garbage collector busy."""
        if self.kind == "sqlite":
            return iter(self.connection.execute(_ALL))
        cursor = self.connection.cursor("ledger", binary=True)
        cursor.execute(_ALL)
        return chain.from_iterable(iter(partial(cursor.fetchmany, PORTION), []))

    def stream(self, query: str) -> Iterator[Any]:
        """The rows of a query, a portion at a time; values as SQLAlchemy's driver gives them."""
        if self.kind == "sqlite":
            yield from self.connection.execute(query)
            return
        with self.connection.cursor("rows") as cursor:
            cursor.execute(query)
            while portion := cursor.fetchmany(PORTION):
                yield from portion

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        query = query.format("?" if self.kind == "sqlite" else "%s")
        return list(self.connection.execute(query, values).fetchall())


@contextmanager
def _view(db: Database) -> Iterator[_View]:
    raw = db.engine.raw_connection()
    connection: Any = raw.driver_connection
    repeatable = "BEGIN" if db.kind == "sqlite" else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
    try:
        connection.execute(repeatable)
        if db.kind == "postgresql":
            connection.execute(OPEN)
            for setting in ("TimeZone = 'UTC'", "bytea_output = 'hex'", "DateStyle = 'ISO'"):
                connection.execute(f"SET LOCAL {setting}")
        yield _View(db.kind, connection)
    finally:
        connection.rollback()
        raw.close()


def verify(
    db: Database, checkpoint: Path | None = None, progress: Progress | None = None, *, state: bool = False
) -> Verified:
    """Read every stored byte once. `progress` is told how many entries were read so far."""
    with _view(db) as view:
        heads, entries, fault = _followed(view, progress)
        fault = fault or _against_heads(view, heads)
        if checkpoint is not None:
            fault = fault or _against_checkpoint(view, heads, db, checkpoint)
        if state:
            fault = fault or _against_rows(view, db, heads, None, {})
    return {"streams": len(heads), "entries": entries, "intact": fault is None, "first_fault": fault}


def _against_rows(view: _View, db: Database, heads: Heads, then: Rows | None, then_heads: Heads) -> Fault | None:
    try:
        wrong = state_check.compare(view, db, heads, then, then_heads)
    except UNREADABLE:
        wrong = ("", "a row holds what casework never writes")
    return {"stream": wrong[0], "seq": heads.get(wrong[0], (0, b""))[0], "fault": wrong[1]} if wrong else None


def _followed(view: _View, progress: Progress | None) -> tuple[Heads, int, Fault | None]:
    try:
        return _follow(view, progress)
    except UNREADABLE:
        return {}, 0, {"stream": "", "seq": 0, "fault": "an entry holds what casework never writes"}


def _follow(view: _View, progress: Progress | None) -> tuple[Heads, int, Fault | None]:
    """Follow all chains at once, in the order of writing: within a stream that is the order of the chain."""
    heads: Heads = {}
    entries, fault = 0, None
    head_of, new, digest_of = heads.get, (0, GENESIS), sha256
    rows, before = view.entries(), -1
    while before != entries:
        before = entries
        for stream, seq, entry, digest in islice(rows, BATCH):
            last, link = head_of(stream, new)
            if seq != last + 1 or not entry.startswith(link) or digest_of(entry).digest() != digest:
                fault = fault or _what_is_wrong(stream, seq, entry, digest, last)
            elif not last and not _names(entry, stream):
                # The first entry says whose chain it is; every later one is tied to it by its hash.
                fault = fault or {"stream": stream, "seq": seq, "fault": "changed"}
            heads[stream] = (seq, digest)
            entries += 1
        if progress is not None:
            progress(entries)
    return heads, entries, fault


def _names(entry: bytes, stream: str) -> bool:
    return entry.startswith(b'{"stream":"%b","seq":1,' % stream.encode(), HASH_BYTES)


def _what_is_wrong(stream: str, seq: int, entry: bytes, digest: bytes, last: int) -> Fault:
    changed = seq == last + 1 and sha256(entry).digest() != digest
    return {"stream": stream, "seq": last + 1, "fault": "changed" if changed else "missing or out of order"}


def _against_heads(view: _View, heads: Heads) -> Fault | None:
    """Every stream must end where its case, or its row among the streams, says that it ends."""
    kept: Heads = {case_stream(ref): (seq, bytes(digest)) for ref, seq, digest in view.rows(_CASE_HEADS)}
    kept.update({stream: (seq, bytes(digest)) for stream, seq, digest in view.rows(_STREAM_HEADS)})
    for stream in sorted(kept.keys() | heads.keys()):
        fault = _compare(stream, kept.get(stream), heads.get(stream))
        if fault:
            return fault
    return None


def _compare(stream: str, kept: tuple[int, bytes] | None, found: tuple[int, bytes] | None) -> Fault | None:
    if kept == found or (found is None and kept is not None and kept[0] == 0):
        return None
    if found is None:
        return {"stream": stream, "seq": 0, "fault": "stream removed"}
    if kept is None:
        return {"stream": stream, "seq": 0, "fault": "unknown stream"}
    return {"stream": stream, "seq": found[0], "fault": "tail cut" if kept[0] > found[0] else "changed"}


# --- checkpoints ------------------------------------------------------------------------------------------------------


class CheckpointRefused(Exception):
    """A ledger with a fault is not signed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault['stream']}, entry {fault['seq']}: {fault['fault']}. Nothing was signed")
        self.fault = fault


def merkle_root(heads: Heads) -> bytes:
    """Root over the heads of all streams, sorted by name. Leaves and nodes are told apart by their first byte."""
    level = [
        sha256(b"\0%b\0%d\0%b" % (stream.encode(), seq, digest)).digest()
        for stream, (seq, digest) in sorted(heads.items())
    ]
    while len(level) > 1:
        paired = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) - len(level) % 2 :]
    return level[0] if level else GENESIS


def checkpoint(db: Database, file: Path, at: dt.datetime, progress: Progress | None = None) -> Verified:
    """Verify, then sign the heads of all streams into `file`. Keep it on another machine."""
    with _view(db) as view:
        heads, entries, fault = _followed(view, progress)
        fault = fault or _against_heads(view, heads)
        if fault:
            raise CheckpointRefused(fault)
        rows = state_check.rows_for_checkpoint(view)
    made_at = at.astimezone(dt.UTC).isoformat()
    root = merkle_root(heads)
    written = {
        "sluis_checkpoint": 2,
        "made_at": made_at,
        "entries": entries,
        "root": root.hex(),
        "heads": {stream: [seq, digest.hex()] for stream, (seq, digest) in sorted(heads.items())},
        "rows": rows,
        "public_key": db.keys.public_key.hex(),
        "signature": db.keys.sign(_signed(made_at, entries, root, rows)).hex(),
    }
    file.write_text(json.dumps(written, indent=1) + "\n")
    return {"streams": len(heads), "entries": entries, "intact": True, "first_fault": None}


def _signed(made_at: str, entries: int, root: bytes, rows: Rows) -> bytes:
    said = sha256(json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()).digest()
    return b"sluis checkpoint 2\0%b\0%d\0%b%b" % (made_at.encode(), entries, root, said)


def _against_checkpoint(view: _View, heads: Heads, db: Database, file: Path) -> Fault | None:
    """Every stream of the checkpoint must still be there, with the same entry at the same place, and the rows too."""
    try:
        written = json.loads(file.read_text())
        then = {stream: Head(int(seq), bytes.fromhex(digest)) for stream, (seq, digest) in written["heads"].items()}
        rows: Rows = written["rows"]
        message = _signed(written["made_at"], written["entries"], bytes.fromhex(written["root"]), rows)
        signature = bytes.fromhex(written["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        return {"stream": "", "seq": 0, "fault": "checkpoint: not a checkpoint that can be read"}
    if bytes.fromhex(written["root"]) != merkle_root({**then}) or not db.keys.is_signed(message, signature):
        return {"stream": "", "seq": 0, "fault": "checkpoint: not signed by this partnership"}
    return _against_signed_heads(view, heads, then) or _against_rows(view, db, heads, rows, {**then})


def _against_signed_heads(view: _View, heads: Heads, then: dict[str, Head]) -> Fault | None:
    for stream, head in sorted(then.items()):
        now = heads.get(stream)
        if now is None:
            return {"stream": stream, "seq": 0, "fault": "stream removed"}
        if now[0] < head.seq:
            return {"stream": stream, "seq": now[0], "fault": "tail cut"}
        if (now[1] if now[0] == head.seq else _hash_at(view, stream, head.seq)) != head.hash:
            return {"stream": stream, "seq": head.seq, "fault": "changed"}
    return None


def _hash_at(view: _View, stream: str, seq: int) -> bytes:
    found = view.rows(_HASH_AT, (stream, seq))
    return bytes(found[0][0]) if found else b""
