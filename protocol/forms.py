"""Checking what was typed in a form against its fields: every problem at once, in words, never echoing what was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from protocol.errors import Problem, Refused
from protocol.language import Form, FormField, Monitored, Step
from protocol.variants import matches

YES_NO = {"yes": "yes", "no": "no", "true": "yes", "false": "no", "on": "yes"}
DECIDES = ("choice", "yes_no", "yes_no_unknown", "date", "number", "staff", "hour", "datetime")
"""Kinds of field whose value may decide what happens next; text never does."""


def _choice(field: FormField, value: str) -> str:
    if value not in (field.options or {}):
        raise ValueError("choose one of: " + ", ".join(field.options or {}))
    return value


def _yes_no(field: FormField, value: str) -> str:
    answer = YES_NO.get(value.lower(), value)
    allowed = ("yes", "no", "unknown") if field.type == "yes_no_unknown" else ("yes", "no")
    if answer not in allowed:
        raise ValueError("answer " + " or ".join(allowed))
    return answer


def _date(field: FormField, value: str) -> str:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("write the date as day, month, year (for example 2026-11-30)") from None


def _datetime(field: FormField, value: str) -> str:
    try:
        return dt.datetime.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("write the date and the hour (for example 2026-11-30T14:00)") from None


def _hour(field: FormField, value: str) -> str:
    try:
        return dt.time.fromisoformat(value).strftime("%H:%M")
    except ValueError:
        raise ValueError("write the hour as 14:00") from None


def _number(field: FormField, value: str) -> str:
    if not value.lstrip("-").isdecimal() or len(value) > 9:
        raise ValueError("write a whole number")
    number = int(value)
    if field.minimum is not None and number < field.minimum:
        raise ValueError(f"not less than {field.minimum}")
    if field.maximum is not None and number > field.maximum:
        raise ValueError(f"not more than {field.maximum}")
    return str(number)


def _text(field: FormField, value: str) -> str:
    if len(value) > field.max_length:
        raise ValueError(f"at most {field.max_length} characters; now {len(value)}")
    if any(ord(sign) < 32 and sign not in "\n\r\t" for sign in value):
        raise ValueError("remove the control characters")
    return value


CHECKS = {
    "choice": _choice, "yes_no": _yes_no, "yes_no_unknown": _yes_no, "date": _date, "datetime": _datetime, "hour": _hour,
    "number": _number, "text": _text, "staff": _text,
}  # fmt: skip


def _rows(field: FormField, value: Any, items: tuple[str, ...], problems: list[Problem]) -> Any:
    """`tracks`: one row per item of the list; `list`: any number of rows; `staff_list`: ids."""
    if field.type == "staff_list":
        names = value if isinstance(value, (list, tuple)) else [part.strip() for part in str(value).split(",")]
        return [str(name) for name in names if str(name).strip()]
    if field.type == "tracks":
        if not isinstance(value, Mapping) or not set(map(str, value)) <= set(items):
            problems.append(Problem(field.key, "form.tracks", "give one row for each of: " + ", ".join(items)))
            return {}
        return {
            item: check_fields(field.fields, row or {}, problems, {}, f"{field.key}.{item}.")
            for item, row in value.items()
        }
    if not isinstance(value, (list, tuple)) or len(value) > 50:
        problems.append(Problem(field.key, "form.list", "give a list of at most 50 rows"))
        return []
    return [check_fields(field.fields, row, problems, {}, f"{field.key}.{n}.") for n, row in enumerate(value, 1)]


def check_fields(
    fields: tuple[FormField, ...],
    values: Any,
    problems: list[Problem],
    tracks: Mapping[str, Mapping[str, Any]],
    prefix: str = "",
    facts: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The clean values of these fields; every problem is added to `problems`."""
    if not isinstance(values, Mapping):
        problems.append(Problem(prefix or "form", "form.row", "give the fields by name"))
        return {}
    clean: dict[str, Any] = {}
    for field in fields:
        raw = values.get(field.key)
        empty = raw is None or raw in ("", [], {}) or (isinstance(raw, str) and not raw.strip())
        if empty:
            continue
        if field.type in ("tracks", "list", "staff_list"):
            clean[field.key] = _rows(field, raw, tuple(tracks.get(field.tracks or "", ())), problems)
            continue
        if isinstance(raw, bool):
            raw = "yes" if raw else "no"
        try:
            clean[field.key] = CHECKS[field.type](field, str(raw).strip())
        except ValueError as fault:
            problems.append(Problem(prefix + field.key, f"form.{field.type}", str(fault)))
    faulty = {problem.field for problem in problems}
    seen = {**(facts or {}), "given": clean}
    for field in fields:
        needed = matches(field.required_when, seen) if field.required_when is not None else field.required
        if needed and field.key not in clean and prefix + field.key not in faulty:
            problems.append(Problem(prefix + field.key, "form.required", "fill in this field"))
    unknown = set(values) - {field.key for field in fields}
    problems += [
        Problem(prefix + str(key)[:40], "form.unknown", "this form has no such field")
        for key in sorted(unknown, key=str)
    ]
    return clean


def check_form(
    form: Form,
    values: Mapping[str, Any],
    tracks: Mapping[str, Mapping[str, Any]],
    facts: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The clean values of a whole form. Errors: `Refused` with every problem."""
    if not form.fields and not values:
        return {}
    problems: list[Problem] = []
    clean = check_fields(form.fields, values, problems, tracks, "", facts)
    if problems:
        first = problems[0]
        raise Refused(
            first.rule, f"the field {first.field} cannot be taken", first.remedy, first.field, tuple(problems)
        )
    return clean


def deciding(form: Form, clean: Mapping[str, Any]) -> dict[str, str]:
    """The values that may decide what happens next: choices, dates, numbers; never text."""
    return {field.key: str(clean[field.key]) for field in form.fields if field.type in DECIDES and field.key in clean}


def outcome_of(form: Form, given: Mapping[str, str]) -> str:
    """The first outcome whose field values match. A form without outcomes is simply `done`."""
    for outcome in form.outcomes:
        if all(given.get(key) in wanted for key, wanted in outcome.when.items()):
            return outcome.key
    if form.outcomes:
        raise Refused("form.outcome", "no outcome follows from these answers", "check the answers of this form")
    return "done"


def monitored_form(step: Step, monitored: Monitored) -> Form:
    """The form that is filled in at a moment of the outcome monitor: a repeated step may have one of its own there."""
    name = step.repeat.forms.get(monitored.occurrence) if step.repeat and monitored.occurrence else None
    return step.forms.get(name, step.form) if name else step.form
