"""Who must sign a version of a protocol, and who did."""

import datetime as dt

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field

from models.base import Row
from models.columns import Moment


class ProtocolSignature(Row, table=True):
    """One organisation that must sign a version; signed when there is a day."""

    __table_args__ = (ForeignKeyConstraint(["key", "version"], ["protocol_version.key", "protocol_version.version"]),)
    key: str = Field(primary_key=True, max_length=40)
    version: str = Field(primary_key=True, max_length=40)
    organisation: str = Field(primary_key=True, foreign_key="organisation.id", max_length=40)
    name: str = ""
    """who signed for it"""
    signed_on: dt.date | None = None
    recorded_by: str = ""
    recorded_at: dt.datetime = Field(sa_type=Moment)
