"""Long work that somebody asked for on a page, and what came of it."""

import datetime as dt
from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field

from models.base import Row
from models.columns import Moment, json_column


class Job(Row, table=True):
    """One piece of long work. Nothing here is about a person concerned."""

    __table_args__ = (Index(None, "kind", "started_at"),)
    id: str = Field(primary_key=True, max_length=24)
    kind: str = Field(max_length=20)
    by: str = Field(foreign_key="staff.id")
    started_at: dt.datetime = Field(sa_type=Moment)
    beat_at: dt.datetime = Field(sa_type=Moment)
    """real time: a job that is silent for long was interrupted"""
    done: int = 0
    total: int = 0
    """how far it is; 0: nobody knows how much there is"""
    finished_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    given: bytes | None = Field(default=None, sa_type=LargeBinary)
    """the file that came with it"""
    result: dict[str, Any] | None = Field(default=None, sa_type=json_column())
