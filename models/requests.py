"""Requests that came in through the interface, so that one sent twice has its effect once."""

import datetime as dt
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment, json_column


class ApiRequest(Row, table=True):
    """A request under the key that its client gave it. The answer holds case numbers and rules, nobody's data."""

    __table_args__ = clustered()
    client: str = Field(primary_key=True, max_length=40, foreign_key="api_client.id")
    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """the Idempotency-Key as an HMAC: some clients put a reference in it"""
    body: bytes = Field(sa_type=LargeBinary)
    """HMAC of the body: another body under the same key is a mistake"""
    status: int = 0
    """0: being handled"""
    answer: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    received_at: dt.datetime = Field(sa_type=Moment)
