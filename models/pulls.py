"""Prison interfaces that notifications are pulled from: where the next pull goes on."""

import datetime as dt

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment


class PullState(Row, table=True):
    """One interface. Its cursor is sealed: what an interface puts in there is its own affair, also somebody's name."""

    __table_args__ = clustered()
    source: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """the address as an HMAC"""
    cursor: bytes | None = Field(default=None, sa_type=LargeBinary)
    """None: from the beginning"""
    pulled_at: dt.datetime = Field(sa_type=Moment)
    finished: bool = False
    """the last pull reached the last page"""
