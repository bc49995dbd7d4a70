"""Cases as they stand now: what people list, sort and count. What happened is in the ledger."""

import datetime as dt

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, text
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import NO_LIMIT, Moment, one_of

VERDICTS = ("kept", "late", "missed", "waived", "cancelled", "running")


def while_open(name: str, *columns: str, also: str = "", unique: bool = False) -> Index:
    """An index over open rows only: it does not grow with the years."""
    more = f" AND {also}" if also else ""
    sqlite, postgresql = text(f"is_open = 1{more}"), text(f"is_open{more}")
    return Index(name, *columns, unique=unique, sqlite_where=sqlite, postgresql_where=postgresql)


class ProtocolVersion(Row, table=True):
    """The text of a protocol file as it was put in force. A case pins one version."""

    key: str = Field(primary_key=True, max_length=40)
    version: str = Field(primary_key=True, max_length=40)
    text: str
    sha256: str
    status: str = Field(sa_type=one_of("draft", "informal", "approved"))
    added_at: dt.datetime = Field(sa_type=Moment)
    added_by: str = ""
    in_force_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """since when new cases follow it; None: a draft"""


class CaseNumber(Row, table=True):
    """The last number given in a year: 2026-014 is the fourteenth case of 2026."""

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class ReleaseCase(Row, table=True):
    """One case. The plain columns are what lists need and name nobody; the state is sealed in `snapshot`, which may lag
    a few ledger entries behind: the state now is the snapshot and a replay of what came after it."""

    __table_args__ = (
        ForeignKeyConstraint(["protocol", "protocol_version"], ["protocol_version.key", "protocol_version.version"]),
        while_open("uq_release_case_one_open_per_person", "person_id", also="person_id IS NOT NULL", unique=True),
        while_open("ix_release_case_open_by_release", "planned_release"),
        Index(
            "ix_release_case_unjudged",
            "id",
            sqlite_where=text("judged = 0"),
            postgresql_where=text("NOT judged"),
        ),
        Index(None, "person_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    ref: str = Field(unique=True, max_length=12)
    protocol: str
    protocol_version: str
    person_id: int | None = Field(default=None, foreign_key="person.id")
    key_id: str | None = Field(default=None, max_length=40)
    phase: str
    ended: str | None = None
    is_open: bool = True
    release_type: str
    notice: str | None = None
    planned_release: dt.date | None = None
    certainty: str | None = None
    actual_release: dt.date | None = None
    prison: str | None = None
    lead: str | None = Field(default=None, foreign_key="staff.id")
    deputy: str | None = Field(default=None, foreign_key="staff.id")
    version: int = 1
    """goes up with every transition: the last guard against two at once"""
    snapshot: bytes | None = Field(default=None, sa_type=LargeBinary)
    snapshot_seq: int = 0
    head_seq: int = 0
    head_hash: bytes = Field(sa_type=LargeBinary)
    notified_at: dt.datetime = Field(sa_type=Moment)
    """of the latest notification: an older one that arrives late changes nothing"""
    opened_at: dt.datetime = Field(sa_type=Moment)
    ended_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    erased_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    judged: bool = False
    """whether `step_outcome` says how it went up to the last ledger entry"""
    follows: int | None = Field(default=None, foreign_key="release_case.id")
    """the earlier case of the same person"""


class CaseMember(Row, table=True):
    """Somebody's relation to a case: lead, deputy, announcer, named, member …"""

    __table_args__ = clustered(Index(None, "staff", "case_id"))
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    staff: str = Field(primary_key=True, foreign_key="staff.id", max_length=40)
    relation: str = Field(primary_key=True, max_length=20)
    since: dt.datetime = Field(sa_type=Moment)


class Step(Row, table=True):
    """One occurrence of a step: the work people see. Its outcome is sealed in the case."""

    __table_args__ = clustered(
        # Each in the full order of its list: work of one due moment is many rows, which would be sorted for each page.
        while_open("ix_step_open_by_assignee", "assignee", "due_at", "case_id", "occurrence"),
        while_open("ix_step_open_by_role", "role", "due_at", "case_id", "occurrence", also="assignee IS NULL"),
        while_open("ix_step_open_by_due", "due_at", "case_id", "occurrence"),
    )
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    occurrence: str = Field(primary_key=True, max_length=60)
    """`contact`, `followup#3`, `ready#1~2`"""
    step: str
    n: int = 1
    status: str = Field(sa_type=one_of("open", "proposed", "done", "waived", "cancelled"))
    is_open: bool = True
    ready_on: dt.date
    due_on: dt.date | None = None
    due_at: dt.datetime = Field(default=NO_LIMIT, sa_type=Moment)
    """late after this moment, UTC"""
    role: str
    assignee: str | None = Field(default=None, foreign_key="staff.id")
    rung: int = 0
    """how far its lateness was escalated"""
    appointment: dt.datetime | None = Field(default=None, sa_type=Moment)


class StepOutcome(Row, table=True):
    """Conformance's verdict on one occurrence, so that the compliance table is one aggregate. Names nobody."""

    __table_args__ = clustered(
        # All that the compliance table asks, so that it never has to fetch the rows themselves.
        Index("ix_step_outcome_compliance", "protocol", "due_on", "step", "verdict", "cause"),
        Index(
            "ix_step_outcome_running",
            "due_on",
            sqlite_where=text("verdict = 'running'"),
            postgresql_where=text("verdict = 'running'"),
        ),
    )
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    occurrence: str = Field(primary_key=True, max_length=60)
    protocol: str
    step: str
    n: int
    verdict: str = Field(sa_type=one_of(*VERDICTS))
    cause: str = ""
    release_type: str
    notice: str | None = None
    prison: str | None = None
    due_on: dt.date | None = None
    done_on: dt.date | None = None
    days_late: int = 0
    """working days"""


class Timer(Row, table=True):
    """Come back to a case at a moment; one per key."""

    __table_args__ = clustered(Index(None, "at"))
    case_id: int = Field(primary_key=True, foreign_key="release_case.id")
    key: str = Field(primary_key=True, max_length=80)
    at: dt.datetime = Field(sa_type=Moment)
    rung: int = 0
    leased_until: dt.datetime | None = Field(default=None, sa_type=Moment)
    attempts: int = 0


class CommandDone(Row, table=True):
    """A command that had its effect: the same id again gives the outcome of the first."""

    __table_args__ = clustered()
    command_id: str = Field(primary_key=True, max_length=80)
    case_id: int = Field(foreign_key="release_case.id")
    seq: int
