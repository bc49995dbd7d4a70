"""The verdict on every step of a case: kept, late, missed, waived, cancelled or running.

Source: design of the engine, "Kept or late is judged on `occurred_on`", by what was known on the day. The compliance
table adds these up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from protocol.causes import Absence, cause
from protocol.events import Entry
from protocol.language import Protocol
from protocol.lateness import late
from protocol.lives import CaseLog, Life
from protocol.log_reader import read
from protocol.workdays import WorkCalendar

Judgement = Literal["kept", "late", "missed", "waived", "cancelled", "running"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one occurrence of a step went."""

    step: str
    n: int
    id: str
    verdict: Judgement
    due: dt.date | None
    """the due day it is judged by: as it was known when it passed; kept or running: as last known"""
    done_on: dt.date | None
    """the day it was done or waived, as its owner says"""
    cause: str = ""
    """only for late and missed"""
    working_days_late: int = 0
    """until it was done, waived or cancelled, until its due day changed, or until the day asked about"""


def verdicts(
    protocol: Protocol,
    entries: Sequence[Entry],
    calendar: WorkCalendar,
    until: dt.date,
    absences: Sequence[Absence] = (),
) -> list[Verdict]:
    """One verdict per step that opened, in that order, as things stood at the end of the local day `until`.

    Steps that were settled before the case was taken over into sluis have none: no due day was known for them here.
    """
    return judge(read(protocol, entries, calendar, until), absences)


def judge(log: CaseLog, absences: Sequence[Absence] = ()) -> list[Verdict]:
    """The same, for a log that is read already."""
    return [verdict(log, life, absences) for life in log.lives if not taken_over(life)]


def taken_over(life: Life) -> bool:
    return life.settled is not None and life.settled.stamp.taken_over


def verdict(log: CaseLog, life: Life, absences: Sequence[Absence] = ()) -> Verdict:
    """How this occurrence went.

    Late: its due day had passed before it was done or waived, or before that day changed. Missed: its due day passed,
    and it is still open or was cancelled since.
    """
    lateness, settled = late(log, life), life.settled
    happened = settled is not None and settled.how != "cancelled"
    done_on = settled.on if settled is not None and happened else None
    if lateness is None:
        return Verdict(life.name, life.n, life.id, _in_time(life), life.due, done_on)
    why = cause(log, life, lateness, absences)
    judgement: Judgement = "late" if happened or lateness.cured else "missed"
    return Verdict(life.name, life.n, life.id, judgement, lateness.due, done_on, why, lateness.working_days)


IN_TIME: dict[str, Judgement] = {"done": "kept", "waived": "waived", "cancelled": "cancelled"}


def _in_time(life: Life) -> Judgement:
    if life.settled is None:
        return "running"
    step = life.step
    if step is not None and step.not_decided is not None and life.settled.outcome == step.not_decided:
        return "cancelled"
    return IN_TIME[life.settled.how]
