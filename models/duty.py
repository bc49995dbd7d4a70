"""Who is phoned about urgent late work: a rota of weeks, a phone list behind it, and the emergency number."""

import datetime as dt

from sqlmodel import Field

from models.base import Row
from models.columns import Moment


class DutyWeek(Row, table=True):
    """Who is on duty in the week that begins on this Monday, and who is next."""

    monday: dt.date = Field(primary_key=True)
    first: str = Field(foreign_key="staff.id")
    second: str | None = Field(default=None, foreign_key="staff.id")
    changed_at: dt.datetime = Field(sa_type=Moment)


class DutyPhone(Row, table=True):
    """A place in the phone list: for weeks that nobody filled in, and behind those who are on duty."""

    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    staff: str = Field(foreign_key="staff.id", unique=True)


class DutyNumber(Row, table=True):
    """A number that belongs to a role, not to a person."""

    role: str = Field(primary_key=True, max_length=40)
    """a line of the phone list in the protocol file, such as the mayor's emergency number"""
    number: str
    changed_at: dt.datetime = Field(sa_type=Moment)
