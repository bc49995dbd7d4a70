"""Are the dates in order? On-time runs for every notice of 0 to 400 days and every release type.

An on-time run settles every step on its due day with its expected outcome. Types that the protocol never tells apart
share their runs. Late starts are not looked at here: ready day and floor see to them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from protocol.answers import fold
from protocol.book import Book
from protocol.commands import OpenCase
from protocol.deadlines import countdown, references
from protocol.errors import Refused
from protocol.explain import LONGEST_RUN, OnTime
from protocol.language import Condition, Protocol
from protocol.run import Run
from protocol.state import Occurrence
from protocol.untimed import step_rules
from protocol.untimed_proof import Finding
from protocol.variants import steps_for
from protocol.workdays import WorkCalendar

LONGEST_NOTICE = 400
"""calendar days between notification and planned release"""
FIRST_DAY = dt.date(2026, 11, 2)
UNKNOWN_FOR = 60
"""how many things are followed in a run in which the planned release stays unknown"""


class Kind(NamedTuple):
    """Release types and conditions that the protocol never tells apart: one of them."""

    release_type: str
    conditions: str


class Wrong(NamedTuple):
    """One date out of order."""

    field: str
    words: str
    remedy: str


class Seen(NamedTuple):
    """What one run showed."""

    where: str
    wrong: tuple[Wrong, ...]
    held: dict[tuple[str, int, str], bool]
    """per step, occurrence and notice class: whether its own date came on or after its ready day"""


# what to run


def notices(protocol: Protocol) -> list[int | None]:
    """Every notice that makes a difference; None: no date is known beforehand."""
    return [*range(LONGEST_NOTICE + 1), None] if foreseen(protocol) else [None]


def foreseen(protocol: Protocol) -> list[str]:
    """The dates that a case can be told beforehand: those that may lie in the future."""
    anchors = protocol.anchors.items()
    return [key for key, a in anchors if key != protocol.opens_with and a.may_be_future and not a.stands_in_for]


def classes(protocol: Protocol) -> list[str | None]:
    return [c.key for c in protocol.notice.classes] if protocol.notice else [None]


def kinds(protocol: Protocol) -> list[Kind]:
    """One of each kind of case that the protocol tells apart."""
    asked = [part for _, part in Book(protocol).everything if isinstance(part, Condition)]
    values = sorted({value for part in asked for value in part.conditions or ()} | {"unknown"})
    found: dict[object, Kind] = {}
    for release_type in protocol.release_types:
        for conditions in values:
            variants = (steps_for(protocol, release_type, notice, conditions) for notice in classes(protocol))
            facts = {"release_type": release_type, "conditions": conditions}
            sign = (tuple(map(repr, variants)), tuple(fold(part, facts) for part in asked))
            found.setdefault(sign, Kind(release_type, conditions))
    return list(found.values())


def counted(protocol: Protocol, kind: Kind) -> list[str]:
    """The dates that steps of this kind count from or wait for, in the order of the file."""
    wanted = {protocol.notice.to} if protocol.notice else set[str]()
    for notice in classes(protocol):
        for step in steps_for(protocol, kind.release_type, notice, kind.conditions).values():
            wanted |= {name for rule in step_rules(step) for name in references(rule, notice)}
            wanted |= {after.anchor for after in step.after if after.anchor}
    return [key for key in foreseen(protocol) if key in wanted]


def notified_on(notice: int | None) -> dt.date:
    """Every weekday and season gets its turn: 11 days further for each day of notice, within two years."""
    return FIRST_DAY + dt.timedelta(days=(notice or 0) * 11 % 728)


# one run


def run(protocol: Protocol, kind: Kind, notice: int | None, calendar: WorkCalendar, dates: Iterable[str]) -> Seen:
    day = notified_on(notice)
    anchors = {key: day + dt.timedelta(days=notice + n) for n, key in enumerate(dates)} if notice is not None else {}
    known = "no date known" if notice is None else f"notice of {notice} days from {day}"
    where = f"{kind.release_type}, {known}"
    try:
        case = opened(protocol, kind, calendar.start_of(day), anchors, calendar)
        held = dict(_follow(case, LONGEST_RUN if notice is not None else UNKNOWN_FOR))
    except Refused as refused:
        return Seen(where, (Wrong("steps", f"{refused.reason}", refused.remedy),), {})
    wrong = [*_order(case.run), *_ascending(case.run)]
    if notice is not None or not foreseen(protocol):
        wrong += _end(case.run)
    return Seen(where, tuple(wrong), held)


def opened(
    protocol: Protocol, kind: Kind, at: dt.datetime, anchors: dict[str, dt.date], calendar: WorkCalendar
) -> OnTime:
    case = OnTime(protocol, None, calendar, at)
    case.open(OpenCase(release_type=kind.release_type, notified_at=at, conditions=kind.conditions, anchors=anchors))
    return case


def _follow(case: OnTime, most: int) -> Iterator[tuple[tuple[str, int, str], bool]]:
    """Let the case run; say of each occurrence that opens whether its own date was still to come."""
    looked = 0
    for _ in range(most):
        events = case.run.events
        for event in events[looked:]:
            if event.kind == "step_opened" and not event.own_rule:
                found = _own_date(case.run, event)
                if found is not None:
                    yield (event.step, event.n, case.run.state.notice or ""), found
        looked = len(events)
        if not case.step_on():
            return


def _own_date(run_: Run, event: Any) -> bool | None:
    step = run_.steps.get(event.step)
    slot = next((s for s in run_.slots(event.step, step) if s.n == event.n), None) if step else None
    if step is None or slot is None or slot.rule is None or (step.repeat and step.repeat.cadence):
        return None
    due = countdown(slot.rule, run_.count(step, event.ready_on, n=slot.n))
    return due.on >= event.ready_on if due is not None else None


def _settled(run_: Run) -> Iterator[Occurrence]:
    return (one for one in run_.state.steps.values() if one.status == "done" and one.due is not None)


def _order(run_: Run) -> Iterator[Wrong]:
    """Not before its ready day, and not before the due days of what it waits for."""
    last = {one.step: one for one in _settled(run_)}
    for one in _settled(run_):
        assert one.due is not None
        if one.due < one.ready_on:
            words = f"{one.id} is due on {one.due}, before its ready day {one.ready_on}"
            yield Wrong(f"steps.{one.step}", words, "count it from the ready day")
        step = run_.steps.get(one.step)
        for after in step.after if step and not one.own_rule and one.n == 1 else ():
            before = last.get(after.step or "")
            if before is not None and before.n == 1 and before.due is not None and one.due < before.due:
                words = f"{one.id} is due on {one.due}, before {before.id} on {before.due}, which it waits for"
                yield Wrong(f"steps.{one.step}", words, "count it later, or from the step it waits for")


def _ascending(run_: Run) -> Iterator[Wrong]:
    before: dict[tuple[str, int], Occurrence] = {}
    for one in sorted(_settled(run_), key=lambda o: o.n):
        if one.own_rule:
            continue
        was = before.get((one.step, one.round))
        if was is not None and was.due is not None and one.due is not None and one.due <= was.due:
            words = f"{one.id} is due on {one.due}, not after {was.id} on {was.due}"
            yield Wrong(f"steps.{one.step}", words, "let each occurrence be due after the one before it")
        before[one.step, one.round] = one


def _end(run_: Run) -> Iterator[Wrong]:
    """The case ends, and nothing was still to be done then."""
    ended = next((n for n, event in enumerate(run_.events) if event.kind == "case_ended"), None)
    if ended is None:
        left = sorted({one.id for one in run_.open_steps()})
        words = "an on-time run comes to no end" + (f"; still open: {', '.join(left)}" if left else "")
        yield Wrong("closing_step", words, "let the closing step wait for what comes last, and end the case")
        return
    end = run_.events[ended]
    for event in run_.events[:ended]:
        one = run_.state.steps.get(getattr(event, "id", ""))
        if (
            event.kind == "step_cancelled"
            and event.why == f"phase:{end.phase}"
            and one
            and one.due
            and one.due > end.on
        ):
            words = f"{one.id} is due on {one.due}, after the case is closed on {end.on}"
            yield Wrong(f"steps.{one.step}", words, "close the case later, or let the step end before")


# all runs


def look(protocol: Protocol, kind: Kind, some: Iterable[int | None]) -> list[Seen]:
    calendar, dates = WorkCalendar(protocol.calendar), counted(protocol, kind)
    return [run(protocol, kind, notice, calendar, dates) for notice in some]


def faults(seen: Iterable[tuple[Kind, Seen]]) -> list[Finding]:
    """Each fault once, with the first run that shows it and how many do."""
    where: dict[tuple[str, str, str], list[str]] = {}
    words: dict[tuple[str, str, str], str] = {}
    held: dict[tuple[Kind, str, int, str], bool] = {}
    for kind, one in seen:
        for wrong in one.wrong:
            sort = (wrong.field, wrong.remedy, wrong.words.partition(" is due")[0].partition(";")[0])
            where.setdefault(sort, []).append(one.where)
            words.setdefault(sort, wrong.words)
        for (step, n, notice), good in one.held.items():
            held[kind, step, n, notice] = held.get((kind, step, n, notice), False) or good
    found = [
        Finding(sort[0], f"{words[sort]} ({runs[0]}; {len(runs)} runs in all)", sort[1]) for sort, runs in where.items()
    ]
    return [*found, *_never(held)]


def _never(held: dict[tuple[Kind, str, int, str], bool]) -> Iterator[Finding]:
    """A date that never holds: what the step waits for is due later in every run."""
    told: dict[tuple[str, int, str], list[str]] = {}
    for (kind, step, n, notice), good in held.items():
        if not good:
            told.setdefault((step, n, notice), []).append(kind.release_type)
    for (step, n, notice), types in told.items():
        name = step + (f"#{n}" if n > 1 else "")
        where = ", ".join([*dict.fromkeys(types), *([f"notice {notice}"] if notice else [])])
        words = f"{name} is never due by its own rule: in every run that date comes before its ready day ({where})"
        yield Finding(f"steps.{step}", words, "count it later, or from the step it waits for")
