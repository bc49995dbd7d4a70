"""A deviation from the protocol, in fields and in one plain sentence: steps and dates, never about a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from protocol.lives import Life
from protocol.verdicts import Verdict

Kind = Literal[
    "late", "missed", "recorded_late", "out_of_order", "four_eyes", "waiver", "stuck", "left_open", "erased_late"
]
CAUSES = {
    "told_late": "; the news came late",
    "date_moved": "; a date had moved",
    "access_refused": "; access was refused",
    "absence": "; whoever it was assigned to was absent",
}
"""`missed` stands for no cause that the log knows of, and says nothing."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that did not go as the protocol says."""

    rule: str
    """stable key of the property that does not hold"""
    id: str
    """the occurrence, like `followup#3`; empty: the case as a whole"""
    step: str
    n: int
    kind: Kind
    due: dt.date | None
    occurred_on: dt.date | None
    recorded_on: dt.date | None
    working_days_late: int
    cause: str
    words: str


def about(
    rule: str, kind: Kind, life: Life, words: str, verdict: Verdict | None = None, working_days: int = 0
) -> Deviation:
    """A deviation of one occurrence of a step; with a verdict, its due day and cause."""
    settled = life.settled
    return Deviation(
        rule=rule,
        id=life.id,
        step=life.name,
        n=life.n,
        kind=kind,
        due=verdict.due if verdict else life.due,
        occurred_on=settled.on if settled else None,
        recorded_on=settled.stamp.day if settled else None,
        working_days_late=working_days,
        cause=verdict.cause if verdict else "",
        words=words,
    )


def about_case(
    rule: str,
    kind: Kind,
    words: str,
    occurred_on: dt.date | None = None,
    recorded_on: dt.date | None = None,
    working_days: int = 0,
) -> Deviation:
    """A deviation of the case as a whole."""
    return Deviation(rule, "", "", 0, kind, None, occurred_on, recorded_on, working_days, "", words)


def name(life: Life) -> str:
    """The step as people call it; a repeated one with its number."""
    title = life.step.name.get("en", life.name) if life.step else life.name
    repeated = life.n > 1 or (life.step is not None and life.step.repeat is not None)
    return f"{title} {life.n}" if repeated else title


def day(on: dt.date) -> str:
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def days(count: int, unit: str = "working day") -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
