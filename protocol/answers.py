"""What can be answered in a form, as far as it decides anything: the outcomes and values a step can end with.

Used by the soundness check. Text never decides; a date counts only as given or left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from protocol.language import Action, Condition, Form, FormField, FourEyes, Protocol, Rule
from protocol.schema import parts

MOST_ANSWERS = 20_000
PRESENT = "#"
"""stands for a date, number or text that was filled in"""
CLOSED = {"yes_no": ("yes", "no"), "yes_no_unknown": ("yes", "no", "unknown")}

Given = tuple[tuple[str, str], ...]
Facts = Mapping[str, object]
Residue = tuple[tuple[object, ...], ...]
"""What is left of a condition when the facts that never change were filled in: all of these atoms must hold."""


class Answer(NamedTuple):
    """One way to fill in a form: what follows from it, and the values that decide elsewhere."""

    outcome: str
    given: Given = ()


# conditions


def fold(condition: Condition | None, facts: Facts) -> Residue | None:
    """The condition with these facts filled in; None: it cannot hold. An empty residue always holds."""
    if condition is None:
        return ()
    atoms: list[tuple[object, ...]] = []
    for name in ("release_type", "notice", "conditions", "phase", "outcome", "trigger", "form"):
        wanted = getattr(condition, name)
        if wanted is None:
            continue
        if name not in facts:
            atoms.append((name, frozenset(wanted)))
        elif facts[name] not in wanted:
            return None
    atoms += [("given", key, frozenset(wanted)) for key, wanted in (condition.given or {}).items()]
    atoms += [
        (name, getattr(condition, name))
        for name in ("known", "unknown", "moved_by_days", "milestone")
        if getattr(condition, name) is not None
    ]
    for part in condition.all_ or ():
        inner = fold(part, facts)
        if inner is None:
            return None
        atoms += inner
    if condition.any_ is not None:
        choices = [inner for part in condition.any_ if (inner := fold(part, facts)) is not None]
        if not choices:
            return None
        atoms += [("any", tuple(choices))] if () not in choices else []
    if condition.not_ is not None:
        inner = fold(condition.not_, facts)
        if inner == ():
            return None
        atoms += [("not", inner)] if inner is not None else []
    return tuple(atoms)


def asked(form: FormField, row: Mapping[str, str], facts: Facts) -> bool:
    """Whether this field must be filled in; what is not known (the phase) never makes it so."""
    if form.required_when is None:
        return form.required
    residue = fold(form.required_when, facts)
    return residue is not None and _certain(residue, row)


def _certain(residue: Residue, row: Mapping[str, str]) -> bool:
    for atom in residue:
        if atom[0] == "given":
            if row.get(str(atom[1]), "") not in atom[2]:  # type: ignore[operator]
                return False
        elif atom[0] == "any":
            if not any(_certain(part, row) for part in atom[1]):  # type: ignore[attr-defined]
                return False
        elif atom[0] == "not" and all(part[0] == "given" for part in atom[1]):  # type: ignore[attr-defined]
            if _certain(atom[1], row):  # type: ignore[arg-type]
                return False
        else:
            return False
    return True


# forms

Names = dict[str, frozenset[str]]
"""Fields that something looks at, with the values it looks for (a date: none)."""


def looked_at(protocol: Protocol, actions: Iterable[Action]) -> Names:
    """The fields that these actions look at, those of the events they bring about included."""
    found: dict[str, set[str]] = {}
    seen: set[str] = set()
    todo = [*actions]
    while todo:
        action = todo.pop()
        if action.event and action.event not in seen:
            seen.add(action.event)
            todo += protocol.events[action.event].does
        if action.set_type:
            found.setdefault("release_type", set())
            found.setdefault("conditions", set())
        if action.from_:
            found.setdefault(action.from_, set())
        phase = protocol.phases.get(action.phase or "")
        for name in _given_in(phase.until if phase else None):
            found.setdefault(name, set())
        for _, part in parts(action):
            if isinstance(part, Condition):
                for name, values in (part.given or {}).items():
                    found.setdefault(name, set()).update(values)
    return {name: frozenset(values) for name, values in found.items()}


def _given_in(rule: Rule | None) -> Iterator[str]:
    for _, part in parts(rule):
        if isinstance(part, Rule):
            for name in (part.after, part.before, part.on):
                if name and name.startswith("given:"):
                    yield name.removeprefix("given:")


def answers(form: Form, names: Mapping[str, frozenset[str]], facts: Facts) -> tuple[Answer, ...]:
    """Every combination of outcome and values looked at that this form allows, each once."""
    found = (_answer(form, None, given, names) for given in _filled(form, names, facts))
    return tuple(dict.fromkeys(answer for answer in found if answer))


def disagreements(form: Form, eyes: FourEyes, names: Mapping[str, frozenset[str]], facts: Facts) -> tuple[Answer, ...]:
    """What a step ends with when the second person disagrees (and it is not returned to its owner)."""
    if eyes.returned is not None:
        return ()
    changes: list[dict[str, str]] = [{key: value} for key, value in (eyes.disagree_sets or {}).items()] or [{}]
    rows = [given | change for given in _filled(form, names, facts) for change in changes]
    found = (_answer(form, eyes.disagree, given, names) for given in rows)
    return tuple(dict.fromkeys(answer for answer in found if answer))


def _answer(form: Form, outcome: str | None, given: dict[str, str], names: Iterable[str]) -> Answer | None:
    reached = outcome or outcome_for(form, given)
    kept = tuple(sorted((name, given[name]) for name in names if name in given))
    return Answer(reached, kept) if reached is not None else None


def outcome_for(form: Form, given: Mapping[str, str]) -> str | None:
    """The first outcome whose values match; None: no outcome follows from these answers."""
    for outcome in form.outcomes:
        if all(given.get(key) in wanted for key, wanted in outcome.when.items()):
            return outcome.key
    return None if form.outcomes else "done"


def _filled(form: Form, names: Mapping[str, frozenset[str]], facts: Facts) -> Iterator[dict[str, str]]:
    """Every way to fill in the fields that decide, with nothing left out that must be filled in."""
    fields = _fields(form, {name for outcome in form.outcomes for name in outcome.when} | set(names))
    columns = [_column(field, names, form) for field in fields]
    if math.prod(len(column) for column in columns) > MOST_ANSWERS:
        raise ValueError("too many answers in one form")
    for row in product(*columns):
        given = {field.key: value for field, value in zip(fields, row, strict=True) if value}
        if all(field.key in given or not asked(field, given, facts) for field in fields):
            yield given


def _fields(form: Form, wanted: Iterable[str]) -> list[FormField]:
    """The fields that decide, and those on which it depends whether they are asked."""
    names, grown = set(wanted), True
    while grown:
        needed = {
            key
            for field in form.fields
            if field.key in names and field.required_when is not None
            for _, part in parts(field.required_when)
            if isinstance(part, Condition)
            for key in part.given or ()
        }
        grown = not needed <= names
        names |= needed
    return [field for field in form.fields if field.key in names]


def _column(field: FormField, names: Mapping[str, frozenset[str]], form: Form) -> tuple[str, ...]:
    if field.type == "choice":
        return (*(field.options or ()), "")
    if field.type in CLOSED:
        return (*CLOSED[field.type], "")
    mentioned = set(names.get(field.key, ())) | {
        value for outcome in form.outcomes for value in outcome.when.get(field.key, ())
    }
    return (*sorted(mentioned), PRESENT, "")
