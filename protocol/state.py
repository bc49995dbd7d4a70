"""The state of a case: what `replay` makes of its events. Frozen; holds no name and no free text.

Dates are calendar days in the protocol's time zone; moments (`…_at`) are aware UTC.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["open", "proposed", "done", "waived", "cancelled"]
OPEN: frozenset[str] = frozenset({"open", "proposed"})


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Occurrence(Frozen):
    """One occurrence of a step that became ready."""

    id: str
    """`contact`, `followup#3`; done again: `ready#1~2`."""
    step: str
    n: int = 1
    """number of the occurrence, from 1"""
    round: int = 1
    """goes up when a moved date makes the step be done again"""
    status: Status = "open"
    ready_on: dt.date
    due: dt.date | None = None
    """None: no time limit can be counted yet"""
    at: str | None = None
    """the hour, local time, after which it is late on the due day; None: the end of the day"""
    form: str = "full"
    trigger: str = ""
    own_rule: bool = False
    """the due day was given by an event or outcome, not by the step's own rule"""
    last: bool = False
    moved: bool = False
    eased: bool = False
    """a waiver left this form of it to be done"""
    assignee: str | None = None
    taken_by: str | None = None
    """the role that took it over at its hard stop"""
    opened_on: dt.date
    settled_on: dt.date | None = None
    """the day it happened (`occurred_on`)"""
    recorded_on: dt.date | None = None
    """the day that was recorded"""
    outcome: str | None = None
    proposed_by: str | None = None
    proposed_service: str | None = None
    disagreements: int = 0
    given: dict[str, str] = {}
    """choices and dates of the form; never free text"""
    as_settled: bool = False
    """cancelled, and what follows treats it as settled"""
    why: str | None = None
    """why it was cancelled"""
    escalated: int = 0
    acknowledged_by: str | None = None
    appointment: dt.datetime | None = None

    @property
    def settled(self) -> bool:
        return self.status in ("done", "waived") or (self.status == "cancelled" and self.as_settled)

    @property
    def open(self) -> bool:
        return self.status in OPEN


class AnchorValue(Frozen):
    """A date as it is known now."""

    on: dt.date
    known_on: dt.date
    """the day it became known (recorded)"""
    certainty: str = "confirmed"


class CaseState(Frozen):
    """Everything the engine knows of a case."""

    protocol: str
    version: str
    release_type: str
    conditions: str = "unknown"
    phase: str
    phase_since: dt.date
    phase_until: dt.date | None = None
    notice: str | None = None
    notified_on: dt.date
    """N, counted: after the cut-off or on a non-working day it is the next working day"""
    anchors: dict[str, AnchorValue] = {}
    steps: dict[str, Occurrence] = {}
    rounds: dict[str, int] = {}
    milestones: dict[str, dt.date] = {}
    milestones_on_time: dict[str, bool] = {}
    redated: dict[str, dt.date] = {}
    """steps whose ready day is no earlier than this, since a date they depend on changed"""
    extra: dict[str, tuple[dt.date, ...]] = {}
    """occurrences added by an extension"""
    end_on: dt.date | None = None
    """the end after an extension"""
    drop_before: dt.date | None = None
    """occurrences due before this day are dropped: they passed while the case was paused or dormant"""
    ended: str | None = None
    erased: bool = False
    decided: dict[str, int] = {}
    """how often an event happened"""
