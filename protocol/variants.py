"""Which steps a case has: the protocol's steps, changed by the variants of its release type and notice class."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from protocol.language import After, Condition, Protocol, Rule, Step


def matches(condition: Condition | None, facts: Mapping[str, object]) -> bool:
    """Whether every given field of a condition holds for these facts (`release_type`, `notice`, `given`, `known` …)."""
    if condition is None:
        return True
    for name in ("release_type", "notice", "conditions", "phase", "outcome", "trigger", "form"):
        wanted = getattr(condition, name)
        if wanted is not None and facts.get(name) not in wanted:
            return False
    given = facts.get("given") or {}
    assert isinstance(given, Mapping)
    if any(str(given.get(key, "")) not in wanted for key, wanted in (condition.given or {}).items()):
        return False
    known = facts.get("known") or ()
    assert isinstance(known, (tuple, set, frozenset, dict))
    if condition.known is not None and condition.known not in known:
        return False
    if condition.unknown is not None and condition.unknown in known:
        return False
    moved = facts.get("moved_by_days")
    if condition.moved_by_days is not None and not (isinstance(moved, int) and moved >= condition.moved_by_days):
        return False
    reached = facts.get("milestones") or ()
    assert isinstance(reached, (tuple, set, frozenset, dict))
    if condition.milestone is not None and condition.milestone not in reached:
        return False
    if condition.all_ is not None and not all(matches(part, facts) for part in condition.all_):
        return False
    if condition.any_ is not None and not any(matches(part, facts) for part in condition.any_):
        return False
    return condition.not_ is None or not matches(condition.not_, facts)


def changed(step: Step, fields: Mapping[str, object]) -> Step:
    """A step with some fields replaced, validated anew. Errors: pydantic's ValidationError."""
    return Step.model_validate({**step.model_dump(by_alias=True, exclude_unset=True), **fields})


def build(protocol: Protocol, release_type: str, notice: str, conditions: str) -> dict[str, Step]:
    steps = dict(protocol.steps)
    facts = {"release_type": release_type, "notice": notice, "conditions": conditions}
    for variant in protocol.variants.values():
        if not matches(variant.when, facts):
            continue
        if variant.keep is not None:
            # exceptional events stay possible in every variant: their duties open by event only
            steps = {key: step for key, step in steps.items() if key in variant.keep or step.duty}
        steps = {key: step for key, step in steps.items() if key not in variant.drop}
        for key, fields in variant.change.items():
            if key in steps:
                steps[key] = changed(steps[key], fields)
        steps.update(variant.add)
    return steps


@lru_cache(maxsize=512)
def _cached(holder: _Holder, release_type: str, notice: str, conditions: str) -> dict[str, Step]:
    return build(holder.protocol, release_type, notice, conditions)


class _Holder:
    """Keeps a protocol alive beside its identity, hashed by that identity."""

    __slots__ = ("protocol",)

    def __init__(self, protocol: Protocol):
        self.protocol = protocol

    def __hash__(self) -> int:
        return id(self.protocol)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holder) and other.protocol is self.protocol


def steps_for(
    protocol: Protocol, release_type: str, notice: str | None, conditions: str = "unknown"
) -> dict[str, Step]:
    """The steps of a case of this release type and notice class, in the order of the file. Cached; do not change it."""
    return _cached(_Holder(protocol), release_type, notice or "", conditions)


def in_class(rule: Rule | None, notice: str | None) -> Rule | None:
    """The rule for this notice class; None where the class lacks the step."""
    while rule is not None and rule.by_notice is not None:
        rule = rule.by_notice.get(notice or "")
    return rule


@lru_cache(maxsize=512)
def _dependents(holder: _Holder, release_type: str, notice: str, conditions: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, step in _cached(holder, release_type, notice, conditions).items():
        for name in _waits_for(step.after):
            found.setdefault(name, []).append(key)
    return {name: tuple(keys) for name, keys in found.items()}


def _waits_for(conditions: tuple[After, ...]) -> set[str]:
    names: set[str] = set()
    for condition in conditions:
        names |= {name for name in (condition.step, condition.anchor, condition.milestone) if name}
        names |= _waits_for(condition.any_ or ())
    return names


def dependents(
    protocol: Protocol, release_type: str, notice: str | None, conditions: str
) -> dict[str, tuple[str, ...]]:
    """For every step, anchor and milestone: the steps that wait for it."""
    return _dependents(_Holder(protocol), release_type, notice or "", conditions)
