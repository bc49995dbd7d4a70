"""A deviation from the protocol, in fields and in one plain sentence: steps and dates, never about a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from protocol.deviation_words import NOTHING, Named, Sentence, tell
from protocol.lives import CaseLog, Life, step_of
from protocol.verdicts import Verdict

Kind = Literal[
    "late", "missed", "recorded_late", "out_of_order", "four_eyes", "waiver", "stuck", "left_open", "erased_late"
]
CAUSES = ("told_late", "date_moved", "access_refused", "absence")
"""Those that a sentence names; `missed` stands for no cause that the log knows of, and says nothing."""


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
    sentence: Sentence = field(repr=False)

    @property
    def words(self) -> str:
        return tell(self.sentence)

    def said(self, language: str) -> str:
        """The sentence in one of the protocol's languages."""
        return tell(self.sentence, language)


def about(
    rule: str, kind: Kind, life: Life, sentence: Sentence, verdict: Verdict | None = None, working_days: int = 0
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
        sentence=sentence,
    )


def about_case(
    rule: str,
    kind: Kind,
    sentence: Sentence,
    occurred_on: dt.date | None = None,
    recorded_on: dt.date | None = None,
    working_days: int = 0,
) -> Deviation:
    """A deviation of the case as a whole."""
    return Deviation(rule, "", "", 0, kind, None, occurred_on, recorded_on, working_days, "", sentence)


def name(life: Life) -> Named:
    """The step as people call it; a repeated one with its number."""
    repeated = life.n > 1 or (life.step is not None and life.step.repeat is not None)
    return Named(life.step.name if life.step else {"en": life.name}, life.n if repeated else None)


def name_of(log: CaseLog, id: str) -> Named:
    """The same, of an occurrence that never opened."""
    key, n = step_of(id)
    step = log.steps.get(key) or log.protocol.steps.get(key)
    return Named(step.name if step else {"en": id}, n if step is not None and step.repeat is not None else None)


def happened(life: Life) -> Sentence:
    """Whether and when it was settled: the beginning of most sentences."""
    settled = life.settled
    if settled is None:
        return Sentence("open", {"step": name(life)})
    return Sentence(settled.how, {"step": name(life), "on": settled.on})


def because_of(cause: str) -> Sentence:
    return Sentence(cause, {}) if cause in CAUSES else NOTHING
