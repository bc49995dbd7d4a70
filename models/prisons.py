"""Prisons, as those who drive there need to know them. Nothing here is about a person concerned."""

import datetime as dt

from sqlmodel import Field

from models.base import Row
from models.columns import Moment, json_column


class Prison(Row, table=True):
    """A prison: whom to call, where it is, when one is let in, and how."""

    id: str = Field(primary_key=True, max_length=20)
    name: str = Field(unique=True, max_length=80)
    """as notifications and cases write it"""
    hours: str = ""
    """visiting hours, one line for each"""
    address: str = ""
    entry: str = ""
    """how to get in: papers, lockers, parking"""
    phones: list[dict[str, str]] = Field(default_factory=list, sa_type=json_column())
    """`what` and `number`, in the order in which one would try them"""
    contacts: list[dict[str, str]] = Field(default_factory=list, sa_type=json_column())
    """`name`, `function`, `phone`, `email` of people who work there"""
    changed_at: dt.datetime = Field(sa_type=Moment)
