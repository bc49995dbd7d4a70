"""What the software tells its users: one row per person told. Ids and keys only, never a name or a text."""

import datetime as dt

from sqlalchemy import Index, text
from sqlmodel import Field

from models.base import Row
from models.columns import Moment


class Message(Row, table=True):
    """Somebody is told that a step opened, is late, was settled … Seen in the application; mailed if mail is set up."""

    __table_args__ = (
        Index(
            "ix_message_unsent",
            "send_at",
            sqlite_where=text("sent_at IS NULL AND dead = 0"),
            postgresql_where=text("sent_at IS NULL AND NOT dead"),
        ),
        Index(None, "staff", "created_at"),
        Index(None, "case_id", "occurrence"),
    )
    id: int | None = Field(default=None, primary_key=True)
    dedupe_key: str = Field(unique=True, max_length=220)
    """the outbox row's key and the person: telling twice changes nothing"""
    staff: str = Field(foreign_key="staff.id", max_length=40)
    case_id: int = Field(foreign_key="release_case.id")
    occurrence: str = Field(default="", max_length=60)
    what: str = Field(max_length=40)
    """`opened`, `late`, `settled`, `handled` … as the engine says it"""
    urgent: bool = False
    """phone now: it asks to be acknowledged"""
    created_at: dt.datetime = Field(sa_type=Moment)
    send_at: dt.datetime = Field(sa_type=Moment)
    """Monday 09:00 for what can wait, at once for what cannot"""
    seen_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    acknowledged_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    leased_until: dt.datetime | None = Field(default=None, sa_type=Moment)
    mail: str | None = Field(default=None, max_length=80, index=True)
    """the mail it went into; kept when sending fails, so that the same mail is tried again under the same Message-ID"""
    attempts: int = 0
    sent_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    dead: bool = False
    """the mail server refused this for good; it stays visible in the application"""
    fault: str = ""
    """the kind of failure, never its text"""
