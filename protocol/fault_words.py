"""pydantic's findings in words that an author of a protocol understands: what is wrong, and what mends it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

from pydantic_core import ErrorDetails

from protocol import schema
from protocol.errors import Fault
from protocol.lines import Lines, Path, dotted

KEY_PATTERN = r"^[a-z][a-z0-9_]*$"
HOUR_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
ENGLISH_BOOLS = {True: "true", False: "false"}


def close_to(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where something is near enough, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def faults_of(errors: list[ErrorDetails], lines: Lines, file: str, under: Path = (), root: Any = None) -> list[Fault]:
    """One fault per finding. `under`: the path of what was validated, where that is not the whole file."""
    return [_fault(error, lines, file, under, root) for error in errors]


def _fault(error: ErrorDetails, lines: Lines, file: str, under: Path, root: Any) -> Fault:
    is_name = bool(error["loc"]) and error["loc"][-1] == "[key]"
    local: Path = tuple(error["loc"][:-1]) if is_name else tuple(error["loc"])
    path = (*under, *local)
    words = _name_words if is_name else WORDS.get(error["type"], _generic_words)
    rule, remedy = words(error, path, _holder(local, root))
    return Fault(file, lines.at(path), dotted(lines.written(path)), rule, remedy, f"schema.{error['type']}")


def _holder(local: Path, root: Any) -> Any:
    """The part of the language that the faulty field belongs to."""
    return schema.type_at(local[:-1], root) if root else schema.type_at(local[:-1])


def _last(path: Path) -> str:
    return str(path[-1]) if path else "the file"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{ENGLISH_BOOLS[value]}`"
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a group of fields"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def _unknown_field(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    known = sorted(schema.fields(holder)) if schema.is_part(holder) else []
    rule, guess = f"unknown field `{_last(path)}`", close_to(_last(path), known)
    return (f"{rule}; {guess}" if guess else rule), f"leave it out, or use one of: {', '.join(known)}"


def _missing(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    info = schema.fields(holder).get(_last(path)) if schema.is_part(holder) else None
    said = f" ({info.description})" if info and info.description else ""
    return f"the field `{_last(path)}` is missing", f"add `{_last(path)}: …`{said}"


def _choice(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    known = schema.choices(schema.inside(holder, path[-1])) if path else ()
    guess = close_to(str(error["input"]), known)
    return f"{_shown(error['input'])} is not possible here" + (
        f"; {guess}" if guess else ""
    ), f"use one of: {', '.join(known)}"


def _pattern(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    pattern = error.get("ctx", {}).get("pattern")
    if pattern == HOUR_PATTERN:
        return f"{_shown(error['input'])} is not an hour", "write an hour from 00:00 to 23:59, such as `16:00`"
    if pattern == KEY_PATTERN:
        return _name_words(error, path, holder)
    return f"{_shown(error['input'])} has a character that is not possible here", "use letters, digits, dots and dashes"


def _name_words(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    rule = f"{_shown(error['input'])} cannot be a name"
    return rule, "use small letters, digits and `_`, a letter first, at most 40 in all"


def _own_words(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    said = str(error.get("ctx", {}).get("error", error["msg"]))
    return said, "read this part in docs/language.md and keep what belongs together"


def _number(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is not a whole number", f"write a whole number for `{_last(path)}`, such as `5`"


def _at_least(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is too low", f"write {error['ctx']['ge']} or more"


def _at_most(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is too high", f"write {error['ctx']['le']} or less"


def _too_few(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"`{_last(path)}` is empty", "name at least one"


def _too_long(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is too long", f"use at most {error['ctx']['max_length']} characters"


def _date(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is not a date", "write year-month-day, such as `2026-12-01`"


def _yes_or_no(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is neither `true` nor `false`", f"write `{_last(path)}: true`, or leave it out"


def _text(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    if isinstance(error["input"], bool):
        word = ENGLISH_BOOLS[error["input"]]
        return (
            f"`{word}` is not a text or name",
            f'write `{"yes" if error["input"] else "no"}`, or `"{word}"` in quotes',
        )
    return f"{_shown(error['input'])} is not a text or name", f"write one word or text for `{_last(path)}`"


def _group(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    kind = schema.inside(holder, path[-1]) if path else None
    if schema.is_text(kind):
        return f"{_shown(error['input'])} is a text in no language", "write it per language: `{en: …, nl: …, fr: …}`"
    bare = schema.bare(kind)
    example = f", such as `{next(iter(schema.fields(bare)))}: …`" if schema.is_part(bare) else ""
    return f"{_shown(error['input'])} stands where fields belong", f"write fields under `{_last(path)}`{example}"


def _list(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return (
        f"{_shown(error['input'])} stands where a list belongs",
        f"write `{_last(path)}: [one, two]`, or a line with `- ` for each",
    )


def _generic_words(error: ErrorDetails, path: Path, holder: Any) -> tuple[str, str]:
    return f"{_shown(error['input'])} is not possible here", "read this field in docs/language.md"


Words = Callable[[ErrorDetails, Path, Any], tuple[str, str]]
WORDS: dict[str, Words] = {
    "extra_forbidden": _unknown_field,
    "missing": _missing,
    "literal_error": _choice,
    "string_pattern_mismatch": _pattern,
    "value_error": _own_words,
    "int_parsing": _number,
    "int_type": _number,
    "int_from_float": _number,
    "int_parsing_size": _number,
    "greater_than_equal": _at_least,
    "less_than_equal": _at_most,
    "too_short": _too_few,
    "string_too_long": _too_long,
    "date_parsing": _date,
    "date_type": _date,
    "date_from_datetime_parsing": _date,
    "date_from_datetime_inexact": _date,
    "bool_parsing": _yes_or_no,
    "bool_type": _yes_or_no,
    "string_type": _text,
    "dict_type": _group,
    "model_type": _group,
    "model_attributes_type": _group,
    "tuple_type": _list,
}
