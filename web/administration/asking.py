"""The questions of the administration's forms: made from a table, with what was typed and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.datastructures import FormData

from protocol.errors import Problem, Refused
from web import refusals
from web.forms import MOST_ROWS, SPARE_ROWS, Control, Option, Row
from web.words import Words


class Ask(NamedTuple):
    """One question: its field, its kind, how long an answer may be; its words stand under the family."""

    name: str
    kind: str = "text"
    limit: int = 0
    required: bool = True
    options: tuple[tuple[str, str], ...] = ()
    columns: tuple[Ask, ...] = ()
    """of a list: what each row asks"""


class Asker:
    """Makes the controls of one form. The words of a field `x` are `family.x`, its hint `family.x_hint`."""

    def __init__(self, t: Words, family: str, given: Mapping[str, Any], refused: Refused | None = None) -> None:
        self.t, self.family, self.given = t, family, given
        self.problems = {each.field: each for each in problems_of(refused)}

    def controls(self, asks: Sequence[Ask], grown: str = "") -> list[Control]:
        return [self._control(ask, ask.name, self.given, grown) for ask in asks]

    def _control(self, ask: Ask, name: str, given: Mapping[str, Any], grown: str = "") -> Control:
        word, value = f"{ask.name}_hint", given.get(ask.name)
        text = "" if value is None or isinstance(value, (list, dict)) else str(value)
        return Control(
            name=name,
            id=name.replace(".", "-"),
            kind="rows" if ask.columns else ask.kind,
            label=self.t.of(self.family, ask.name),
            hint=self.t.of(self.family, word) if name == ask.name and self.t.known(self.family, word) else "",
            required=ask.required,
            value=text,
            options=tuple(Option(key, label, key == text) for key, label in ask.options),
            rows=self._rows(ask, value, grown) if ask.columns else (),
            problem=self._problem(name),
            limits={"maxlength": ask.limit} if ask.limit else {},
            grows=ask.name if ask.columns else "",
        )

    def _rows(self, ask: Ask, value: Any, grown: str) -> tuple[Row, ...]:
        given = list(value or ())
        given += [{}] * min(SPARE_ROWS if grown == ask.name or not given else 1, MOST_ROWS - len(given))
        return tuple(
            Row(
                self.t("form.row", n=n),
                tuple(self._control(column, f"{ask.name}.{n}.{column.name}", row) for column in ask.columns),
            )
            for n, row in enumerate(given, 1)
        )

    def _problem(self, name: str) -> str:
        found = self.problems.get(name)
        if found is None:
            return ""
        return f"{refusals.sentence(self.t, found.rule)} {refusals.sentence(self.t, found.remedy)}"


def problems_of(refused: Refused | None) -> tuple[Problem, ...]:
    """Every field that is wrong, or the one that the refusal is about."""
    if refused is None:
        return ()
    return refused.problems or (Problem(refused.field, refused.reason, refused.remedy),)


def words_of(family: str, asks: Sequence[Ask]) -> set[str]:
    """The words that a form looks up by its fields, so that none is taken for unused."""
    names = {each.name for ask in asks for each in (ask, *ask.columns)}
    return {f"{family}.{name}{more}" for name in names for more in ("", "_hint")}


def typed(asks: Sequence[Ask], form: FormData) -> dict[str, Any]:
    """What was typed, by field; a list as rows, the empty ones at their places."""
    found: dict[str, Any] = {}
    for ask in asks:
        if not ask.columns:
            found[ask.name] = str(form.get(ask.name) or "").strip()
            continue
        rows = [
            {column.name: str(form.get(f"{ask.name}.{n}.{column.name}") or "").strip() for column in ask.columns}
            for n in range(1, MOST_ROWS + 1)
        ]
        found[ask.name] = [row for row in rows if any(row.values())]
    return found
