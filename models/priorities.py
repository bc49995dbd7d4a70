"""The dated list of agreed priorities, and how often each applied. Nothing here refers to a case."""

import datetime as dt

from sqlmodel import Field

from models.base import Row
from models.columns import Moment, json_column


class Priority(Row, table=True):
    """A priority that was agreed politically, from one day to another."""

    id: str = Field(primary_key=True, max_length=20)
    name: dict[str, str] = Field(default_factory=dict, sa_type=json_column())
    """per language"""
    from_on: dt.date
    until_on: dt.date | None = None
    """the last day; None: until another decision"""
    decided_by: str
    changed_at: dt.datetime = Field(sa_type=Moment)


class PriorityCount(Row, table=True):
    """In how many mandate checks of a quarter a priority applied. A figure: no case, no day, no person."""

    priority: str = Field(primary_key=True, foreign_key="priority.id")
    quarter: str = Field(primary_key=True, max_length=7)
    """2026-Q4"""
    n: int
