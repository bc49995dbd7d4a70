"""Answers for a form that lead to a wanted outcome: for simulation, the demo and tests. Never used on real cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from protocol.forms import deciding, outcome_of
from protocol.language import Condition, Form, FormField, Protocol
from protocol.variants import matches


def _sample(field: FormField, protocol: Protocol, day: dt.date, words: str) -> Any:
    if field.type == "choice":
        return next(iter(field.options or {}))
    if field.type in ("yes_no", "yes_no_unknown"):
        return "yes"
    if field.type == "date":
        return (day + dt.timedelta(days=7) if field.future else day).isoformat()
    if field.type == "datetime":
        return dt.datetime.combine(day, dt.time(10)).isoformat()
    if field.type == "hour":
        return "10:00"
    if field.type == "number":
        return str(max(field.minimum or 0, min(field.maximum or 10, 10)))
    if field.type in ("staff", "staff_list"):
        return "staff-1"
    if field.type == "tracks":
        items = protocol.tracks[field.tracks or ""]
        return {item: {f.key: _sample(f, protocol, day, words) for f in field.fields} for item in items}
    if field.type == "list":
        return [{f.key: _sample(f, protocol, day, words) for f in field.fields}]
    return words[: field.max_length]


def _needed(field: FormField, values: Mapping[str, Any], facts: Mapping[str, object]) -> bool:
    condition: Condition | None = field.required_when
    if condition is None:
        return field.required
    return matches(condition, {**facts, "given": values})


def answers(
    protocol: Protocol,
    form: Form,
    outcome: str | None,
    day: dt.date,
    given: Mapping[str, Any] | None = None,
    facts: Mapping[str, object] | None = None,
    words: str = "As agreed.",
) -> dict[str, Any]:
    """Values for every required field so that the form ends in this outcome (None: any); `given` overrides.

    `day` is the day it happened. Errors: ValueError when the form has no such outcome.
    """
    wanted: dict[str, Any] = dict(form.expected_given)
    if outcome is not None and form.outcomes:
        found = next((one for one in form.outcomes if one.key == outcome), None)
        if found is None:
            raise ValueError(f"no outcome {outcome} in this form: {[one.key for one in form.outcomes]}")
        wanted |= {key: values[0] for key, values in found.when.items()}
    wanted |= dict(given or {})
    known = {field.key for field in form.fields}
    values = {key: value for key, value in wanted.items() if key in known}
    for _ in range(2):  # a field may be required because of one that stands later
        for field in form.fields:
            if field.key not in values and _needed(field, values, facts or {}):
                values[field.key] = _sample(field, protocol, day, words)
    if outcome is not None and form.outcomes and outcome_of(form, deciding(form, values)) != outcome:
        values |= _avoid_earlier(form, outcome, values)
    return values


def _avoid_earlier(form: Form, outcome: str, values: dict[str, Any]) -> dict[str, Any]:
    """Change answers that match an outcome standing before the wanted one."""
    changed: dict[str, Any] = {}
    for earlier in form.outcomes:
        if earlier.key == outcome:
            return changed
        for field in form.fields:
            banned = earlier.when.get(field.key)
            if banned and str(values.get(field.key)) in banned:
                options = list(field.options or ("yes", "no"))
                changed[field.key] = next((o for o in options if o not in banned), options[0])
    return changed
