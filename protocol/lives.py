"""What the ledger says about each step of one case, as `log_reader` indexes it.

A due day is kept with the moment since which it was known, because a step is judged by what was known on the day.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from protocol import events as e
from protocol.language import Protocol, Step
from protocol.variants import steps_for
from protocol.workdays import WorkCalendar

SYSTEM = "system"


@dataclass(slots=True)
class Stamp:
    """When something was recorded, and by whom."""

    at: dt.datetime
    day: dt.date
    """the local day of that moment"""
    by: str
    taken_over: bool = False
    """copied from what ran before sluis: nobody here can have been late with it"""


@dataclass(slots=True)
class Known:
    """The due day of a step as it was known since one moment, until the next in the list."""

    since: Stamp
    position: int
    due: dt.date | None
    at: str | None
    form: str
    why: str = ""
    """why it changed; empty: known when the step opened"""


@dataclass(slots=True)
class Settled:
    """How a step came to an end."""

    how: Literal["done", "waived", "cancelled"]
    stamp: Stamp
    position: int
    on: dt.date
    """the day it happened, as its owner says; corrections included"""
    by: str
    outcome: str = ""
    second: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    counts: bool = True
    """what follows treats the step as settled"""
    undone: int | None = None
    """where in the log it was recorded as an accident"""


@dataclass(slots=True)
class Life:
    """One occurrence of a step, from opening to settling."""

    id: str
    name: str
    n: int
    step: Step | None
    """as the protocol has it for release type and notice class at settling (still open: at opening); None: unknown"""
    steps: Mapping[str, Step]
    notice: str | None
    stamp: Stamp
    position: int
    triggered: bool
    """opened by an event or an outcome, not by its own start condition"""
    last: bool
    known: list[Known]
    previous: Life | None = None
    """the occurrence of the same step that opened before it"""
    settled: Settled | None = None
    undone: list[Settled] = field(default_factory=list)
    proposals: list[tuple[e.StepProposed, Stamp]] = field(default_factory=list)
    assignees: list[tuple[Stamp, str]] = field(default_factory=list)

    @property
    def due(self) -> dt.date | None:
        return self.known[-1].due


@dataclass(slots=True)
class AnchorFact:
    stamp: Stamp
    position: int
    event: e.AnchorKnown


@dataclass(slots=True)
class NoticeFact:
    position: int
    notice: str


@dataclass(slots=True)
class CaseLog:
    """The index of one case: everything the properties ask, found without searching the log again."""

    protocol: Protocol
    calendar: WorkCalendar
    until: dt.date
    services: dict[str, str]
    """the service a member of staff works for, as far as known"""
    steps: Mapping[str, Step] = field(default_factory=dict)
    release_type: str = ""
    conditions: str = "unknown"
    notice: str | None = None
    position: int = 0
    version_from: int = 0
    """where the case was moved to this version of the protocol"""
    opened: tuple[e.CaseOpened, Stamp] | None = None
    lives: list[Life] = field(default_factory=list)
    current: dict[str, Life] = field(default_factory=dict)
    of_step: dict[str, list[Life]] = field(default_factory=dict)
    anchors: dict[str, list[AnchorFact]] = field(default_factory=dict)
    notices: list[NoticeFact] = field(default_factory=list)
    phase: str | None = None
    phase_until: dt.date | None = None
    pauses: list[tuple[dt.date, dt.date | None]] = field(default_factory=list)
    """from the day the case was paused until the day it was resumed; None: still paused"""
    happened: list[tuple[e.EventHappened, Stamp]] = field(default_factory=list)
    ended: e.CaseEnded | None = None
    erased: e.CaseErased | None = None
    renewed: set[str] = field(default_factory=set)
    unopened: list[tuple[str, Settled]] = field(default_factory=list)
    """done or waived although the log never opened them"""
    dropped: dict[str, list[Settled]] = field(default_factory=dict)
    """by step: cancelled before they opened"""
    twice: list[tuple[Life, Stamp]] = field(default_factory=list)
    """settled, or opened, again although they were settled"""

    def anchor(self, key: str, position: int) -> AnchorFact | None:
        """What was known of an anchor at this place in the log; None: nothing, or unknown again."""
        facts = self.anchors.get(key)
        before = bisect_right(facts, position, key=_position) if facts else 0
        fact = facts[before - 1] if facts and before else None
        return fact if fact is not None and fact.event.on is not None else None

    def notice_at(self, position: int) -> str | None:
        before = bisect_right(self.notices, position, key=_position)
        return self.notices[before - 1].notice if before else None

    def variant(self) -> None:
        self.steps = steps_for(self.protocol, self.release_type, self.notice, self.conditions)

    def enter(self, phase: str, on: dt.date, until: dt.date | None) -> None:
        self.phase, self.phase_until = phase, until
        paused = self.pauses[-1][1] is None if self.pauses else False
        pauses = phase in self.protocol.phases and self.protocol.phases[phase].paused
        if pauses and not paused:
            self.pauses.append((on, None))
        elif paused and not pauses:
            self.pauses[-1] = (self.pauses[-1][0], on)


def step_of(id: str) -> tuple[str, int]:
    """The step and number in an occurrence's id: `ready#2~3` is the second `ready`."""
    step, _, number = id.partition("~")[0].partition("#")
    return step, int(number) if number.isdecimal() else 1


def _position(fact: AnchorFact | NoticeFact) -> int:
    return fact.position
