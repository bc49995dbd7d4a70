"""When a step is due, and why. Pure arithmetic over rules; source: protocol, "Counting".

`count` follows one rule; `deadline` adds the ready day, the floor and the short form. Days are `date`s in the
protocol's time zone; working and calendar days as the rule says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

from protocol.language import Floor, Meeting, Rule, Step
from protocol.variants import in_class
from protocol.workdays import ONE_DAY, WorkCalendar, add_months


class Due(NamedTuple):
    """A due day; `at` is the hour after which it is late (None: the end of the day), `form` a short form taken."""

    on: dt.date
    at: str | None = None
    form: str | None = None


class Count(NamedTuple):
    """What a rule is counted with."""

    calendar: WorkCalendar
    day: Callable[[str], dt.date | None]
    """the day of a reference: an anchor, `ready`, `event`, `known:…`, `settled:…`, `due:…`, `given:…`"""
    notice: str | None
    rota: bool = False
    meetings: dict[str, Meeting] = {}


def _distance(rule: Rule, base: dt.date, forward: bool, count: Count) -> dt.date:
    calendar, sign = count.calendar, 1 if forward else -1
    if rule.working_days is not None:
        return (calendar.add if forward else calendar.back)(base, rule.working_days, count.rota)
    if rule.days is not None:
        day = base + sign * rule.days * ONE_DAY
    else:
        assert rule.months is not None
        day = add_months(base, sign * rule.months)
    if rule.stays:
        return day
    # "moves to the working day before it when counted back, to the next one when counted forward"
    return (calendar.next_working if forward else calendar.previous_working)(day, count.rota)


def _next_meeting(meeting: Meeting, after: dt.date, count: Count) -> dt.date:
    passed = (after - meeting.first).days // meeting.every_days
    day = meeting.first + max(0, passed + 1) * meeting.every_days * ONE_DAY
    return count.calendar.next_working(day, count.rota)


def _plain(rule: Rule, count: Count) -> Due | None:
    if rule.earliest is not None:
        found = [due for part in rule.earliest if (due := countdown(part, count))]
        return min(found, key=lambda due: due.on) if found else None
    if rule.latest is not None:
        dues = [countdown(part, count) for part in rule.latest]
        return max((due for due in dues if due), key=lambda due: due.on) if all(dues) else None
    if rule.meeting is not None:
        ready = count.day("ready")
        return Due(_next_meeting(count.meetings[rule.meeting], ready, count)) if ready else None
    reference = rule.on or (f"due:{rule.due_of}" if rule.due_of else rule.after or rule.before)
    base = count.day(reference) if reference else None
    if base is None:
        return None
    if rule.on or rule.due_of:
        return Due(base)
    return Due(_distance(rule, base, rule.before is None, count))


def countdown(rule: Rule | None, count: Count) -> Due | None:
    """The day this rule gives; None while a date it needs is unknown (or the notice class lacks the step)."""
    rule = in_class(rule, count.notice)
    if rule is None:
        return None
    due = _plain(rule, count)
    if due is None:
        return None
    if rule.plus is not None:
        due = Due(_distance(rule.plus, due.on, rule.plus.before is None, count), due.at)
    ready = count.day("ready")
    if rule.if_ready_later is not None and ready is not None and ready > due.on:
        return countdown(rule.if_ready_later, count)
    return Due(due.on, rule.at or due.at, "short" if rule.short_form else due.form)


def parts(rule: Rule | None, notice: str | None) -> list[Rule]:
    """This rule and every rule inside it, for one notice class."""
    rule = in_class(rule, notice)
    if rule is None:
        return []
    inner = [*(rule.earliest or ()), *(rule.latest or ())]
    return [rule, *(p for part in inner for p in parts(part, notice)), *parts(rule.if_ready_later, notice)]


def references(rule: Rule | None, notice: str | None) -> set[str]:
    """Every reference a rule counts from, `known:X` as X too."""
    found: set[str] = set()
    for part in parts(rule, notice):
        for name in (part.after, part.before, part.on):
            if name:
                found |= {name, name.removeprefix("known:")}
        if part.due_of:
            found.add(f"due:{part.due_of}")
    return found


def has_hour(rule: Rule | None, notice: str | None) -> bool:
    return (plain := in_class(rule, notice)) is not None and plain.at is not None


class Ready(NamedTuple):
    """When a step became ready, and whether every predecessor was settled by its due day."""

    on: dt.date
    on_time: bool = True
    at: str | None = None
    """local hour HH:MM at which it became ready on that day, where that matters"""


def deadline(step: Step, rule: Rule, ready: Ready, count: Count, floor: Floor | None) -> Due | None:
    """The due day of a step that is ready: its rule date, not before the ready day, with the floor where it holds.

    `floor` is None for steps counted from the actual release and steps without a floor. None: not countable yet.
    """
    due = countdown(rule, count)
    if due is None:
        return None
    if has_hour(rule, count.notice):
        # "a step with an hour is late after that hour; ready after its hour: 12:00 of the next day"
        late = ready.on > due.on or (
            ready.on == due.on and ready.at is not None and due.at is not None and ready.at > due.at
        )
        return Due(ready.on + ONE_DAY, due.at, due.form) if late else due
    if floor is not None:
        due = _floored(step, due, ready, count, floor)
    if due.on < ready.on:  # "no step is ever due before its ready day"
        due = due._replace(on=ready.on)
    return due


def _floored(step: Step, due: Due, ready: Ready, count: Count, floor: Floor) -> Due:
    if due.form is not None:
        return _short(due, ready, count, floor, due.form)
    if due.on >= ready.on and ready.on_time:
        return due
    last = countdown(floor.last, count)
    if last is None or ready.on < last.on:
        on = max(due.on, count.calendar.add(ready.on, floor.working_days, count.rota))
        return due._replace(on=on if last is None else min(on, last.on))
    return _short(due, ready, count, floor, step.short_form)


def _short(due: Due, ready: Ready, count: Count, floor: Floor, form: str | None) -> Due:
    """Ready on or after the last working day before the release: the short form on the day itself, or one day more."""
    on_the_day = countdown(floor.short_form, count)
    if form is not None and on_the_day is not None and on_the_day.on >= ready.on:
        return Due(on_the_day.on, due.at, form)
    late = countdown(floor.too_late, count)
    assert late is not None
    return Due(late.on, due.at, form)
