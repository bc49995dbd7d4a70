"""What is to be done outside, in the same transaction as its cause; and what came in."""

import datetime as dt
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment, json_column


class Outbox(Row, table=True):
    """A message, a flow trigger, an erasure … with opaque ids only. Delivered at least once."""

    __table_args__ = (
        Index(
            "ix_outbox_unsettled",
            "available_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    dedupe_key: str = Field(unique=True, max_length=160)
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    created_at: dt.datetime = Field(sa_type=Moment)
    available_at: dt.datetime = Field(sa_type=Moment)
    leased_until: dt.datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0
    settled_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    dead: bool = False
    """given up: settled without success, shown to the coordinator"""
    fault: str = ""
    """the kind of failure, never its text: that could quote a person"""


class ImportFile(Row, table=True):
    """A file, request or page that was read in."""

    id: int | None = Field(default=None, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, unique=True)
    source: str
    by: str
    rows: int = 0
    received_at: dt.datetime = Field(sa_type=Moment)


class ImportRow(Row, table=True):
    """A notification that had its effect, as an HMAC: the same one again changes nothing."""

    __table_args__ = clustered()
    row_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    case_id: int = Field(foreign_key="release_case.id")
    outcome: str
    source: str = ""
    received_at: dt.datetime = Field(sa_type=Moment)
