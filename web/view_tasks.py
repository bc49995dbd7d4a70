"""Tasks as lines of a page: the date, then the task, then because, one button."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from casework.automatic.facts import step_named
from casework.case_lists import Known, known_of
from casework.lists import Task
from protocol.language import Protocol
from protocol.state import Occurrence
from web.dates import hour, moment_words, short_day, weekday_and_day
from web.reasons import Reasons
from web.visitor import Visitor
from web.words import Words


def path_id(occurrence: str) -> str:
    """`followup#3` as it stands in an address."""
    return occurrence.replace("#", ".")


def occurrence_id(path: str) -> str:
    return path.replace(".", "#")


def task_path(ref: str, occurrence: str) -> str:
    return f"/cases/{ref}/steps/{path_id(occurrence)}"


@dataclass(frozen=True)
class Line:
    """One line of work."""

    tone: str
    when: str
    more: tuple[str, ...]
    title: str
    href: str
    ref: str
    case_href: str
    who: str
    because: str
    button: str
    due_on: dt.date | None = None
    appointment: dt.datetime | None = None
    decides: bool = False
    step: str = ""
    name: str = ""
    """the step without the number of the occurrence"""
    same: tuple[Line, ...] = ()
    """lines that are one line here: the same step, due the same day, in several cases"""


MANY = 4
"""from so many on, the same step of the same day is one line that unfolds"""


def gathered(t: Words, lines: list[Line]) -> list[Line]:
    """The same lines, those of one step and one day together where there are many of them."""
    groups: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.step, line.due_on, line.tone, line.decides), []).append(line)
    found = []
    for group in groups.values():
        if len(group) < MANY:
            found += group
            continue
        first = group[0]
        name = first.name or first.title
        found.append(replace(first, title=t("today.in_cases", name=name, n=len(group)), same=tuple(group)))
    return found


class Liner:
    """Makes lines of tasks, with their reasons."""

    def __init__(self, v: Visitor, tasks: Iterable[Task], *, with_case: bool = True, buttons: bool = True) -> None:
        self.v, self.t, self.tasks = v, v.t, list(tasks)
        self.with_case, self.buttons = with_case, buttons
        self.known = known_of(v.db, self.tasks)

    def lines(self, *, names: bool = False) -> list[Line]:
        return [self.line(task, names=names) for task in self.tasks]

    def line(self, task: Task, *, names: bool = False) -> Line:
        known = self.known[task.case_id]
        occurrence = known.state.steps.get(task.id)
        tone = "late" if task.late else "today" if task.due_on == self.v.today else "later"
        decides = task.status == "proposed"
        return Line(
            tone=tone,
            when=when(self.v, task.due_on),
            more=tuple(self._more(task, known)),
            title=title(self.t, known.protocol, task.step, task.n, self.t.text(task.name)),
            href=task_path(task.ref, task.id),
            ref=task.ref,
            case_href=f"/cases/{task.ref}" if self.with_case else "",
            who=self.v.names.get(task.assignee or "", "") if names else "",
            because=self._because(known, occurrence),
            button=self._button(decides) if self.buttons else "",
            due_on=task.due_on,
            appointment=task.appointment,
            decides=decides,
            step=task.step,
            name=self.t.text(task.name),
        )

    def _button(self, decides: bool) -> str:
        return self.t("today.decide_button") if decides else self.t("today.record")

    def _because(self, known: Known, occurrence: Occurrence | None) -> str:
        if occurrence is None:
            return ""
        reasons = Reasons(known.protocol, known.state, known.calendar, self.v.now, self.t.language)
        return reasons.first(occurrence)

    def _more(self, task: Task, known: Known) -> list[str]:
        found = []
        until = next((one.until for one in self.v.stands_in if one.staff == task.assignee), None)
        if until is not None:
            who = self.v.names.get(task.assignee or "", self.t.of("who", "unknown"))
            found.append(self.t("today.stand_in", who=who, until=short_day(until, self.t.language, self.v.today)))
        if task.late and task.due_on is not None:
            days = known.calendar.between(task.due_on, self.v.today)
            found.append(self.t.count("today.days_late", days) if days else self.t("today.late_today"))
        occurrence = known.state.steps.get(task.id)
        if occurrence is not None and occurrence.at and not task.late:
            found.append(self.t("today.before_hour", hour=occurrence.at))
        if task.appointment is not None:
            found.append(self.t("today.appointment", when=appointment_words(self.v, task.appointment, task.due_on)))
        return found


def appointment_words(v: Visitor, moment: dt.datetime, due_on: dt.date | None) -> str:
    """The hour alone on the due day itself, else the day too."""
    same = moment.astimezone(v.zone).date() == due_on
    return hour(moment, v.zone) if same else moment_words(moment, v.t.language, v.zone)


def when(v: Visitor, day: dt.date | None) -> str:
    if day is None:
        return v.t("today.no_date").capitalize()
    return v.t("today.due_today").capitalize() if day == v.today else weekday_and_day(day, v.t.language, v.today)


def title(t: Words, protocol: Protocol, key: str, n: int, name: str) -> str:
    """A step as people call it; a repeated one with its number and how many there are."""
    step = step_named(protocol, key)
    if step is None or step.repeat is None:
        return name
    total = len(step.repeat.occurrences)
    return t("today.of", name=name, n=n, total=total) if total >= n else f"{name} {n}"
