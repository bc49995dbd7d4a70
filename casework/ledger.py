"""The ledger: what happened, append-only, one hash chain per stream.

A canonical entry is one blob: the hash of the entry before it (32 bytes), a plain header in one line of JSON (stream,
seq, recorded_at, by, command), a line feed, and the body. The body of a case's entry is sealed under the key of the
case, bound to its stream and seq. The hash is SHA-256 over the blob, so over the *ciphertext*: when the key is
destroyed the person is erased and the chain still verifies, and verifying hashes exactly what is stored.
"""

import datetime as dt
import json
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework.sealing import Sealer, seal, unseal
from casework.statements import Statement, Tx
from models.base import table_of
from models.ledger import LedgerEntry, LedgerStream

GENESIS = bytes(32)
"""what the first entry of a stream follows"""
HASH_BYTES = 32
PARTNERSHIP = "partnership"
"""the stream of what concerns no single case: protocols, staff, closing days, erasures"""

_ENTRY = table_of(LedgerEntry)
_STREAM = table_of(LedgerStream)
_p = sa.bindparam

INSERT = Statement(sa.insert(_ENTRY).values({name: _p(name) for name in ("stream", "seq", "entry", "hash")}))
_ENTRIES = Statement(
    sa.select(_ENTRY.c.seq, _ENTRY.c.entry)
    .where(_ENTRY.c.stream == _p("stream"), _ENTRY.c.seq > _p("after"))
    .order_by(_ENTRY.c.seq)
)
_ONE = Statement(sa.select(_ENTRY.c.entry).where(_ENTRY.c.stream == _p("stream"), _ENTRY.c.seq == _p("seq")))
_HEAD = Statement(sa.select(_STREAM.c.seq, _STREAM.c.hash).where(_STREAM.c.stream == _p("stream")).with_for_update())
_MOVE_HEAD = Statement(sa.update(_STREAM).where(_STREAM.c.stream == _p("which")).values(seq=_p("seq"), hash=_p("hash")))
_NEW = {"stream": _p("stream"), "seq": 0, "hash": _p("hash")}
_NEW_STREAM = Statement(
    sqlite_insert(_STREAM).values(_NEW).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_STREAM).values(_NEW).on_conflict_do_nothing(),
)


class Head(NamedTuple):
    """The last entry of a stream."""

    seq: int
    hash: bytes


class Header(NamedTuple):
    """What is plain in an entry: when, by whom, which kind of command. Never what was in it."""

    stream: str
    seq: int
    recorded_at: dt.datetime
    by: str
    command: str


NEW_STREAM = Head(0, GENESIS)


def case_stream(ref: str) -> str:
    return f"case:{ref}"


def reads_stream(staff: str) -> str:
    return f"reads:{staff}"


def place(stream: str, seq: int) -> bytes:
    """What a sealed body is bound to."""
    return f"{stream}#{seq}".encode()


@lru_cache(maxsize=4096)
def _quoted(word: str) -> str:
    return json.dumps(word)


def compose(before: Head, stream: str, at: dt.datetime, by: str, command: str, body: bytes) -> tuple[Head, bytes]:
    """The canonical entry that follows `before`, and the head it makes. `body` is sealed already where it must be."""
    seq = before.seq + 1
    moment = at.astimezone(dt.UTC).isoformat()
    header = (
        f'{{"stream":{_quoted(stream)},"seq":{seq},"at":"{moment}","by":{_quoted(by)},"command":{_quoted(command)}}}'
    )
    entry = b"%b%b\n%b" % (before.hash, header.encode(), body)
    return Head(seq, sha256(entry).digest()), entry


def read(entry: bytes) -> tuple[Header, bytes]:
    """Header and body of a canonical entry."""
    header, _, body = entry[HASH_BYTES:].partition(b"\n")
    fields = json.loads(header)
    recorded_at = dt.datetime.fromisoformat(fields["at"])
    return Header(fields["stream"], fields["seq"], recorded_at, fields["by"], fields["command"]), body


def sealed_body(key: Sealer, stream: str, seq: int, content: bytes) -> bytes:
    return seal(key, content, place(stream, seq))


def open_body(key: Sealer, header: Header, body: bytes) -> bytes:
    """The content of a sealed entry. Raises SealBroken."""
    return unseal(key, body, place(header.stream, header.seq))


def append(tx: Tx, head: Head, entry: bytes, stream: str) -> None:
    """Add an entry whose stream the caller holds locked."""
    tx.run(INSERT, {"stream": stream, "seq": head.seq, "entry": entry, "hash": head.hash})


def append_to(tx: Tx, stream: str, at: dt.datetime, by: str, command: str, body: dict[str, object]) -> Head:
    """Add an entry to a stream that is not a case; its body is plain and holds opaque ids only."""
    found = tx.one(_HEAD, {"stream": stream})
    if found is None:
        tx.run(_NEW_STREAM, {"stream": stream, "hash": GENESIS})
        found = tx.one(_HEAD, {"stream": stream})
        assert found is not None
    content = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    head, entry = compose(Head(found[0], bytes(found[1])), stream, at, by, command, content)
    append(tx, head, entry, stream)
    tx.run(_MOVE_HEAD, {"which": stream, "seq": head.seq, "hash": head.hash})
    return head


def entries(tx: Tx, stream: str, after: int = 0) -> list[tuple[Header, bytes]]:
    """The entries of a stream in order, header and body, after a sequence number."""
    return [read(bytes(entry)) for _seq, entry in tx.all(_ENTRIES, {"stream": stream, "after": after})]


def entry(tx: Tx, stream: str, seq: int) -> tuple[Header, bytes] | None:
    found = tx.one(_ONE, {"stream": stream, "seq": seq})
    return read(bytes(found[0])) if found else None
