"""The published form of a notification, and of the answers of the interface (OpenAPI)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, get_args

from casework import notifications as n

# Only what every dialect of regular expressions reads alike: no \d, no \s.
_DATE = "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"
_EDGE, _INSIDE = r"\u0000-\u0020\u007f-\u00a0", r"\u0000-\u001f\u007f-\u009f"
DAY = f"^{_DATE}$"
MOMENT = f"^{_DATE}(T{_CLOCK})?$"
LETTERS = f"^[^{_EDGE}=@]([^{_INSIDE}]*[^{_EDGE}])?$"
"""no control characters, no spaces around, not a formula"""


def _text(length: int, description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": length, "pattern": LETTERS, "description": description}


def _day(description: str, *, empty: bool = False) -> dict[str, Any]:
    kind: Any = ["string", "null"] if empty else "string"
    return {"type": kind, "format": "date", "pattern": DAY, "description": description}


NOTIFICATION: dict[str, Any] = {
    "type": "object",
    "title": "Notification",
    "description": "What a prison tells the city. Days are calendar days in Brussels. Dutch and French labels and "
    "dd/mm/yyyy are understood too.",
    "additionalProperties": False,
    "required": [name for name in n.FIELDS if name not in n.OPTIONAL],
    "properties": {
        "reference": _text(n.REFERENCE_LENGTH, "the prison's own reference; prison and reference say who it is"),
        "prison": _text(n.PRISON_LENGTH, "the prison"),
        "family_name": _text(n.NAME_LENGTH, "family name"),
        "given_names": _text(n.NAME_LENGTH, "given names"),
        "birth_date": _day("birth date"),
        "language": {"type": "string", "pattern": "^[a-z]{2}$", "description": "ISO 639-1 code: nl, fr, en, ar …"},
        "release_type": {"type": "string", "enum": list(get_args(n.ReleaseType)), "description": "way out of prison"},
        "conditions": {"type": ["string", "null"], "enum": [*get_args(n.Conditions), None], "description": "attached?"},
        "planned_release": _day("may be empty only when certainty is unconfirmed", empty=True),
        "certainty": {"type": "string", "enum": list(get_args(n.Certainty)), "description": "of the planned release"},
        "source": _text(n.SOURCE_LENGTH, "who or what told the prison service, for example the court's judgment"),
        "notified_at": {
            "type": "string",
            "pattern": MOMENT,
            "description": "when it was told: a day, or a moment; without a zone it is Brussels time",
        },
        "actual_release": _day("the day of release, when the person is already out", empty=True),
        "planned_return": _day("only for leave: the day of return", empty=True),
    },
    "example": {
        "reference": "BRU-2026-0417",
        "prison": "Gevangenis Mechelen",
        "family_name": "Voorbeeld",
        "given_names": "Sam",
        "birth_date": "1991-04-12",
        "language": "nl",
        "release_type": "conditional_release",
        "conditions": "yes",
        "planned_release": "2026-12-11",
        "certainty": "confirmed",
        "source": "judgment of the sentence implementation court",
        "notified_at": "2026-11-23T10:15",
    },
}
NOTIFICATIONS: dict[str, Any] = {
    "oneOf": [
        {"$ref": "#/components/schemas/Notification"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Notification"}, "maxItems": 500},
    ]
}

_WORDS: dict[str, Any] = {"type": ["string", "null"]}
ROW: dict[str, Any] = {
    "type": "object",
    "title": "Row",
    "required": ["row", "outcome", "case", "field", "rule", "remedy"],
    "properties": {
        "row": {"type": "integer", "minimum": 1},
        "outcome": {"type": "string", "enum": ["accepted", "known", "moved", "refused"]},
        "case": {**_WORDS, "description": "the case's number"},
        "field": _WORDS,
        "rule": _WORDS,
        "remedy": _WORDS,
        "faults": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Problem"},
            "description": "everything that is wrong, where it is more than one thing",
        },
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "required": ["field", "rule", "remedy"],
    "properties": {name: {"type": "string"} for name in ("field", "rule", "remedy")},
}
REPORT: dict[str, Any] = {
    "type": "object",
    "title": "Report",
    "required": ["rows"],
    "properties": {"rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}},
}
PROBLEMS: dict[str, Any] = {
    "type": "object",
    "title": "Problems",
    "required": ["problems"],
    "properties": {
        "problems": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Problem"}},
        "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
    },
}
SCHEMAS = {"Notification": NOTIFICATION, "Row": ROW, "Problem": PROBLEM, "Report": REPORT, "Problems": PROBLEMS}


def _answer(name: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": description, "content": content}


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _answer("Report", "Every notification has the agreed form; the rows say what became of each."),
    401: _answer("Problems", "No valid key."),
    403: _answer("Problems", "The key may not do this."),
    409: _answer("Problems", "The Idempotency-Key was used for another request, or that request is being handled."),
    413: _answer("Problems", "Too large."),
    415: _answer("Problems", "Not JSON."),
    422: _answer("Problems", "Not the agreed form. Rows that have it were taken."),
}


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fits(value: object, schema: dict[str, Any]) -> bool:
    """Whether a value has the form of one property: the few words of JSON Schema that are used above."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None:
        return "null" in kinds
    if not isinstance(value, str) or ("enum" in schema and value not in schema["enum"]):
        return False
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return False
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        return False
    return schema.get("format") != "date" or _is_day(value)


def conforms(raw: object) -> bool:
    """Whether a notification has the published form (not whether its content can be taken)."""
    properties = NOTIFICATION["properties"]
    if not isinstance(raw, dict) or not set(raw) <= set(properties) or not set(NOTIFICATION["required"]) <= set(raw):
        return False
    return all(_fits(value, properties[name]) for name, value in raw.items())
