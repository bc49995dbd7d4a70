"""What matters of a protocol when days are left out: which steps decide, which outcomes, forms and triggers are looked at.

What nothing looks at is left out of the states, so that there are few of them. "Core": the steps whose outcomes do
something to the case as a whole, and all that they wait for. A step outside the core (a leaf, or steps that only
lead to leaves) changes nothing for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from protocol.answers import Names, looked_at
from protocol.book import Book
from protocol.language import Action, After, Condition, Form, Open, Protocol, Rule, Step
from protocol.schema import parts

CASE = ("phase", "closing", "end", "event", "set_anchor", "set_type", "extend", "resume", "erase")
"""Actions that do something to the case as a whole."""


class Matter:
    """What is looked at, by whom."""

    def __init__(self, protocol: Protocol):
        self.protocol = protocol
        self.book = Book(protocol)
        self.everything = self.book.everything

    # influence

    @cached_property
    def waits_for(self) -> dict[str, set[str]]:
        """Per step, the steps that decide whether and when it can open."""
        found: dict[str, set[str]] = {key: set() for key in self.book.steps}
        for key, steps in self.book.steps.items():
            for step in steps:
                asked = [*step.after, *([step.repeat.until] if step.repeat and step.repeat.until else [])]
                found[key] |= {name for after in asked for name in self.steps_in(after)}
                found[key] |= _steps_counted_from(step)
                for action in step.follows:
                    for other in touched(action):
                        found.setdefault(other, set()).add(key)
                if step.four_eyes is not None and step.four_eyes.then:
                    found.setdefault(step.four_eyes.then, set()).add(key)
        for key, others in found.items():
            others.discard(key)
        return found

    def steps_in(self, after: After) -> Iterator[str]:
        if after.step:
            yield after.step
        for part in after.any_ or ():
            yield from self.steps_in(part)
        milestone = self.protocol.milestones.get(after.milestone or "")
        for part in milestone.any_ if milestone else ():
            yield from self.steps_in(part)

    def with_ancestors(self, keys: Iterable[str]) -> frozenset[str]:
        found, todo = set[str](), [*keys]
        while todo:
            key = todo.pop()
            if key not in found and key in self.book.steps:
                found.add(key)
                todo += self.waits_for[key]
        return frozenset(found)

    def acts_on_case(self, key: str) -> bool:
        return any(acts_on_case(action) for step in self.book.steps[key] for action in step.follows)

    @cached_property
    def core(self) -> frozenset[str]:
        named = [part.milestone for _, part in self.everything if isinstance(part, Condition) and part.milestone]
        reached = [key for name in named for key in self.steps_in(After(milestone=name))]
        return self.with_ancestors([*filter(self.acts_on_case, self.book.steps), *reached, self.protocol.closing_step])

    # what is looked at

    @cached_property
    def milestones(self) -> frozenset[str]:
        """Milestones that something waits for."""
        parts_ = (p for path, p in self.everything if path[:1] != ("milestones",))
        return frozenset(p.milestone for p in parts_ if isinstance(p, (After, Condition)) and p.milestone)

    @cached_property
    def asked_of(self) -> dict[str, list[After]]:
        """What steps and milestones ask of each step."""
        found: dict[str, list[After]] = {}
        for path, part in self.everything:
            if isinstance(part, After) and part.step and (path[0] != "milestones" or path[1] in self.milestones):
                found.setdefault(part.step, []).append(part)
        return found

    @cached_property
    def conditions(self) -> dict[str, list[Condition]]:
        """The conditions on what a step's own outcomes do."""
        found: dict[str, list[Condition]] = {}
        for key, steps in self.book.steps.items():
            inner = (part for step in steps for action in step.follows for _, part in parts(action))
            found[key] = [part for part in inner if isinstance(part, Condition)]
        return found

    @cached_property
    def outcomes(self) -> dict[str, frozenset[str]]:
        """Per step, the outcomes that something depends on."""
        found: dict[str, frozenset[str]] = {}
        for key in self.book.steps:
            own = (name for condition in self.conditions[key] for name in condition.outcome or ())
            asked = (name for after in self.asked_of.get(key, ()) for name in after.outcome or ())
            found[key] = frozenset([*own, *asked])
        return found

    def fields(self, key: str, step: Step) -> Names:
        """The fields of this step's form that decide something elsewhere."""
        names = dict(looked_at(self.protocol, step.follows))
        for after in self.asked_of.get(key, ()):
            for name, values in (after.given or {}).items():
                names[name] = names.get(name, frozenset()) | frozenset(values)
        return names

    @cached_property
    def answered(self) -> frozenset[str]:
        """Steps that an event or date may settle: only occurrences that nothing special opened."""
        return frozenset(key for _, part in self.everything if isinstance(part, Action) for key in part.settle or ())

    @cached_property
    def silent(self) -> frozenset[str]:
        """Steps that can be settled without an outcome of their own: by a date, an event, or the end of the case."""
        found = {key for key, steps in self.book.steps.items() if any(step.not_decided for step in steps)}
        for _, part in self.everything:
            if isinstance(part, Action) and part.cancel and part.cancel.as_settled:
                found |= set(part.cancel.steps)
        return frozenset(found | self.answered)

    @cached_property
    def several(self) -> frozenset[str]:
        """Steps that actions open: more than one occurrence may be open at a time."""
        found = {part.step for _, part in self.everything if isinstance(part, Open)}
        found |= {eyes.then for _, eyes in self.book.four_eyes if eyes.then}
        again = (key for key, steps in self.book.steps.items() for step in steps for a in step.follows if a.again)
        closing = [
            self.protocol.closing_step for _, part in self.everything if isinstance(part, Action) and part.closing
        ]
        return frozenset([*found, *again, *closing])

    @cached_property
    def kept(self) -> frozenset[str]:
        """Steps that stay, or open, when a case ends."""
        return frozenset(key for phase in self.protocol.phases.values() if phase.ended for key in phase.only or ())

    @cached_property
    def after_closing(self) -> frozenset[str]:
        """Steps that only open once the closing step is settled."""
        closing = self.protocol.closing_step
        waiting = {
            key
            for key, steps in self.book.steps.items()
            if all(any(after.step == closing for after in step.after) and not step.duty for step in steps)
        }
        return frozenset(waiting) - self.several

    # forms

    def same_form(self, step: str, name: str) -> str:
        """The form as far as it matters: forms that decide the same things are one."""
        return self._same_forms.get((step, name), name)

    @cached_property
    def _same_forms(self) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for key, steps in self.book.steps.items():
            named = {form for condition in self.conditions[key] for form in condition.form or ()}
            first: dict[object, str] = {}
            for name in ("full", *sorted({name for step in steps for name in step.forms})):
                kinds = tuple(self._deciding(key, step, step.forms.get(name, step.form)) for step in steps)
                found[key, name] = name if name in named else first.setdefault(kinds, name)
        return found

    def _deciding(self, key: str, step: Step, form: Form) -> object:
        names = self.fields(key, step) | {name: frozenset() for o in form.outcomes for name in o.when}
        kept = tuple(
            (f.key, f.type, f.required, tuple(f.options or ()), repr(f.required_when))
            for f in form.fields
            if f.key in names
        )
        return kept, tuple((o.key, tuple(sorted(o.when.items()))) for o in form.outcomes)


def acts_on_case(action: Action) -> bool:
    cancel = action.cancel
    return any(getattr(action, name) for name in CASE) or bool(cancel and (cancel.all_ or cancel.counted_from))


def touched(action: Action) -> set[str]:
    """The steps that an action opens, cancels, renews or settles."""
    found = set(action.settle or ())
    found |= {action.open.step} if action.open else set()
    found |= set(action.cancel.steps) if action.cancel else set()
    found |= set(action.renew.steps) if action.renew else set()
    return found


def _steps_counted_from(step: Step) -> set[str]:
    found = set()
    for _, part in parts(step):
        if isinstance(part, Rule):
            found |= {part.due_of} if part.due_of else set()
            for name in (part.after, part.before, part.on):
                if name and name.startswith(("due:", "settled:")):
                    found.add(name.partition(":")[2])
    return found
