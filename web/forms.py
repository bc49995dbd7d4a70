"""The forms of the protocol file as people fill them in, and what they typed as the engine wants it.

A field's name on the page is `f.KEY`; in a track `f.KEY.ITEM.FIELD`; in a list `f.KEY.ROW.FIELD`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.datastructures import FormData

from protocol.errors import Problem
from protocol.language import Condition, FormField
from web.dates import read_day
from web.words import Words

SPARE_ROWS = 2
"""empty rows under a list, so that it can grow without a script"""
MOST_ROWS = 50
LONG_TEXT = 120
"""characters from which a text gets several lines"""

KINDS = {
    "choice": "radios",
    "yes_no": "radios",
    "yes_no_unknown": "radios",
    "date": "date",
    "datetime": "datetime-local",
    "hour": "time",
    "number": "number",
    "staff": "select",
    "staff_list": "checks",
    "tracks": "rows",
    "list": "rows",
}


class Option(NamedTuple):
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Row:
    """One row of a track or a list."""

    label: str
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Control:
    """One question on a page."""

    name: str
    id: str
    kind: str
    label: str
    hint: str = ""
    required: bool = True
    value: str = ""
    options: tuple[Option, ...] = ()
    rows: tuple[Row, ...] = ()
    problem: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    sometimes: bool = False
    """needed for some answers of the same form; its hint says which"""
    tight: bool = False
    """answers side by side: it stands in a row"""
    quiet: bool = False
    """the row says already what is asked: the label is for screen readers"""
    autocomplete: str = "off"
    grows: str = ""
    """for a list: its key, for the button that adds a row"""

    @property
    def first_id(self) -> str:
        """What an error leads to: the control itself, or the first of its answers."""
        if self.rows:
            return self.rows[0].controls[0].first_id
        return f"{self.id}-1" if self.options and self.kind != "select" else self.id


class Maker:
    """Makes the controls of one form: in one language, with what was typed and what was wrong with it."""

    def __init__(
        self,
        t: Words,
        tracks: Mapping[str, Mapping[str, Mapping[str, str]]],
        staff: Sequence[tuple[str, str]] = (),
        typed: Mapping[str, Any] | None = None,
        problems: Iterable[Problem] = (),
        grown: str = "",
    ) -> None:
        self.t, self.tracks, self.staff, self.typed, self.grown = t, tracks, staff, typed or {}, grown
        self.problems = {problem.field: problem for problem in problems}

    def controls(self, fields: Sequence[FormField]) -> tuple[Control, ...]:
        return tuple(self.control(each, fields, "", self.typed) for each in fields)

    def control(
        self, each: FormField, among: Sequence[FormField], prefix: str, typed: Mapping[str, Any], label: str = ""
    ) -> Control:
        path = prefix + each.key
        value = typed.get(each.key)
        name = f"f.{path}"
        return Control(
            name=name,
            id=name.replace(".", "-"),
            kind=self._kind(each),
            label=label or self.t.text(each.label),
            hint=self._hint(each, among, in_row=bool(prefix)),
            required=each.required and each.required_when is None,
            value="" if value is None or isinstance(value, (dict, list)) else str(value),
            options=self._options(each, value),
            rows=self._rows(each, path, value),
            problem=self.problem(each, path),
            limits=self._limits(each),
            sometimes=each.required_when is not None,
            tight=bool(prefix),
            quiet=bool(prefix) and len(among) == 1,
            grows=each.key if each.type == "list" else "",
        )

    @staticmethod
    def _kind(each: FormField) -> str:
        if each.type == "text":
            return "textarea" if each.max_length > LONG_TEXT else "text"
        return KINDS[each.type]

    def _hint(self, each: FormField, among: Sequence[FormField], *, in_row: bool) -> str:
        hints = [self.t.text(each.hint)] if each.hint else []
        if each.required_when is not None and (needed := self._needed(each.required_when, among)):
            hints.append(needed)
        if each.type == "text" and each.max_length > LONG_TEXT and not in_row:
            hints.append(self.t("form.at_most", n=each.max_length))
        return " · ".join(hints)

    def _needed(self, condition: Condition, among: Sequence[FormField]) -> str:
        """When a field must be filled in, in words: “only if …”."""
        said = []
        for key, values in (condition.given or {}).items():
            other = next((one for one in among if one.key == key), None)
            if other is not None:
                answers = self._options(other, None)
                labels = [answer.label for answer in answers if answer.value in values]
                said.append(f"{self.t.text(other.label)}: {self.t('form.or').join(labels)}")
        return self.t("form.only_if", what="; ".join(said)) if said else ""

    def _options(self, each: FormField, value: Any) -> tuple[Option, ...]:
        if each.type == "choice":
            found = [(key, self.t.text(text)) for key, text in (each.options or {}).items()]
        elif each.type in ("yes_no", "yes_no_unknown"):
            answers = ("yes", "no", "unknown") if each.type == "yes_no_unknown" else ("yes", "no")
            found = [(key, self.t.of("answer", key)) for key in answers]
        elif each.type in ("staff", "staff_list"):
            found = list(self.staff)
        else:
            return ()
        chosen = set(map(str, value)) if isinstance(value, (list, tuple)) else {str(value)}
        return tuple(Option(key, label, key in chosen) for key, label in found)

    def _rows(self, each: FormField, path: str, value: Any) -> tuple[Row, ...]:
        if each.type == "tracks":
            given = value if isinstance(value, Mapping) else {}
            return tuple(
                Row(self.t.text(label), self._row(each, f"{path}.{item}.", given.get(item) or {}))
                for item, label in self.tracks[each.tracks or ""].items()
            )
        if each.type == "list":
            given_rows = list(value) if isinstance(value, (list, tuple)) else []
            count = min(len(given_rows) + (SPARE_ROWS if self.grown == each.key or not given_rows else 1), MOST_ROWS)
            given_rows += [{}] * (count - len(given_rows))
            return tuple(
                Row(self.t("form.row", n=n), self._row(each, f"{path}.{n}.", row))
                for n, row in enumerate(given_rows, 1)
            )
        return ()

    def _row(self, each: FormField, prefix: str, typed: Mapping[str, Any]) -> tuple[Control, ...]:
        return tuple(self.control(column, each.fields, prefix, typed) for column in each.fields)

    @staticmethod
    def _limits(each: FormField) -> dict[str, int]:
        if each.type == "text":
            return {"maxlength": each.max_length}
        limits = {"min": each.minimum, "max": each.maximum} if each.type == "number" else {}
        return {key: limit for key, limit in limits.items() if limit is not None}

    def problem(self, each: FormField, path: str) -> str:
        found = self.problems.get(path)
        return problem_words(self.t, found, each) if found else ""


def problem_words(t: Words, problem: Problem, each: FormField | None = None) -> str:
    """What is wrong with an answer and what mends it; never what was typed."""
    key = problem.rule.replace(".", "_").replace("-", "_")
    if not t.known("problem", key):
        return t.sentence(problem.remedy)
    if key == "form_classified":
        return t("problem.form_classified", word=problem.remedy)
    if each is not None and key == "form_text":
        return t("problem.form_text_long", n=each.max_length)
    if each is not None and key == "form_number" and (each.minimum is not None or each.maximum is not None):
        low, high = (each.minimum if each.minimum is not None else "…"), (each.maximum or "…")
        return t("problem.form_number_between", low=low, high=high)
    return t.of("problem", key)


def summary(controls: Iterable[Control]) -> list[tuple[str, str]]:
    """The problems of a page for its head: where each leads, and what it says."""
    found: list[tuple[str, str]] = []
    for control in controls:
        if control.problem:
            found.append((control.first_id, f"{control.label}: {control.problem}"))
        for row in control.rows:
            found += [(where, f"{row.label}, {words}") for where, words in summary(row.controls)]
    return found


def typed_in(fields: Iterable[FormField], posted: FormData, tracks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What was typed, as the engine's form takes it: empty answers left out."""
    found: dict[str, Any] = {}
    for each in fields:
        name = f"f.{each.key}"
        value: Any
        if each.type == "tracks":
            items = {item: _row(each, posted, f"{name}.{item}.") for item in tracks[each.tracks or ""]}
            # once begun, every row counts: one that was forgotten is told
            value = items if any(items.values()) else {}
        elif each.type == "list":
            rows = (_row(each, posted, f"{name}.{n}.") for n in range(1, MOST_ROWS + 1))
            value = [row for row in rows if row]
        elif each.type == "staff_list":
            value = [str(one) for one in posted.getlist(name) if str(one).strip()]
        else:
            value = _plain(each, posted, name)
        if value:
            found[each.key] = value
    return found


def _row(each: FormField, posted: FormData, prefix: str) -> dict[str, Any]:
    row = {column.key: _plain(column, posted, prefix + column.key) for column in each.fields}
    return {key: value for key, value in row.items() if value}


def _plain(each: FormField, posted: FormData, name: str) -> str:
    value = str(posted.get(name) or "").strip()
    return read_day(value) if each.type == "date" else value
