"""Files of a case: visit permissions, signed plans, letters. Sealed in the database, beside the ledger that knows them.

They stand in the database and not in a folder: a file then commits together with its ledger entry, is in every backup,
stands behind the same door, and is erased with its case on both engines.
"""

import datetime as dt

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field

from models.base import Row
from models.columns import Moment, json_column, one_of
from models.sharing import HANDLING, REGIMES


class Document(Row, table=True):
    """One file. Title, file name, purpose and kind are sealed; plain is only what decides who may see it."""

    __table_args__ = (Index(None, "case_id", "recorded_at"),)
    id: str = Field(primary_key=True, max_length=24)
    case_id: int = Field(foreign_key="release_case.id")
    item: str
    """the kind of item in the protocol's visibility matrix"""
    handling: str = Field(default="case_team", sa_type=one_of(*HANDLING))
    regime: str = Field(default="gdpr", sa_type=one_of(*REGIMES))
    named: list[str] = Field(default_factory=list, sa_type=json_column())
    author: str
    size: int
    chunks: int
    recorded_at: dt.datetime = Field(sa_type=Moment)
    restricted_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    removed_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class DocumentChunk(Row, table=True):
    """A piece of a file, sealed for its place in it: no piece can be swapped, left out or moved to another file."""

    __table_args__ = (Index(None, "case_id"),)
    document: str = Field(primary_key=True, foreign_key="document.id", max_length=24)
    n: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    case_id: int = Field(foreign_key="release_case.id")
    sealed: bytes = Field(sa_type=LargeBinary)
