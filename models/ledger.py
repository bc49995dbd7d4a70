"""What happened, append-only: one hash chain per stream."""

import datetime as dt

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment


class LedgerEntry(Row, table=True):
    """`entry` is the canonical entry as one blob, so that verifying hashes what is stored (casework/ledger.py)."""

    __table_args__ = (UniqueConstraint("stream", "seq"),)
    id: int | None = Field(default=None, primary_key=True)
    stream: str = Field(max_length=60)
    """`case:2026-014`, `reads:STAFF`, `partnership`"""
    seq: int
    entry: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class LedgerStream(Row, table=True):
    """The head of a stream that is not a case (a case carries its own head)."""

    __table_args__ = clustered()
    stream: str = Field(primary_key=True, max_length=60)
    seq: int
    hash: bytes = Field(sa_type=LargeBinary)


class AccessEntry(Row, table=True):
    """Who read what, and whether it was allowed: the searchable side of the `reads:` streams."""

    __table_args__ = (Index(None, "case_id", "at"), Index(None, "staff", "at"))
    id: int | None = Field(default=None, primary_key=True)
    staff: str = Field(max_length=40)
    case_id: int | None = Field(default=None, foreign_key="release_case.id")
    what: str
    allowed: bool
    reason: str = ""
    at: dt.datetime = Field(sa_type=Moment)


class Tombstone(Row, table=True):
    """An erasure, as the database knows it. The signed one is kept in the key store."""

    key_id: str = Field(primary_key=True, max_length=40)
    case_id: int | None = Field(default=None, foreign_key="release_case.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    erased_at: dt.datetime = Field(sa_type=Moment)
    by: str = ""


class KeyStore(Row, table=True):
    """The key store whose keys open what is sealed here: one row, written when the database is first opened."""

    public_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    since: dt.datetime = Field(sa_type=Moment)
