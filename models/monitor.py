"""The outcome monitor: counts, never persons."""

from sqlmodel import Field

from models.base import Row, clustered


class MonitorCount(Row, table=True):
    """How often a track stood in a state at a moment, per quarter. Names no case: it stays when cases are erased."""

    __table_args__ = clustered()
    protocol: str = Field(primary_key=True, max_length=40)
    quarter: str = Field(primary_key=True, max_length=6)
    """`2026-4`: of the day that the step was done"""
    moment: str = Field(primary_key=True, max_length=60)
    """the step, with its occurrence where one is named: `visit1`, `review#3`"""
    track: str = Field(primary_key=True, max_length=40)
    state: str = Field(primary_key=True, max_length=40)
    n: int = 0
