"""What is written about a person, and who decided to share it."""

import datetime as dt

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field

from models.base import Row
from models.columns import Moment, json_column, one_of

HANDLING = ("case_team", "named_only", "oral_only", "safety", "withheld_from_person")
SETTLED = ("lifted", "corrected", "erased")
"""how a restriction ends"""
REGIMES = ("gdpr", "law_enforcement_directive")


class Item(Row, table=True):
    """A note or another piece of content. Purpose, legal basis, regime and handling code stand on every one."""

    __table_args__ = (Index(None, "case_id", "kind"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="release_case.id")
    kind: str
    """the kind's key in the protocol file"""
    occurrence: str | None = None
    author: str
    handling: str = Field(default="case_team", sa_type=one_of(*HANDLING))
    regime: str = Field(default="gdpr", sa_type=one_of(*REGIMES))
    purpose: str
    legal_basis: str
    named: list[str] = Field(default_factory=list, sa_type=json_column())
    occurred_on: dt.date
    recorded_at: dt.datetime = Field(sa_type=Moment)
    expires_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    ended_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """access ended: it ran out, or was taken back. That it is disputed is a `Restriction`"""
    review_on: dt.date | None = None
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    """facts, source and opinion as separate fields"""


class SharingDecision(Row, table=True):
    """A sharing decision. Its outcome is sealed: the outside sees only *settled*, never earlier than the due day."""

    __table_args__ = (Index(None, "case_id"),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="release_case.id")
    occurrence: str
    item_id: int | None = Field(default=None, foreign_key="item.id")
    proposed_by: str
    decided_by: str | None = None
    recipients: list[str] = Field(default_factory=list, sa_type=json_column())
    settled_from: dt.date | None = None
    expires_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    recorded_at: dt.datetime = Field(sa_type=Moment)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class Restriction(Row, table=True):
    """An item or a document that is disputed: nobody uses it until the request is answered. Source: GDPR art. 18, 19."""

    __table_args__ = (
        Index(None, "case_id"),
        Index(
            "ix_restriction_running",
            "item_id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="release_case.id")
    item_id: int | None = Field(default=None, foreign_key="item.id")
    document: str | None = Field(default=None, foreign_key="document.id", max_length=24)
    request: str = Field(max_length=40)
    """the event in the protocol file: objection, rectification"""
    answer: str = Field(max_length=60)
    """the occurrence that answers it"""
    since: dt.datetime = Field(sa_type=Moment)
    settled_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    outcome: str = Field(default="", sa_type=one_of("", *SETTLED))
    settled_by: str = ""
