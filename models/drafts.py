"""A form that somebody began and did not send. Nobody but its writer sees it, and it is no record of the case."""

import datetime as dt

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment


class Draft(Row, table=True):
    """The form of one occurrence as one person left it. It goes when the form is sent, or when nobody comes back."""

    __table_args__ = clustered()
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    occurrence: str = Field(primary_key=True, max_length=60)
    staff: str = Field(primary_key=True, foreign_key="staff.id", max_length=40)
    saved_at: dt.datetime = Field(sa_type=Moment, index=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    """under the key of the case, so that erasing the case erases it too"""
