"""What the automatic half of a step prepared. A proposal is never a decision: a person decides."""

import datetime as dt

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment


class Proposal(Row, table=True):
    """One proposal for one occurrence of a step: lead workers with reasons, a plan to start from, visiting slots …"""

    __table_args__ = clustered()
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    occurrence: str = Field(primary_key=True, max_length=60)
    kind: str = Field(primary_key=True, max_length=40)
    made_at: dt.datetime = Field(sa_type=Moment)
    """when its content last changed"""
    sealed: bytes = Field(sa_type=LargeBinary)
    """under the key of the case, so that erasing the case erases it too"""
