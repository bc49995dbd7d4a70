"""Late or not, by what was known on the day.

Source: protocol, "Counting" (late begins after 23:59:59 local time of the due day; a step with an hour is late after
that hour; whether a step was kept compares `occurred_on` with the due day) and "Date moved" (past lateness stays,
judged by what was known then).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass, replace

from protocol.lives import CaseLog, Known, Life

DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Late:
    """A due day that was not kept."""

    due: dt.date
    """the due day as it was known when it passed"""
    at: str | None
    from_: dt.date
    """late since the end of this day, or since the hour on it"""
    known: Known
    working_days: int
    """working days from there until it was settled, or moved; 0: less than one"""
    cured: bool
    """the due day changed while it was late, and the new one was or can be kept; past lateness stays"""


def late(log: CaseLog, life: Life) -> Late | None:
    """The first due day that passed while it was the one known; None: kept, or not late so far."""
    if life.settled is not None and (life.settled.stamp.taken_over or not_for_judging(life)):
        return None
    found = [stretch for index in range(len(life.known)) if (stretch := _late_in(log, life, index))]
    if not found:
        return None
    first, days = found[0], sum(stretch.working_days for stretch in found)
    return replace(first, working_days=days, cured=found[-1].known is not life.known[-1])


def not_for_judging(life: Life) -> bool:
    """Sharing that was declined, or not decided when the case ended.

    Source: Sharing, "Declined is a normal end: never late, disputed or a deviation"; closing events, "open sharing ends
    not decided and shows settled on its due day".
    """
    step, settled = life.step, life.settled
    if step is None or settled is None or settled.how != "done":
        return False
    if step.not_decided is not None and settled.outcome == step.not_decided:
        return True
    sharing = step.may_decline and step.settled_on_due_day
    return sharing and settled.outcome in (DECLINED, step.four_eyes.disagree if step.four_eyes else None)


def _late_in(log: CaseLog, life: Life, index: int) -> Late | None:
    """Whether the step was late while this due day was the one known."""
    known = life.known[index]
    if known.due is None or (resumed := _runs_out(log, life, known.due)) is None:
        return None
    # A due day that had passed when it became known, or that fell in a pause, runs to the end of that day.
    from_ = max(resumed, known.since.day)
    hour = known.at if from_ == known.due and not _opened_after_its_hour(log, known) else None
    end = _end(log, life, index)
    passed = end.day > from_ or (hour is not None and end.day == from_ and _after(log, end.moment, from_, hour))
    if not passed:
        return None
    rota = life.step is not None and life.step.rota
    return Late(known.due, hour, from_, known, log.calendar.between(from_, end.day, rota), False)


@dataclass(frozen=True, slots=True)
class _End:
    day: dt.date
    moment: dt.datetime | None
    """None: only the day is known"""


def _end(log: CaseLog, life: Life, index: int) -> _End:
    """When this due day stopped to run: at the next change, when the step was settled, or `until`."""
    settled = life.settled
    change = life.known[index + 1].since if index + 1 < len(life.known) else None
    if settled is not None and (change is None or settled.on <= change.day):
        # Recorded the same day, the clock tells the hour; recorded later, only the day is known and it decides.
        return _End(settled.on, settled.stamp.at if settled.stamp.day == settled.on else None)
    if change is not None:
        return _End(change.day, change.at)
    return _End(log.until, None)


def _opened_after_its_hour(log: CaseLog, known: Known) -> bool:
    if known.at is None or known.since.day != known.due:
        return False
    return _after(log, known.since.at, known.since.day, known.at)


def _after(log: CaseLog, moment: dt.datetime | None, day: dt.date, hour: str) -> bool:
    return moment is not None and moment > log.calendar.moment(day, hour)


def _runs_out(log: CaseLog, life: Life, due: dt.date) -> dt.date | None:
    """The day after which it is late: what runs on in a pause waits for nothing."""
    return due if life.step is not None and life.step.runs_in_pause else after_pause(log, due)


def after_pause(log: CaseLog, due: dt.date) -> dt.date | None:
    """The day itself; in a pause the day the case was resumed, or None while it is paused.

    Source: "New arrest": timers pause; what falls from the arrest to the day before resuming is dropped.
    """
    before = bisect_right(log.pauses, due, key=_since)
    if not before:
        return due
    resumed = log.pauses[before - 1][1]
    return due if resumed is not None and resumed <= due else resumed


def _since(pause: tuple[dt.date, dt.date | None]) -> dt.date:
    return pause[0]
