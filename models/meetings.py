"""Meetings of the partnership, their agenda, and what was decided."""

import datetime as dt

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from models.base import Row
from models.columns import Moment, json_column, one_of


class Meeting(Row, table=True):
    __table_args__ = (UniqueConstraint("series", "held_on"),)
    id: int | None = Field(default=None, primary_key=True)
    series: str
    """the series' key in the protocol file"""
    held_on: dt.date
    status: str = Field(default="planned", sa_type=one_of("planned", "held", "cancelled"))
    attendees: list[str] = Field(default_factory=list, sa_type=json_column())


class AgendaItem(Row, table=True):
    __table_args__ = (UniqueConstraint("meeting_id", "case_id", "occurrence"), Index(None, "case_id"))
    id: int | None = Field(default=None, primary_key=True)
    meeting_id: int = Field(foreign_key="meeting.id")
    case_id: int = Field(foreign_key="release_case.id")
    occurrence: str | None = None
    position: int = 0
    proposed_by: str = ""
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class Decision(Row, table=True):
    __table_args__ = (Index(None, "case_id"),)
    id: int | None = Field(default=None, primary_key=True)
    agenda_item_id: int | None = Field(default=None, foreign_key="agenda_item.id")
    case_id: int = Field(foreign_key="release_case.id")
    decided_on: dt.date
    decided_by: str
    action_by: str | None = None
    action_due: dt.date | None = None
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    recorded_at: dt.datetime = Field(sa_type=Moment)
