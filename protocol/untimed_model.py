"""A protocol made ready to be walked through without days: its variants, what each step waits for, what it can end with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import product

from protocol.answers import Answer, Residue, answers, disagreements, fold
from protocol.deadlines import references
from protocol.language import Action, After, Condition, Rule, Step
from protocol.schema import parts
from protocol.untimed import (
    MAYBE,
    NO,
    SETTLED,
    STOPPED,
    YES,
    Outline,
    Shape,
    Token,
    Variant,
    Vocabulary,
    Wanted,
    needs,
    outline,
    step_rules,
    union,
    wanted,
)  # fmt: skip
from protocol.untimed_matter import Matter, acts_on_case, touched
from protocol.variants import in_class, steps_for


class Untimed:
    """The protocol without days, as far as these steps are concerned.

    `steps` have bits of their own. Those in `loose` have none: each may be settled at any time, which is more than
    can really happen, and is enough where nothing in `steps` waits for them.
    """

    def __init__(
        self, matter: Matter, steps: Iterable[str] | None = None, loose: Iterable[str] = (), forget: bool = False
    ):
        self.matter = matter
        self.forget = forget
        """What was settled of steps that a new type lacks is forgotten: back in the old type, it may or may not have been."""
        self.protocol = matter.protocol
        self.relevant = frozenset(matter.book.steps if steps is None else steps)
        self.loose = frozenset(loose) - self.relevant
        self.words = Vocabulary(self.relevant)
        self.phases = tuple(self.protocol.phases)
        self.phase_of = {key: n for n, key in enumerate(self.phases)}
        notice = self.protocol.notice
        self.classes: tuple[str | None, ...] = tuple(c.key for c in notice.classes) if notice else (None,)
        for key in sorted(self.relevant):
            if any(step.opens_itself and not step.duty for step in matter.book.steps[key]):
                self.words.want(key, SETTLED)  # what was settled does not open by itself again
            if key in matter.silent and any(step.repeat for step in matter.book.steps[key]):
                self.words.want(key, STOPPED)
        self._folded: dict[tuple[int, int], Residue | None] = {}
        self._keep: list[Action] = []
        self._triggers: dict[tuple[str, str], str] = {}
        self._ends: dict[tuple[int, str, Token], tuple[Answer, ...]] = {}
        self.variants: list[Variant] = []
        self.families: list[dict[str | None, int]] = []
        """types and conditions whose variants are all the same: per notice class the variant"""
        self.types: dict[str, frozenset[int]] = {}
        self._family_of: dict[tuple[str, str], int] = {}
        self._tell_apart()
        self._ending_bits: tuple[int, int] | None = None
        self.milestones = self._find_milestones()

    # conditions as bits

    def anchor(self, name: str) -> int:
        """The bits of which one must be set for this anchor to have a day; a stand-in counts. 0: always known."""
        if name == self.protocol.opens_with:
            return 0
        others = (key for key, anchor in self.protocol.anchors.items() if anchor.stands_in_for == name)
        return union(self.words.bit("known", key) for key in (name, *others))

    def mask(self, after: After) -> int:
        """The bits of which one must be set; 0: always met."""
        if after.any_ is not None:
            masks = [self.mask(part) for part in after.any_]
            return 0 if 0 in masks else union(masks)
        if after.anchor is not None:
            return 0 if after.anchor == self.protocol.opens_with else self.words.bit("known", after.anchor)
        if after.milestone is not None:
            return self.words.bit("milestone", after.milestone)
        assert after.step is not None
        return self.words.want(after.step, wanted(after))

    def _find_milestones(self) -> tuple[tuple[int, int, dict[str, tuple[Wanted, ...]]], ...]:
        """Per milestone its own bit, the bits of which one reaches it, and the outcomes that reach it at once."""
        found = []
        for key in sorted(self._milestones_used()):
            mask, at_once = 0, dict[str, tuple[Wanted, ...]]()
            for part in self.protocol.milestones[key].any_:
                if part.step is None or (part.step in self.relevant and (part.last or part.step in self.matter.silent)):
                    mask |= self.mask(part)
                elif part.step in self.relevant | self.loose:
                    at_once[part.step] = (*at_once.get(part.step, ()), wanted(part))
            if mask or at_once:
                found.append((self.words.bit("milestone", key), mask, at_once))
        return tuple(found)

    def _milestones_used(self) -> set[str]:
        """Milestones that one of these steps waits for, or on which something depends that is done to them or the case."""
        steps = [step for key in self.relevant | self.loose for step in self.matter.book.steps[key]]
        actions = [*self.general, *(action for step in steps for action in step.follows)]
        asked = [part for action in actions if self._does_something(action) for _, part in parts(action.when)]
        waits = [(step.after, step.repeat.until if step.repeat else None) for key in self.relevant
                 for step in self.matter.book.steps[key] if self._waits(key, step)]  # fmt: skip
        asked += [part for wait in waits for _, part in parts(wait)]
        return {p.milestone for p in asked if isinstance(p, (After, Condition)) and p.milestone}

    def _does_something(self, action: Action) -> bool:
        return acts_on_case(action) or bool(touched(action) & self.relevant)

    def _waits(self, key: str, step: Step) -> bool:
        """Whether what a step waits for matters: not where only actions open it."""
        return not step.duty and (step.opens_itself or key in self.matter.kept)

    def countable(self, shape: Outline, bits: int, given: Mapping[str, str] | None = None, event: bool = False) -> int:
        """Whether a day can be counted: NO, MAYBE or YES."""
        if not shape:
            return YES
        if shape[0] == "ref":
            return self._reference(str(shape[1]), bits, given, event)
        found = [self.countable(part, bits, given, event) for part in shape[1:]]  # type: ignore[arg-type]
        return max(found, default=NO) if shape[0] == "any" else min(found, default=YES)

    def _reference(self, name: str, bits: int, given: Mapping[str, str] | None, event: bool) -> int:
        kind, _, key = name.partition(":")
        if name == "event":
            return YES if event else NO
        if kind == "given" and key:
            return YES if given and given.get(key) else NO
        if kind in ("due", "settled") and key:
            return YES if bits & self.words.live.get(key, 0) else MAYBE
        if kind == "known" and key:
            return YES if key == self.protocol.opens_with or bits & self.words.bit("known", key) else NO
        mask = self.anchor(name)
        return YES if not mask or bits & mask else NO

    # variants

    def _tell_apart(self) -> None:
        """Find the variants that differ; types whose variants are all the same form one family."""
        known: dict[object, int] = {}
        for release_type in self.protocol.release_types:
            for conditions in self._values_of_conditions:
                signs = tuple(self._sign(release_type, notice, conditions) for notice in self.classes)
                if signs not in known:
                    known[signs] = len(self.families)
                    self.families.append(self._family(release_type, conditions, signs))
                self._family_of[release_type, conditions] = known[signs]
            own = (n for (name, _), n in self._family_of.items() if name == release_type)
            self.types[release_type] = frozenset(own)

    def named(self, variant: int) -> list[str]:
        """The types (and notice classes, where not all) that a variant stands for."""
        found: dict[str, None] = {}
        for (release_type, _), family in self._family_of.items():
            own = [notice for notice, n in self.families[family].items() if n == variant]
            everywhere = len(own) == len(self.classes)
            names = [release_type] if everywhere else [f"{release_type} / {notice}" for notice in own]
            found |= dict.fromkeys(names)
        return [*found]

    def variant(self, release_type: str, notice: str | None, conditions: str) -> int:
        return self.families[self._family_of[release_type, conditions]][notice]

    @cached_property
    def _values_of_conditions(self) -> tuple[str, ...]:
        asked = (part.conditions for _, part in self.matter.everything if isinstance(part, Condition))
        named = {value for values in asked for value in values or ()}
        return tuple(sorted(named | {"yes", "no", "unknown"})) if named else ("unknown",)

    def _family(self, release_type: str, conditions: str, signs: tuple[object, ...]) -> dict[str | None, int]:
        found: dict[object, int] = {}
        for notice, sign in zip(self.classes, signs, strict=True):
            if sign not in found:
                steps = steps_for(self.protocol, release_type, notice, conditions)
                shapes = {key: self._shape(key, step, notice) for key, step in steps.items() if key in self.relevant}
                order = tuple(key for key in shapes if shapes[key].itself and shapes[key].present)
                found[sign] = len(self.variants)
                family = len(self.families)
                self.variants.append(Variant(release_type, notice, conditions, steps, shapes, order, family))
        return {notice: found[sign] for notice, sign in zip(self.classes, signs, strict=True)}

    def _sign(self, release_type: str, notice: str | None, conditions: str) -> object:
        """Everything in which a variant can differ from another, as far as these steps are concerned."""
        facts = {"release_type": release_type, "notice": notice, "conditions": conditions}
        steps = steps_for(self.protocol, release_type, notice, conditions)
        own = tuple(
            (
                key,
                self._shape(key, step, notice) if key in self.relevant else None,
                tuple((fold(a.when, facts), _json(a)) for a in step.follows),
                self._all_ends(key, step, facts),
                (repr(step.four_eyes), step.skip.by, bool(step.counts_only), step.duty, step.not_decided),
            )
            for key, step in steps.items()
            if key in self.relevant | self.loose
        )
        return own, tuple(fold(action.when, facts) for action in self.general)

    def _all_ends(self, key: str, step: Step, facts: dict[str, str | None]) -> object:
        forms = sorted({"full": step.form, **step.forms}.items())
        asked = (part for _, form in forms for _, part in parts(form) if isinstance(part, Condition))
        triggers = sorted({"", *(name for part in asked for name in part.trigger or ())})
        return tuple(
            self._ending(key, step, Token(name, trigger), facts) for (name, _), trigger in product(forms, triggers)
        )

    @cached_property
    def general(self) -> tuple[Action, ...]:
        """What dates and events do."""
        found = [action for event in self.protocol.events.values() for action in event.does]
        for anchor in self.protocol.anchors.values():
            found += [*anchor.when_known, *anchor.when_moved, *anchor.when_unknown]
        return tuple(found)

    def _shape(self, key: str, step: Step, notice: str | None) -> Shape:
        rules, repeat = step_rules(step), step.repeat
        there = [in_class(rule, notice) is not None for rule in rules]
        itself = step.opens_itself and not step.duty
        waits = step.after if self._waits(key, step) else ()
        windows = [repeat.window_from] if repeat else []
        named = {name for rule in (*rules, *windows) for name in references(rule, notice)} & set(self.protocol.anchors)
        stand_ins = {
            name
            for name, anchor in self.protocol.anchors.items()
            if anchor.stands_in_for in named or (step.floor and anchor.stands_in_for)
        }
        forms = [step.form_in.get(notice or "", "full"), *(repeat.forms.values() if repeat else ())]
        hurried = (part for rule in rules for _, part in parts(in_class(rule, notice)) if isinstance(part, Rule))
        if (step.floor and step.short_form) or any(part.short_form for part in hurried):
            forms.append(step.short_form or "short")
        usual = [self.matter.same_form(key, form) for form in forms]
        days = tuple(outline(rule, notice) for rule, is_there in zip(rules, there, strict=True) if is_there)
        return Shape(
            after=tuple(mask for after in waits if (mask := self.mask(after))),
            asked=tuple(mask for after in waits if after.anchor is None and (mask := self.mask(after)))
            if itself
            else (),
            until=self.mask(repeat.until) if repeat and repeat.until else 0,
            itself=itself,
            present=(YES if all(there) else MAYBE) if any(there) or not rules else NO,
            repeat=repeat is not None,
            day=days if rules else ((),),
            chance=step.only_if_before is not None,
            forms=tuple(dict.fromkeys(usual)),
            form=usual[0],
            counted_from=frozenset(named | stand_ins),
            rules_name=frozenset(named),
        )

    # what is looked up on the way

    def folded(self, variant: int, action: Action) -> Residue | None:
        key = (variant, id(action))
        if key not in self._folded:
            self._keep.append(action)  # so that its identity stays its own
            self._folded[key] = fold(action.when, self.variants[variant].facts)
        return self._folded[key]

    def step(self, variant: int, key: str) -> Step:
        return self.variants[variant].steps.get(key) or self.protocol.steps[key]

    def token(self, step: str, form: str, trigger: str = "", own: bool = False) -> Token:
        """An open occurrence, told apart from others only as far as it matters."""
        if (step, trigger) not in self._triggers:
            self._triggers[step, trigger] = self._trigger(step, trigger)
        return Token(
            self.matter.same_form(step, form), self._triggers[step, trigger], own and step in self._own_matters
        )

    @cached_property
    def _own_matters(self) -> frozenset[str]:
        """Steps that fall away when they have to wait again, unless an action opened them."""
        waiting = {key for it in self.variants for key, shape in it.shapes.items() if shape.asked}
        return frozenset(waiting & self.matter.several)

    def _trigger(self, step: str, name: str) -> str:
        if any(name in (condition.trigger or ()) for condition in self.matter.conditions.get(step, ())):
            return name
        forms = {"full", *(form for one in self.matter.book.steps.get(step, ()) for form in one.forms)}
        for n, variant in enumerate(self.variants):
            if step in variant.steps and any(
                self.ends(n, step, Token(form, name)) != self.ends(n, step, Token(form, "")) for form in forms
            ):
                return name
        return "*" if name and step in self.matter.answered else ""

    def ends(self, variant: int, key: str, token: Token) -> tuple[Answer, ...]:
        """What an open occurrence can end with: one answer of each kind that makes a difference."""
        place = (variant, key, token)
        if place not in self._ends:
            self._ends[place] = self._ending(key, self.step(variant, key), token, self.variants[variant].facts)
        return self._ends[place]

    def _ending(self, key: str, step: Step, token: Token, known: Mapping[str, str | None]) -> tuple[Answer, ...]:
        facts = {**known, "trigger": token.trigger, "form": token.form}
        form, names = step.forms.get(token.form, step.form), self.matter.fields(key, step)
        found = answers(form, names, facts)
        if step.four_eyes is not None:
            found += disagreements(form, step.four_eyes, names, facts)
        if step.skip.by:
            found += (Answer("waived"),)
        kinds: dict[Answer, Answer] = {}
        for answer in found:
            kind = answer if answer.outcome in self.matter.outcomes[key] else answer._replace(outcome="")
            kinds.setdefault(kind, answer)
        return tuple(kinds.values())

    # what needs no bit

    def let_go(self) -> None:
        """Find the duties that an event opens while it does nothing else: they may be open, and settled, at any time."""
        todo = [
            (action.open, key)
            for key, event in self.protocol.events.items()
            if tuple(event.by) != ("system",) and all(action.open or action.redate for action in event.does)
            for action in event.does
            if action.open and action.when is None
        ]
        while todo:
            opened, cause = todo.pop()
            for form in [opened.form] if opened.form else self.usual_forms(opened.step):
                place = opened.step, self.token(opened.step, form, opened.trigger or cause, True)
                if place[0] in self.relevant and place not in self.words.free:
                    self.words.free.add(place)
                    follows = [action for step in self.matter.book.steps[place[0]] for action in step.follows]
                    todo += [(a.open, place[1].trigger) for a in follows if a.open and a.when is None]
        for key in self.loose:
            conditions = (name for part in self.matter.conditions[key] for name in part.trigger or ())
            for trigger, form in product({"", *conditions}, self.usual_forms(key)):
                self.words.free.add((key, self.token(key, form, trigger)))

    def usual_forms(self, key: str) -> list[str]:
        steps = self.matter.book.steps[key]
        return sorted({"full"} | {form for step in steps for form in (*step.form_in.values(), *step.forms)})

    @cached_property
    def anchors_that_matter(self) -> tuple[int, ...]:
        """Per variant the bits of the anchors that something in it looks at."""
        return tuple(self._looks_at(n) for n in range(len(self.variants)))

    @cached_property
    def idle(self) -> tuple[int, ...]:
        """Per variant the bits that say nothing there."""
        anchors = union(self.words.bit("known", name) for name in self.protocol.anchors)
        return tuple(
            (anchors & ~matter) | (union(self._absent(it).values()) if self.forget else 0)
            for it, matter in zip(self.variants, self.anchors_that_matter, strict=True)
        )

    def _absent(self, it: Variant) -> dict[str, int]:
        """The settled bits of steps that this variant lacks and in which nothing waits for them."""
        waited = union(mask for shape in it.shapes.values() for mask in (*shape.after, shape.until))
        absent = (key for key in self.words.settled if key not in it.shapes)
        return {key: self.words.settled[key] for key in absent if not self.words.settled[key] & waited}

    def wake(self, before: int, after: int) -> list[int]:
        """The bits that say nothing in the variant before, and something in the one after: every way they can be."""
        ways, new = [0], self.anchors_that_matter[after] & ~self.anchors_that_matter[before]
        while new:
            lowest = new & -new
            new ^= lowest
            ways += [way | lowest for way in ways]
        there = self.variants[after].shapes
        for key in self._absent(self.variants[before]) if self.forget else ():
            if key in there and self.words.settled[key]:
                ways = [way | one for way in ways for one in self._settled_ways(key)]
        return ways

    def _settled_ways(self, key: str) -> list[int]:
        known = self.words.wanted[key]
        ways = [known[SETTLED]] if SETTLED in known else [0]
        for asked, bit in known.items():
            if asked != SETTLED:
                ways += [way | bit for way in ways]
        return list(dict.fromkeys([0, *ways]))

    def _looks_at(self, n: int) -> int:
        it, anchors = self.variants[n], self.protocol.anchors
        follows = (action for key in self.relevant | self.loose for action in self.step_or_none(n, key))
        asked = (p for a in (*self.general, *follows) if self.folded(n, a) is not None for _, p in parts(a.when))
        found = {name for part in asked if isinstance(part, Condition) for name in (part.known, part.unknown) if name}
        found |= {
            name.removeprefix("known:") for shape in it.shapes.values() for day in shape.day for name in needs(day)
        }
        for phase in self.protocol.phases.values():
            found |= needs(outline(phase.until, it.notice)) if phase.until else set()
        found |= {self.protocol.notice.to} if self.protocol.notice else set()
        found |= {k for k, a in anchors.items() if a.when_known or a.when_moved or a.when_unknown or a.notice}
        bits = union(self.anchor(name) for name in found if name in anchors)
        waited = union(mask for shape in it.shapes.values() for mask in (*shape.after, shape.until))
        known = union(self.words.bit("known", name) for name in anchors)
        return bits | waited & known

    def step_or_none(self, variant: int, key: str) -> tuple[Action, ...]:
        step = self.variants[variant].steps.get(key)
        return step.follows if step is not None else ()

    @property
    def after_the_end(self) -> int:
        """The bits that still matter once a case has ended."""
        if self._ending_bits is None or self._ending_bits[0] != len(self.words.names):
            self._ending_bits = len(self.words.names), self._bits_after_the_end()  # new bits may have been given out
        return self._ending_bits[1]

    def _bits_after_the_end(self) -> int:
        phases = self.protocol.phases
        events = [e for e in self.protocol.events.values() if any(phases[p].ended for p in e.in_phase or ())]
        asked = [p for e in events for action in e.does for _, p in parts(action.when) if isinstance(p, Condition)]
        if any(p.known or p.unknown or p.milestone for p in asked):
            return -1
        bits = self.words.bit("ended") | self.words.bit("erased")
        for key in self.matter.kept & self.relevant:
            shapes = (it.shapes[key] for it in self.variants if key in it.shapes)
            bits |= self.words.live[key] | union(mask for shape in shapes for mask in shape.after)
        return bits


def _json(action: Action) -> str:
    return action.model_dump_json(exclude={"when"}, exclude_none=True)
