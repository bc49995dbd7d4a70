"""The calendar that somebody's own calendar program subscribes to."""

import datetime as dt

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment


class CalendarLink(Row, table=True):
    """One secret address per member of staff. Only its hash is kept. Real time."""

    __table_args__ = clustered()
    staff: str = Field(primary_key=True, foreign_key="staff.id", max_length=40)
    digest: bytes = Field(unique=True, sa_type=LargeBinary)
    made_at: dt.datetime = Field(sa_type=Moment)
    used_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """when a program fetched it last, to the hour"""
