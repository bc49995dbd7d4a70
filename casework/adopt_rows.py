"""Reading a sheet of cases that run already: one row per case, with its notification, its people and its past steps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from casework.adopt_cells import PEOPLE, headings_of, outcomes_of, read_cell
from casework.notification_fields import Unfit, brussels_day, is_blank
from casework.notification_files import read_table
from casework.notification_tables import Heading, Line
from casework.notification_words import fold
from casework.notifications import FIELDS, FieldProblem, Notification, read_notification
from models.people import Staff
from protocol.commands import PastStep
from protocol.language import Protocol


@dataclass(frozen=True)
class AdoptRow:
    """One case of a sheet. `people`: lead and deputy by staff id; `past` in the order of the columns."""

    row: int
    notification: Notification | None
    people: Mapping[str, str] = field(default_factory=dict)
    past: tuple[PastStep, ...] = ()
    problems: tuple[FieldProblem, ...] = ()


def read_adoptions(
    name: str, content: bytes, protocol: Protocol, colleagues: Iterable[Staff], now: datetime
) -> list[AdoptRow]:
    """The rows of the sheet; `now` is aware. Raises FileProblem when the file is wrong as a whole."""
    heading, lines = read_table(name, content, headings_of(protocol))
    sheet = _Sheet(heading, protocol, _names(colleagues), now)
    return [sheet.row(line) for line in lines]


def _names(colleagues: Iterable[Staff]) -> dict[str, set[str]]:
    """Staff ids by id and by name; a name that two have leads to both."""
    found: dict[str, set[str]] = {}
    for one in colleagues:
        for word in (fold(one.id), fold(one.name)):
            found.setdefault(word, set()).add(one.id)
    return found


class _Sheet:
    def __init__(self, heading: Heading, protocol: Protocol, staff: dict[str, set[str]], now: datetime) -> None:
        self._heading, self._protocol, self._staff, self._now = heading, protocol, staff, now
        steps = protocol.steps
        self._assigns = next((k for k, step in steps.items() if "lead" in {f.key for f in step.form.fields}), None)
        opening = protocol.opens_with
        self._first = [k for k, step in steps.items() if step.after and all(a.anchor == opening for a in step.after)]

    def row(self, line: Line) -> AdoptRow:
        if problem := line.problem or self._heading.misfit(line):
            return AdoptRow(line.number, None, problems=(problem,))
        cells = self._heading.fields(line)
        told = {name: cell for name, cell in cells.items() if name in FIELDS}
        notification, found = read_notification(told, self._now)
        problems = list(found)
        people = self._people(cells, problems)
        past = self._past(cells, notification.release_type if notification else "", problems)
        problems += self._assignment(people, past)
        if notification is None or problems:
            return AdoptRow(line.number, None, problems=tuple(problems))
        return AdoptRow(line.number, notification, people, self._completed(past, people, notification))

    def _people(self, cells: Mapping[str, object], problems: list[FieldProblem]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in PEOPLE:
            cell = cells.get(name)
            if is_blank(cell):
                continue
            ids = self._staff.get(fold(cell), set()) if isinstance(cell, str) else set()
            if len(ids) == 1:
                found[name] = next(iter(ids))
            elif ids:
                rule = f"{name} must be one person; two have this name"
                problems.append(FieldProblem(name, rule, "write the staff id"))
            else:
                rule = f"{name} must be a member of staff"
                problems.append(FieldProblem(name, rule, "write the staff id or the name"))
        return found

    def _past(self, cells: Mapping[str, object], kind: str, problems: list[FieldProblem]) -> list[PastStep]:
        today, found = brussels_day(self._now), []
        for name, cell in cells.items():
            key = name.partition("#")[0]
            if name in FIELDS or name in PEOPLE or is_blank(cell):
                continue
            try:
                found.append(read_cell(name, cell, outcomes_of(self._protocol, key, kind), today))
            except Unfit as unfit:
                problems.append(FieldProblem(name, f"{name} {unfit.rule}", unfit.remedy))
        return found

    def _assignment(self, people: Mapping[str, str], past: Iterable[PastStep]) -> list[FieldProblem]:
        """Who leads a case and the day it was assigned go together."""
        key = self._assigns
        assigned = any(one.step == key and one.on is not None for one in past)
        if assigned and "lead" not in people:
            rule = f"lead must be given where {key} was done"
            return [FieldProblem("lead", rule, "write the staff id or the name")]
        if people and not assigned and key is not None:
            rule = f"{key} must have a day where a lead worker or deputy is named"
            return [FieldProblem(key, rule, "give the day, or leave lead and deputy empty")]
        return []

    def _completed(
        self, past: list[PastStep], people: Mapping[str, str], notification: Notification
    ) -> tuple[PastStep, ...]:
        """With whom the assignment named, and the first step done: this row is the notification written down."""
        named = [one.model_copy(update={"given": dict(people)}) if one.step == self._assigns else one for one in past]
        told_on, there = brussels_day(notification.notified_at), {one.step for one in past}
        first = [PastStep(step=key, on=told_on) for key in self._first if key not in there]
        return (*first, *named)
