"""What changes from one version of a protocol to another, in plain words, and for which running cases.

Steps are compared as cases meet them: per release type, notice class and conditions, with every variant applied. So a
change says where it holds ("long notice"), whichever way the file writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protocol.compare_frame import frame_changes
from protocol.compare_steps import Difference, Setting, step_differences
from protocol.compare_words import Teller
from protocol.language import Protocol
from protocol.state import CaseState

__all__ = ["Affects", "Change", "diff"]


class Affects(NamedTuple):
    """Which running cases a change concerns. An empty tuple: whatever it is."""

    release_types: tuple[str, ...] = ()
    notice_classes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    """only cases in which one of these steps is not settled yet"""
    none: bool = False
    """no running case: only words or reference data change"""
    words: str = ""

    def concerns(self, case: CaseState) -> bool:
        """Whether this change concerns a case. A case that ended is never concerned."""
        if self.none or case.ended is not None:
            return False
        if self.release_types and case.release_type not in self.release_types:
            return False
        if self.notice_classes and case.notice not in (None, *self.notice_classes):
            return False
        if self.conditions and case.conditions not in self.conditions:
            return False
        return not self.unsettled or any(_unsettled(case, step) for step in self.unsettled)


def _unsettled(case: CaseState, step: str) -> bool:
    """Still to come, open, or repeated with occurrences to come."""
    found = [occurrence for occurrence in case.steps.values() if occurrence.step == step]
    if not found or any(occurrence.open for occurrence in found):
        return True
    repeated = len(found) > 1 or found[0].n > 1
    return repeated and not any(occurrence.last for occurrence in found)


class Change(NamedTuple):
    """One change: in words, its kind (`due`, `owner`, `added` …), the steps it is about, the cases it concerns."""

    words: str
    kind: str
    steps: tuple[str, ...]
    affects: Affects


def diff(a: Protocol, b: Protocol, language: str = "en") -> list[Change]:
    """Every change from `a` to `b`, steps first, in the order of the file; the version itself is none."""
    steps, frame = list(_steps(a, b, language)), list(_frame(a, b, language))
    # what a variant does differently has been said step by step
    return [*steps, *(change for change in frame if change.kind != "variants" or not steps)]


def _steps(a: Protocol, b: Protocol, language: str) -> Iterator[Change]:
    teller = Teller(a, b, language)
    for found in step_differences(a, b, teller):
        qualifier = _where(found, teller)
        words = f"{found.words} ({qualifier})" if qualifier else found.words
        yield Change(words, found.kind, (found.step,), _affects(found, teller))


def _where(found: Difference, teller: Teller) -> str:
    """“long notice, leave”: only what does not hold everywhere."""
    types, classes, conditions = _narrowed(found)
    possible = dict.fromkeys(setting[0] for setting in found.order)
    said = [teller.notice_class(key) for key in classes] + ([teller.conditions(conditions)] if conditions else [])
    if len(types) > len(possible) / 2:
        others = ", ".join(teller.release_type(key) for key in possible if key not in types)
        return ", ".join([*said, teller.say("except", names=others)])
    return ", ".join([*map(teller.release_type, types), *said])


def _narrowed(found: Difference) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Release types, notice classes and conditions of a difference; empty where it holds for all the step has."""

    def of(position: int, settings: frozenset[Setting]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(setting[position] for setting in found.order if setting in settings))

    types = of(0, found.settings)
    alike = frozenset(setting for setting in found.possible if setting[0] in types)
    classes, conditions = (of(at, found.settings) if of(at, found.settings) != of(at, alike) else () for at in (1, 2))
    return types if types != of(0, found.possible) else (), classes, conditions


def _affects(found: Difference, teller: Teller) -> Affects:
    if found.kind in ("words", "source"):
        return Affects(none=True, words=teller.say("nobody"))
    types, classes, conditions = _narrowed(found)
    where = _where(found, teller)
    words = teller.say("until_settled", step=teller.step(found.step))
    return Affects(types, classes, conditions, (found.step,), words=f"{words} ({where})" if where else words)


def _frame(a: Protocol, b: Protocol, language: str) -> Iterator[Change]:
    teller = Teller(a, b, language)
    for found in frame_changes(a, b, teller):
        if found.reach == "nobody":
            affects = Affects(none=True, words=teller.say("nobody"))
        elif found.reach == "type":
            affects = Affects(
                release_types=found.keys,
                words=teller.say("of_type", types=", ".join(map(teller.release_type, found.keys))),
            )
        elif found.reach == "steps" and found.keys:
            named = ", ".join(map(teller.step, found.keys))
            affects = Affects(unsettled=found.keys, words=teller.say("until_settled", step=named))
        else:
            affects = Affects(words=teller.say("everybody"))
        yield Change(found.words, found.kind, found.keys if found.reach == "steps" else (), affects)
