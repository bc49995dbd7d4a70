"""Why a step of a running case is due on its day: the first words for a list, all of them for its page."""

from __future__ import annotations

import datetime as dt
import re

from protocol.because import Teller, because, day_words
from protocol.commands import SYSTEM
from protocol.deadlines import Due, Ready, countdown
from protocol.language import Protocol, Step
from protocol.run import Cause, Run, Slot
from protocol.state import CaseState, Occurrence
from protocol.workdays import WorkCalendar

_COUNTED = re.compile(r"\b(\d+) ((?:\w+ ?){1,2}\((?:s|en)\)(?: \w+\((?:s|en)\))?)")


class Reasons:
    """Tells why, for the occurrences of one case."""

    def __init__(
        self, protocol: Protocol, state: CaseState, calendar: WorkCalendar, at: dt.datetime, language: str
    ) -> None:
        self.run = Run(protocol, state, calendar, at, SYSTEM)
        self.language = language

    def all(self, occurrence: Occurrence) -> list[str]:
        """Every reason, one short sentence each, ending with the day itself; empty: no time limit is counted yet."""
        if occurrence.due is None:
            return []
        step = self.run.steps.get(occurrence.step) or self.run.protocol.steps[occurrence.step]
        ready = Ready(occurrence.ready_on)
        slot = self._slot(step, occurrence)
        if slot is not None:
            due = self._due(step, slot, occurrence)
            return [in_numbers(words) for words in because(self.run, step, slot, ready, due, self.language)]
        teller = Teller(self.run, step, ready, self.language)
        first = teller.rule(step.due) if self._follows_own_rule(step, occurrence) else teller.say("own")
        return [in_numbers(first), teller.say("result", day=day_words(occurrence.due, self.language))]

    def first(self, occurrence: Occurrence) -> str:
        """The rule itself, without what follows from it."""
        return next(iter(self.all(occurrence)), "")

    def _slot(self, step: Step, occurrence: Occurrence) -> Slot | None:
        if occurrence.own_rule:
            return None
        if step.repeat is not None and step.repeat.cadence is not None:
            return Slot(occurrence.n, step.repeat.cadence)
        return next((slot for slot in self.run.slots(occurrence.step, step) if slot.n == occurrence.n), None)

    @staticmethod
    def _due(step: Step, slot: Slot, occurrence: Occurrence) -> Due:
        assert occurrence.due is not None
        short = occurrence.form if occurrence.form == (step.short_form or "short") else None
        return Due(occurrence.due, occurrence.at, short)

    def _follows_own_rule(self, step: Step, occurrence: Occurrence) -> bool:
        """Whether an occurrence that an event opened is due by the step's own rule: only then can it be told."""
        if step.due is None:
            return False
        cause = Cause(occurrence.opened_on, occurrence.given)
        due = countdown(step.due, self.run.count(step, occurrence.opened_on, cause))
        return due is not None and due.on == occurrence.due


def in_numbers(words: str) -> str:
    """“20 working day(s)” reads “20 working days”, “1 working day(s)” reads “1 working day”."""

    def said(found: re.Match[str]) -> str:
        ending = r"\1" if found[1] != "1" else ""
        return f"{found[1]} {re.sub(r'[(](s|en)[)]', ending, found[2])}"

    return _COUNTED.sub(said, words)
