"""Column types: moments in UTC, words out of a fixed list, JSON that is replaced and never edited in place."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

NO_LIMIT = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
"""Due moment of work without a time limit: it sorts last on both engines, which NULL does not."""


class Moment(TypeDecorator[dt.datetime]):
    """An aware moment, kept in UTC. SQLite has no time zones, so a naive value would be read back as local time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must have a time zone")
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Words(TypeDecorator[str]):
    """One word of a fixed list, stored as that word: SQLAlchemy's own Enum stores names instead of values."""

    impl = String
    cache_ok = True

    def __init__(self, *allowed: str) -> None:
        super().__init__()
        self.allowed = allowed

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and value not in self.allowed:
            raise ValueError(f"not one of {', '.join(self.allowed)}")
        return value


def one_of(*allowed: str) -> Any:
    """`sa_type` of a word out of a fixed list."""
    return Words(*allowed)


def json_column() -> Any:
    """`sa_type` of a JSON value. Assign a new value to change it: an edit in place is not seen, and so lost."""
    kind: TypeEngine[Any] = JSON(none_as_null=True)
    return kind.with_variant(JSONB(none_as_null=True), "postgresql")
