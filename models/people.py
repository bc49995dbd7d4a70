"""Who works with the cases, and whom the cases are about."""

import datetime as dt

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment, json_column


class Organisation(Row, table=True):
    id: str = Field(primary_key=True, max_length=40)
    name: str
    kind: str = ""
    """city, police, prison, justice, welfare …"""


class Staff(Row, table=True):
    """Somebody who acts in cases. The id is opaque: it stands in the ledger and in the outbox, a name never does."""

    id: str = Field(primary_key=True, max_length=40)
    name: str
    email: str = ""
    phone: str = ""
    language: str = "nl"
    roles: list[str] = Field(default_factory=list, sa_type=json_column())
    service: str = ""
    """for four-eyes control: two people of two services"""
    organisation: str | None = Field(default=None, foreign_key="organisation.id")
    manager: str | None = Field(default=None, foreign_key="staff.id")
    prison: str | None = None
    """a liaison's own prison"""
    hours_per_week: float = 38.0
    languages: list[str] = Field(default_factory=list, sa_type=json_column())
    substitutes: dict[str, list[str]] = Field(default_factory=dict, sa_type=json_column())
    """per role the substitutes, the first present one takes the task"""
    added_at: dt.datetime = Field(sa_type=Moment)
    left_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    guided_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """when the guidance for the first time was put away"""


class Absence(Row, table=True):
    """Days on which somebody is away, first and last included. Why is nobody's business."""

    __table_args__ = (Index(None, "staff", "until_on"),)
    id: int | None = Field(default=None, primary_key=True)
    staff: str = Field(foreign_key="staff.id")
    from_on: dt.date
    until_on: dt.date
    recorded_at: dt.datetime = Field(sa_type=Moment)


class ClosingDay(Row, table=True):
    """A day on which the partnership itself is closed, beside weekends and public holidays."""

    day: dt.date = Field(primary_key=True)
    name: str = ""
    added_at: dt.datetime = Field(sa_type=Moment)


class Person(Row, table=True):
    """The person concerned. Everything about them is sealed under a key of their own; erased: the key is gone."""

    __table_args__ = (Index(None, "name_index"),)
    id: int | None = Field(default=None, primary_key=True)
    key_id: str | None = Field(default=None, max_length=40)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    name_index: bytes | None = Field(default=None, sa_type=LargeBinary)
    """HMAC of name and birth date: finds the same person without being readable"""
    added_at: dt.datetime = Field(sa_type=Moment)
    erased_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class PersonIdentity(Row, table=True):
    """Identity is prison + reference, as an HMAC. A person can come to have several."""

    __table_args__ = clustered(Index(None, "person_id"))
    identity: bytes = Field(primary_key=True, sa_type=LargeBinary)
    person_id: int = Field(foreign_key="person.id")
    added_at: dt.datetime = Field(sa_type=Moment)


class ApiClient(Row, table=True):
    """A prison's system that may send notifications. Only a hash of its key is kept."""

    id: str = Field(primary_key=True, max_length=40)
    name: str
    key_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    scopes: list[str] = Field(default_factory=list, sa_type=json_column())
    prison: str | None = None
    acts_as: str | None = Field(default=None, foreign_key="staff.id")
    added_at: dt.datetime = Field(sa_type=Moment)
    expires_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    revoked_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    used_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """to the day: when it was used last"""
