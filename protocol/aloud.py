"""A protocol as a coordinator reads it aloud: each step with its owner, when it starts, when it is due, and its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protocol.language import After, Protocol, Step
from protocol.rule_words import RuleWords, text_in
from protocol.variants import in_class


class Spoken(NamedTuple):
    """One step in words. `due` holds one phrase, or one for each notice class with the name of the class."""

    key: str
    name: str
    owner: str
    after: tuple[str, ...]
    due: tuple[tuple[str, str], ...]
    second: tuple[str, ...]
    """the roles of whom one must decide too"""
    duty: bool
    source: str
    legal_basis: str


def aloud(protocol: Protocol, language: str) -> list[Spoken]:
    """Every step in the order of the file."""
    return [_spoken(protocol, key, step, language) for key, step in protocol.steps.items()]


def _spoken(protocol: Protocol, key: str, step: Step, language: str) -> Spoken:
    words = RuleWords(protocol, language)

    def role(name: str) -> str:
        return text_in(protocol.roles[name].name, language) if name in protocol.roles else name

    return Spoken(
        key, text_in(step.name, language), role(step.owner), tuple(dict.fromkeys(_after(words, step.after))),
        _due(words, step), tuple(role(each) for each in (step.four_eyes.role if step.four_eyes else ())), step.duty,
        step.source, protocol.legal_basis.get(step.legal_basis or "", step.legal_basis or ""),
    )  # fmt: skip


def _after(words: RuleWords, parts: tuple[After, ...]) -> Iterator[str]:
    for part in parts:
        if part.step:
            yield words.step(part.step)
        elif part.anchor:
            yield text_in(words.protocol.anchors[part.anchor].name, words.language)
        elif part.milestone:
            yield text_in(words.protocol.milestones[part.milestone].name, words.language)
        else:
            yield " / ".join(_after(words, part.any_ or ()))


def _due(words: RuleWords, step: Step) -> tuple[tuple[str, str], ...]:
    """Said once where every notice class has the same rule; a class that lacks the step is left out."""
    if step.due is None:
        return ()
    classes = words.protocol.notice.classes if words.protocol.notice else ()
    found = [
        (text_in(each.name, words.language), words.of(step.due, each.key))
        for each in reversed(classes)
        if in_class(step.due, each.key) is not None
    ]
    if len(found) == len(classes) and len({said for _, said in found}) <= 1:
        return (("", found[0][1] if found else words.of(step.due)),)
    return tuple(found)
