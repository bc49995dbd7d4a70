"""The dead man's check: when each part of the engine room last did its work."""

import datetime as dt
from typing import Any

from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment, json_column


class Heartbeat(Row, table=True):
    """One row per part (`sweep`, `delivery`, `oversight`, `pump`, `prefect` …). Real time, not business time."""

    __table_args__ = clustered()
    part: str = Field(primary_key=True, max_length=40)
    at: dt.datetime = Field(sa_type=Moment)
    """the last time it did its work to the end"""
    failing_since: dt.datetime | None = Field(default=None, sa_type=Moment)
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    """numbers of the last time: due, done, waiting"""
