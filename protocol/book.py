"""A parsed protocol, laid open for checking: every part with its place, and what each name could refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pydantic import ValidationError

from protocol.fault_words import close_to
from protocol.language import Event, Form, FormField, FourEyes, Part, Protocol, Step, Variant
from protocol.lines import Path
from protocol.schema import parts
from protocol.variants import changed


class Finding(NamedTuple):
    """Something wrong at a place: what, and what mends it."""

    path: Path
    words: str
    remedy: str


class StepPlace(NamedTuple):
    """A step where it stands: under `steps`, added by a variant, or changed by one (`only` those fields count)."""

    path: Path
    key: str
    step: Step
    only: frozenset[str] | None = None


def unknown(kind: str, name: str, known: Iterable[str], path: Path) -> Finding:
    names = sorted(known)
    guess = close_to(name, names)
    listed = ", ".join(names) if names else f"there is none yet: declare the {kind} first"
    return Finding(
        path,
        f"there is no {kind} `{name}`" + (f"; {guess}" if guess else ""),
        f"use one of: {listed}" if names else listed,
    )


@dataclass
class Book:
    """What the rules on names look at. Faults in a variant's changes are found while laying it open."""

    protocol: Protocol
    unusable: list[tuple[Path, ValidationError]] = field(default_factory=list)

    @cached_property
    def step_places(self) -> tuple[StepPlace, ...]:
        found = [StepPlace(("steps", key), key, step) for key, step in self.protocol.steps.items()]
        for name, variant in self.protocol.variants.items():
            found += [StepPlace(("variants", name, "add", key), key, step) for key, step in variant.add.items()]
            found += self._changes(name, variant)
        return tuple(found)

    def _changes(self, name: str, variant: Variant) -> Iterator[StepPlace]:
        for key, fields in variant.change.items():
            path: Path = ("variants", name, "change", key)
            for base in self._bases(key, variant):
                try:
                    yield StepPlace(path, key, changed(base, fields), frozenset(fields))
                except ValidationError as error:
                    self.unusable.append((path, error))
                break

    def _bases(self, key: str, variant: Variant) -> Iterator[Step]:
        added = [other.add[key] for other in self.protocol.variants.values() if key in other.add]
        yield from [self.protocol.steps[key]] if key in self.protocol.steps else added

    @cached_property
    def everything(self) -> tuple[tuple[Path, Part], ...]:
        """Every part with its path; a changed step stands under its variant with the fields that differ."""
        found = list(parts(self.protocol))
        for place in self.step_places:
            if place.only is not None:
                depth = len(place.path)
                inner = (entry for entry in parts(place.step, place.path) if len(entry[0]) > depth)
                found += [(path, part) for path, part in inner if path[depth] in place.only]
        return tuple(found)

    @cached_property
    def steps(self) -> dict[str, tuple[Step, ...]]:
        """Every form a step takes: as it stands, and as variants change it."""
        found: dict[str, tuple[Step, ...]] = {}
        for place in self.step_places:
            found[place.key] = (*found.get(place.key, ()), place.step)
        return found

    def forms_of(self, key: str) -> list[Form]:
        return [form for step in self.steps.get(key, ()) for form in (step.form, *step.forms.values())]

    def form_names(self, key: str) -> set[str]:
        return {"full"} | {name for step in self.steps.get(key, ()) for name in step.forms}

    def outcomes_of(self, key: str) -> set[str]:
        """Every outcome of a step. Without any declared it is `done`; for one that may be skipped, `waived` too."""
        found: set[str] = set()
        for step in self.steps.get(key, ()):
            for form in (step.form, *step.forms.values()):
                found |= {outcome.key for outcome in form.outcomes} or {"done"}
            found |= {step.not_decided} if step.not_decided else set()
            found |= {"waived"} if step.skip.by else set()
        return found

    def fields_at(self, path: Path) -> dict[str, list[FormField]]:
        """The form fields that can be meant at a place: those of its step or event, of every form elsewhere."""
        home = self.home(path)
        if home is None:
            return self.all_fields
        if home[0] == "event":
            return _by_key([self.protocol.events[home[1]].form])
        return _by_key(self.forms_of(home[1]))

    def fields_of(self, key: str) -> dict[str, list[FormField]]:
        return _by_key(self.forms_of(key))

    @cached_property
    def all_fields(self) -> dict[str, list[FormField]]:
        forms = [form for key in self.steps for form in self.forms_of(key)]
        return _by_key([*forms, *(event.form for event in self.protocol.events.values())])

    @staticmethod
    def home(path: Path) -> tuple[str, str] | None:
        """The step or event a place belongs to."""
        top = path[0] if len(path) > 1 else ""
        if top == "steps":
            return "step", str(path[1])
        if top == "events":
            return "event", str(path[1])
        if top == "variants" and len(path) > 3 and path[2] in ("add", "change"):
            return "step", str(path[3])
        return None

    @cached_property
    def classes(self) -> tuple[str, ...]:
        return tuple(item.key for item in self.protocol.notice.classes) if self.protocol.notice else ()

    def service_of(self, role: str) -> str | None:
        """The service of a role; a role that counts as another has that one's."""
        seen: set[str] = set()
        while role in self.protocol.roles and role not in seen:
            seen.add(role)
            declared = self.protocol.roles[role]
            if declared.counts_as is None:
                return declared.service
            role = declared.counts_as
        return None

    @cached_property
    def four_eyes(self) -> tuple[tuple[StepPlace, FourEyes], ...]:
        return tuple((place, place.step.four_eyes) for place in self.step_places if place.step.four_eyes)

    @cached_property
    def forms(self) -> tuple[tuple[Path, Form], ...]:
        return tuple((path, part) for path, part in self.everything if isinstance(part, Form))

    @cached_property
    def events(self) -> dict[str, Event]:
        return self.protocol.events


def _by_key(forms: Iterable[Form]) -> dict[str, list[FormField]]:
    found: dict[str, list[FormField]] = {}
    for form in forms:
        for item in form.fields:
            found.setdefault(item.key, []).append(item)
    return found


Check = Callable[[Book], Iterator[Finding]]
CHECKS: dict[str, Check] = {}
"""Every rule on names and on what belongs together, by its stable key."""


def rule(key: str) -> Callable[[Check], Check]:
    """Enter a check under its key."""

    def enter(check: Check) -> Check:
        assert key not in CHECKS, f"two rules are called {key}"
        CHECKS[key] = check
        return check

    return enter
