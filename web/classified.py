"""A warning on words of classified information: beside the field, with a box to confirm that it is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from starlette.datastructures import FormData

from protocol.classified import word_in
from protocol.errors import Problem
from protocol.language import FormField, Protocol
from web.forms import Control, Option
from web.words import Words

RULE = "form.classified"
CONFIRM = "not_classified"


def unconfirmed(
    protocol: Protocol, fields: Iterable[FormField], values: Mapping[str, Any], form: FormData
) -> tuple[Problem, ...]:
    """The fields in which such a word stands; none where somebody confirmed that it is no classified information."""
    if form.get(CONFIRM) == "yes":
        return ()
    return tuple(_found(protocol, fields, values, ""))


def in_text(protocol: Protocol, field: str, text: str, form: FormData) -> tuple[Problem, ...]:
    """The same of one text that is no field of a protocol's form."""
    word = None if form.get(CONFIRM) == "yes" else word_in(protocol.classified_words, text)
    return (Problem(field, RULE, word),) if word else ()


def _found(
    protocol: Protocol, fields: Iterable[FormField], values: Mapping[str, Any], prefix: str
) -> Iterator[Problem]:
    for field in fields:
        value = values.get(field.key)
        if field.type == "text" and isinstance(value, str):
            word = word_in(protocol.classified_words, value)
            if word:
                yield Problem(prefix + field.key, RULE, word)
        elif field.type == "tracks" and isinstance(value, Mapping):
            for item, row in value.items():
                yield from _found(protocol, field.fields, row, f"{prefix}{field.key}.{item}.")
        elif field.type == "list" and isinstance(value, list):
            for n, row in enumerate(value, 1):
                yield from _found(protocol, field.fields, row, f"{prefix}{field.key}.{n}.")


def confirmation(t: Words, problems: Iterable[Problem]) -> list[Control]:
    """The box to confirm, where a warning stands."""
    if not any(problem.rule == RULE for problem in problems):
        return []
    box = Option("yes", t("form.not_classified"))
    hint = t("form.not_classified_hint")
    return [
        Control(CONFIRM, "not-classified", "checks", t("form.classified"), hint=hint, required=False, sometimes=True, options=(box,))
    ]  # fmt: skip
