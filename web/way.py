"""The way of a case, from notification to closure: one stop per step, as a line and as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protocol.language import Protocol
from protocol.state import CaseState, Occurrence
from protocol.workdays import WorkCalendar
from web.dates import short_day
from web.words import Words

STOP_WIDTH = 118
LETTERS = 16
"""of a label, per line"""
LINES = 3


@dataclass(frozen=True)
class Stop:
    """One stop on the line. `tone`: done, late, open, forecast, dropped."""

    label: tuple[str, ...]
    on: str
    tone: str
    words: str
    x: int


@dataclass(frozen=True)
class Line:
    stops: tuple[Stop, ...]
    width: int
    travelled: int
    """up to this x the case has come"""


class Leg(NamedTuple):
    """One occurrence on the way: it happened, it is open, or it is still to come."""

    step: str
    n: int
    day: dt.date | None
    tone: str


def tone_of(occurrence: Occurrence, calendar: WorkCalendar, now: dt.datetime, *, paused: bool = False) -> str:
    """done, late, open or dropped."""
    if occurrence.status in ("done", "waived"):
        return "done"
    if occurrence.status == "cancelled":
        return "dropped"
    return "late" if not paused and is_late(occurrence, calendar, now) else "open"


def is_paused(protocol: Protocol, state: CaseState, occurrence: Occurrence) -> bool:
    """Whether the time of a step stands still now."""
    step = protocol.steps.get(occurrence.step)
    return protocol.phases[state.phase].paused and not (step is not None and step.runs_in_pause)


def is_late(occurrence: Occurrence, calendar: WorkCalendar, now: dt.datetime) -> bool:
    """Late begins after the due day ends, or after its hour."""
    return occurrence.open and occurrence.due is not None and now > calendar.moment(occurrence.due, occurrence.at)


def wrapped(text: str) -> tuple[str, ...]:
    """A label in a few short lines: SVG does not break lines itself."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < LETTERS:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return (*lines[: LINES - 1], lines[LINES - 1] + "…") if len(lines) > LINES else tuple(lines)


def line(legs: Sequence[Leg], protocol: Protocol, t: Words, today: dt.date) -> Line:
    """The stops of a case, one per step, in the order of their days."""
    by_step: dict[str, list[Leg]] = {}
    for leg in legs:
        if leg.tone != "dropped":
            by_step.setdefault(leg.step, []).append(leg)
    order = {key: n for n, key in enumerate(protocol.steps)}
    drawn = ((_stop_day(group), order.get(key, 0), key) for key, group in by_step.items() if _drawn(protocol, key))
    found = sorted(drawn)
    stops = tuple(
        _stop(by_step[key], protocol, t, today, STOP_WIDTH // 2 + n * STOP_WIDTH) for n, (_, _, key) in enumerate(found)
    )
    travelled = max((stop.x for stop in stops if stop.tone == "done"), default=STOP_WIDTH // 2)
    return Line(stops, max(len(stops), 1) * STOP_WIDTH, travelled)


def _drawn(protocol: Protocol, key: str) -> bool:
    """Work without an end (fixed meetings) is in the table only."""
    step = protocol.steps.get(key)
    return step is None or step.repeat is None or step.repeat.cadence is None


def _stop_day(group: list[Leg]) -> dt.date:
    return _shown(group).day or dt.date.max


def _shown(group: list[Leg]) -> Leg:
    """The occurrence a stop stands for: the late one, the open one, the next to come, or the last done."""
    for tone in ("late", "open"):
        for leg in group:
            if leg.tone == tone:
                return leg
    done = [leg for leg in group if leg.tone == "done"]
    coming = [leg for leg in group if leg.tone == "forecast"]
    return coming[0] if coming else done[-1]


def _stop(group: list[Leg], protocol: Protocol, t: Words, today: dt.date, x: int) -> Stop:
    shown = _shown(group)
    step = protocol.steps.get(shown.step)
    name = t.text(step.name) if step else shown.step
    total = len(group)
    if total > 1:
        name += f" {sum(leg.tone == 'done' for leg in group)}/{total}"
    on = short_day(shown.day, t.language, today) if shown.day else t("case.no_date")
    return Stop(wrapped(name), on, shown.tone, t.of("tone", shown.tone), x)


def legs(
    protocol: Protocol,
    state: CaseState,
    coming: Sequence[tuple[str, int, dt.date | None]],
    calendar: WorkCalendar,
    now: dt.datetime,
) -> list[Leg]:
    """What happened, what is open and what is to come."""
    found = []
    for occurrence in state.steps.values():
        day = occurrence.settled_on or occurrence.due
        found.append(
            Leg(
                occurrence.step,
                occurrence.n,
                day,
                tone_of(occurrence, calendar, now, paused=is_paused(protocol, state, occurrence)),
            )
        )
    return found + [Leg(step, n, day, "forecast") for step, n, day in coming]
