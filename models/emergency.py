"""Emergency access: somebody who is not tied to a case reads it for a few hours."""

import datetime as dt

from sqlalchemy import Index
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment


class EmergencyAccess(Row, table=True):
    """One access, from its first moment to its end. Why stands sealed in the ledger of the case."""

    __table_args__ = clustered(Index(None, "staff", "since"))
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    staff: str = Field(primary_key=True, foreign_key="staff.id", max_length=40)
    since: dt.datetime = Field(primary_key=True, sa_type=Moment)
    until: dt.datetime = Field(sa_type=Moment)
