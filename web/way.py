"""The way of a case, from notification to closure: one stop per step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from protocol.language import Protocol
from protocol.state import CaseState, Occurrence
from protocol.workdays import WorkCalendar
from web.dates import short_day
from web.words import Words

AHEAD = 3
"""forecasts that a small screen still shows"""


@dataclass(frozen=True)
class Stop:
    """One stop on the line. `tone`: done, late, open, forecast, dropped."""

    label: str
    on: str
    tone: str
    words: str
    aside: bool
    """far behind or far ahead: a small screen leaves it to the lists below"""
    reached: bool
    """the case has come this far"""


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


def line(legs: Sequence[Leg], protocol: Protocol, t: Words, today: dt.date) -> list[Stop]:
    """The stops of a case, one per step, in the order of their days."""
    by_step: dict[str, list[Leg]] = {}
    for leg in legs:
        if leg.tone != "dropped":
            by_step.setdefault(leg.step, []).append(leg)
    order = {key: n for n, key in enumerate(protocol.steps)}
    drawn = ((_stop_day(group), order.get(key, 0), key) for key, group in by_step.items() if _drawn(protocol, key))
    stops = [_stop(by_step[key], protocol, t, today) for _, _, key in sorted(drawn)]
    behind = [n for n, stop in enumerate(stops) if stop.tone == "done"]
    ahead = [n for n, stop in enumerate(stops) if stop.tone == "forecast"]
    aside = {*behind[:-1], *ahead[AHEAD:]}
    last = behind[-1] if behind else 0
    return [replace(stop, aside=n in aside, reached=n <= last) for n, stop in enumerate(stops)]


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


def _stop(group: list[Leg], protocol: Protocol, t: Words, today: dt.date) -> Stop:
    shown = _shown(group)
    step = protocol.steps.get(shown.step)
    name = t.text(step.name) if step else shown.step
    total = len(group)
    if total > 1:
        name += f" {sum(leg.tone == 'done' for leg in group)}/{total}"
    on = short_day(shown.day, t.language, today) if shown.day else t("case.no_date")
    return Stop(name, on, shown.tone, t.of("tone", shown.tone), aside=False, reached=False)


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
