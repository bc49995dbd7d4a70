"""A protocol without its days: the words in which a case is described when only what is open, settled and known counts.

A state is (variant, phase, bits). The bits say which anchors are known, which milestones are reached, and for each
step what is open, whether something of it is settled, and which of the things that others ask of it hold. Used by
`check.py`; written from the language alone, apart from `advance`, so that each can be held against the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from protocol.language import After, Rule, Step
from protocol.variants import in_class

State = tuple[int, int, int]
"""variant, phase, bits"""
NO, MAYBE, YES = 0, 1, 2
Outline = tuple[object, ...]
"""A rule without its distances: `("ref", name)`, or `("any" | "all", parts…)`; `()`: it can always be counted."""


class Token(NamedTuple):
    """An open occurrence, as far as it matters: its form, what opened it, and whether an action did."""

    form: str
    trigger: str
    own: bool = False


class Wanted(NamedTuple):
    """Something that others ask of a settled step."""

    outcomes: tuple[str, ...] | None = None
    given: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    last: bool = False

    def holds(self, outcome: str | None, given: Mapping[str, str]) -> bool:
        if self.outcomes is not None and outcome not in self.outcomes:
            return False
        return all(given.get(key) in values for key, values in self.given or ())


SETTLED = Wanted()
STOPPED = Wanted(("#",))
"""never asked for: a repeated step was cancelled as settled, and does not go on"""


def wanted(after: After) -> Wanted:
    given = tuple((key, tuple(values)) for key, values in sorted((after.given or {}).items())) or None
    return Wanted(tuple(sorted(after.outcome)) if after.outcome is not None else None, given, after.last)


class Shape(NamedTuple):
    """A step in one variant."""

    after: tuple[int, ...]
    """one bit of each of these must be set"""
    asked: tuple[int, ...]
    """those of them that are no dates: when one does not hold any more, what is open falls away"""
    until: int
    itself: bool
    present: int
    """NO: the notice class has no occurrence of it; MAYBE: it lacks some"""
    repeat: bool
    day: tuple[Outline, ...]
    """one per occurrence: when its day can be counted"""
    chance: bool
    """its day decides whether it opens"""
    forms: tuple[str, ...]
    """the forms it can have when it opens by itself"""
    form: str
    counted_from: frozenset[str]
    """anchors, also those that are stood in for"""
    rules_name: frozenset[str]
    """anchors that its rules name"""


class Variant(NamedTuple):
    """Variants of the protocol that are the same without days, and one of them to look things up in."""

    release_type: str
    notice: str | None
    conditions: str
    steps: dict[str, Step]
    shapes: dict[str, Shape]
    order: tuple[str, ...]
    """steps that open by themselves"""
    family: int

    @property
    def facts(self) -> dict[str, str | None]:
        return {"release_type": self.release_type, "notice": self.notice, "conditions": self.conditions}


def outline(rule: Rule | None, notice: str | None) -> Outline:
    rule = in_class(rule, notice)
    if rule is None or rule.meeting:
        return ()
    if rule.earliest is not None or rule.latest is not None:
        inner = [outline(part, notice) for part in rule.earliest or rule.latest or ()]
        if rule.earliest is not None:
            return () if () in inner else ("any", *inner)
        return ("all", *(part for part in inner if part))
    name = f"due:{rule.due_of}" if rule.due_of else rule.on or rule.after or rule.before
    return ("ref", name) if name and name != "ready" else ()


def needs(shape: Outline) -> set[str]:
    """The references a rule needs."""
    if not shape:
        return set()
    if shape[0] == "ref":
        return {str(shape[1])}
    return {name for part in shape[1:] for name in needs(part)}  # type: ignore[arg-type]


def step_rules(step: Step) -> list[Rule]:
    if step.repeat is None:
        return [step.due] if step.due else []
    return [step.repeat.cadence] if step.repeat.cadence else [*step.repeat.occurrences]


def union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


class Vocabulary:
    """Which bit means what. Bits are given out when first needed."""

    def __init__(self, steps: Iterable[str]) -> None:
        self.names: list[tuple[object, ...]] = []
        self._bits: dict[tuple[object, ...], int] = {}
        keys = sorted(steps)
        self.tokens: dict[str, dict[Token, int]] = {key: {} for key in keys}
        self.wanted: dict[str, dict[Wanted, int]] = {key: {} for key in keys}
        self.open = dict.fromkeys(keys, 0)
        self.settled = dict.fromkeys(keys, 0)
        self.live = dict.fromkeys(keys, 0)
        """open or settled: nothing of it opens by itself again"""
        self.free: set[tuple[str, Token]] = set()
        """occurrences that an event can open at any time: they need no bit"""

    def bit(self, *name: object) -> int:
        if name not in self._bits:
            self._bits[name] = 1 << len(self._bits)
            self.names.append(name)
        return self._bits[name]

    def token(self, step: str, token: Token) -> int:
        known = self.tokens.setdefault(step, {})
        if token not in known:
            if (step, token) in self.free or step not in self.open:
                return 0
            known[token] = self.bit("open", step, token)
            self.open[step] |= known[token]
            self.live[step] |= known[token]
        return known[token]

    def want(self, step: str, asked: Wanted) -> int:
        known = self.wanted[step]
        if asked not in known:
            known[asked] = self.bit("settled", step, asked)
            self.settled[step] |= known[asked]
            self.live[step] |= known[asked]
            if asked.last:  # which one is the last can change: remember that there is one at all
                self.want(step, asked._replace(last=False))
        return known[asked]

    def opened(self, bits: int) -> list[str]:
        """The steps of which something is open."""
        return [key for key, mask in self.open.items() if bits & mask]
