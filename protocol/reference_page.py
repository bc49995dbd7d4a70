"""docs/language.md, the reference page of the protocol language, made from the schema itself.

`python -m protocol.reference_page > docs/language.md` makes it anew; a test holds page and schema together.
"""

from __future__ import annotations

import datetime as dt
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from protocol.book import CHECKS
from protocol.language import Hour, Key, OneOrMany, Part, Protocol, Text
from protocol.reference_example import EXAMPLE
from protocol.references import rules
from protocol.references_names import OWNER_WORDS, RELATIONS, TOLD_WORDS
from protocol.schema import bare, fields, is_part
from protocol.yaml_reader import MOST_BYTES, MOST_DEPTH

MEANINGS = {
    "name": "what people read, in every language",
    "source": "where this rule comes from",
    "key": "its name in the rest of the protocol",
}
"""Fields that mean the same wherever they stand."""

HEAD = f"""\
# The protocol language

<!-- Made from the schema: python -m protocol.reference_page > docs/language.md -->

A protocol is one YAML file that a coordinator can read aloud and a lawyer can check. `sluis protocol check FILE` reads
it; whatever is wrong is said with file, line, rule and remedy.

- Plain words stay what was written (YAML 1.2): `yes` and `no` are answers, `16:00` is an hour, `1.10` a version.
  `true` and `false` are for switches; a switch that is left out is `false`, unless the page says else.
- A date is written `2026-12-01`. A name has small letters, digits and `_`, a letter first, at most 40 in all.
- One or more names: `outcome: yes` reads as well as `outcome: [yes, partly]`.
- Every text stands in every language of the protocol: `{{en: …, nl: …}}`.
- Anchors, aliases (`&`, `*`) and tags of YAML are not used: every rule stands where it holds. A file has at most
  {MOST_BYTES // 1_000_000} MB and {MOST_DEPTH} levels.
- A name or field that the language does not know is a fault, never ignored.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = list(_reachable())
    sections = [HEAD, _example(), _contents(parts), *(_section(part) for part in parts), _words(), _rules()]
    return "\n".join(sections)


def _example() -> str:
    return f"## A worked example\n\n```yaml\n{EXAMPLE}```\n"


def _reachable() -> Iterator[type[Part]]:
    """The parts of the language, each after the one that holds it."""
    todo, seen = [Protocol], set[type[Part]]()
    while todo:
        part: type[Part] = todo.pop(0)
        if part not in seen:
            seen.add(part)
            yield part
            todo += [inner for info in fields(part).values() for inner in _parts_in(info.annotation)]


def _parts_in(annotation: Any) -> list[Any]:
    kind = bare(annotation)
    if is_part(kind):
        return [kind]
    return [part for argument in get_args(kind) for part in _parts_in(argument)]


def _contents(parts: list[type[Part]]) -> str:
    links = ", ".join(_link(part) for part in parts)
    return f"## The parts\n\n{links}\n"


def _link(part: type[Part]) -> str:
    return f"[{_title(part)}](#{_title(part).replace(' ', '-')})"


def _title(part: type[Part]) -> str:
    """`FormField` → `form field`."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in part.__name__).strip()


def _section(part: type[Part]) -> str:
    rows = [_row(name, info) for name, info in fields(part).items()]
    table = "\n".join(["| field | holds | meaning |", "|---|---|---|", *rows])
    return f"### {_title(part)}\n\n{inspect.cleandoc(part.__doc__ or '')}\n\n{table}\n"


def _row(name: str, info: FieldInfo) -> str:
    meaning = info.description or MEANINGS.get(name, "")
    if info.is_required():
        meaning = f"{meaning} **(always)**".strip()
    elif info.default not in (None, (), False, ...) and not isinstance(info.default, Part) and not info.default_factory:
        meaning = f"{meaning} (else `{_shown(info.default)}`)".strip()
    cells = [f"`{name}`", _holds(_annotation(info)), meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def _annotation(info: FieldInfo) -> Any:
    """The type of a field with what pydantic keeps beside it (pattern, one or many)."""
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


SIMPLE: dict[Any, str] = {
    int: "a number",
    str: "text",
    bool: "a switch",
    dt.date: "a date",
    Any: "value",
    Text: "text per language",
    Key: "a name",
    OneOrMany: "one or more names",
    Hour: "an hour",
}


def _holds(annotation: Any) -> str:
    """A type in words."""
    for known, words in SIMPLE.items():
        if annotation == known:
            return words
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _marked(arguments[0], arguments[1:])
    if origin in (Union, types.UnionType):
        return " or ".join(
            _holds(one) if one is not type(None) else "`null`" for one in arguments if not _left_out(one, arguments)
        )
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin is tuple:
        return _many(_holds(arguments[0]))
    if origin is dict:
        name = "number" if arguments[0] is int else "name"
        return f"{name} → {_one(_holds(arguments[1]))}"
    return _link(annotation)


def _marked(kind: Any, marks: tuple[Any, ...]) -> str:
    """A type with a mark: a validator makes one of many, a pattern makes a name or an hour."""
    for known, words in ((OneOrMany, "one or more names"), (Key, "a name"), (Hour, "an hour")):
        if bare(known) == bare(kind) and any(repr(mark) in _marks_of(known) for mark in marks):
            return words
    return _holds(kind)


def _marks_of(known: Any) -> list[str]:
    return [repr(part) for mark in get_args(known)[1:] for part in (mark, *getattr(mark, "metadata", ()))]


def _left_out(one: Any, arguments: tuple[Any, ...]) -> bool:
    """`| None` on a field only says that it may be left out."""
    return one is type(None) and len(arguments) == 2


def _many(one: str) -> str:
    return f"list: {_one(one)}"


def _one(words: str) -> str:
    return words.removeprefix("a ").removeprefix("an ")


def _words() -> str:
    lines = ["## Words of the language", ""]
    for title, words in (
        ("In a rung, beside roles", OWNER_WORDS),
        ("Who is told, beside roles", TOLD_WORDS),
        ("Relations to a case", RELATIONS),
    ):
        lines.append(f"- {title}: " + ", ".join(f"`{word}`" for word in sorted(words)) + ".")
    lines.append("- Who reports an event, beside roles: `system` (by itself).")
    lines.append(
        "- Outcomes beside those of the form: `done` where none is declared, `waived` for a step that may be skipped."
    )
    lines.append("- Forms beside those of the step: `full`, its own.")
    return "\n".join(lines) + "\n"


def _rules() -> str:
    lines = ["## Rules that are checked", "", "Beside the fields themselves; each error carries its key.", ""]
    for key in sorted(rules()):
        lines.append(f"- `{key}`: {_said(key)}")
    return "\n".join(lines) + "\n"


def _said(key: str) -> str:
    """A rule in words: the name of its function is a sentence; what it quotes follows."""
    check = CHECKS[key]
    sentence = check.__name__.replace("_", " ")
    quoted = " ".join(inspect.cleandoc(check.__doc__ or "").split())
    return f"{sentence}. {quoted}" if quoted else f"{sentence}."


if __name__ == "__main__":
    sys.stdout.write(page())
