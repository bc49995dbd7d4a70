"""Dates that become known, move or are unknown again, and types that change: which variant holds, and what that undoes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import NamedTuple

from protocol.answers import PRESENT
from protocol.language import Action
from protocol.untimed import YES, State, needs
from protocol.untimed_steps import Steps


class Why(NamedTuple):
    """What an action is done for, as far as it matters without days."""

    given: Mapping[str, str] = {}
    outcome: str | None = None
    trigger: str = ""
    form: str = "full"
    key: str = ""
    step: str = ""
    moved: int | None = None


Do = Callable[[tuple[Action, ...], State, Why], list[State]]


class Dates:
    """What is known of a case: its dates, its type, and the notice class that follows."""

    def __init__(self, steps: Steps, do: Do, frozen: bool):
        self.steps = steps
        self.do = do
        self.frozen = frozen
        """the variant never changes: what each variant is worth by itself"""
        self.untimed = steps.untimed
        self.protocol = steps.protocol
        self.words = steps.words
        moves = (getattr(part, "moved_by_days", None) for _, part in self.untimed.matter.everything)
        self.thresholds = (0, *sorted({days for days in moves if days is not None}))
        self.fixed = [(key, anchor.notice) for key, anchor in self.protocol.anchors.items() if anchor.notice]

    def record(self, anchor: str, state: State, on: bool) -> list[State]:
        """A date becomes known, moves, or is unknown again."""
        bit = self.steps.known[anchor]
        was = bool(state[2] & bit)
        if not was and not on:
            return [state]
        does, moved = self._does[anchor, was, on]
        bits = state[2] | bit if on else state[2] & ~bit
        found: list[State] = [state] if was and on else []  # the same date once more
        if state[2] & self._instead[anchor]:  # what stands in for it is known: nothing counts from it any more
            return [*found, (state[0], state[1], bits)]
        for variant in self.classes(state[0], bits):
            for one, days in product(self.switch((state[0], state[1], bits), variant), moved):
                for after in self.do(does, one, Why(key=anchor, moved=days)):
                    found += self._recorded(anchor, state[0], after)
        return found

    def switch(self, state: State, variant: int) -> list[State]:
        """In another variant other bits say something: nothing is known of how they are."""
        if state[0] == variant:
            return [state]
        bits = state[2] & ~self.untimed.idle[variant]
        return [(variant, state[1], bits | way) for way in self.untimed.wake(state[0], variant)]

    @cached_property
    def _instead(self) -> dict[str, int]:
        """Per anchor the bits of what stands in for it."""
        anchors = self.protocol.anchors
        return {
            key: sum(self.steps.known[other] for other, anchor in anchors.items() if anchor.stands_in_for == key)
            for key in anchors
        }

    @cached_property
    def _does(self) -> dict[tuple[str, bool, bool], tuple[tuple[Action, ...], tuple[int | None, ...]]]:
        """Per anchor, whether it was known and now is: what that does, and by how many days it can have moved."""
        found: dict[tuple[str, bool, bool], tuple[tuple[Action, ...], tuple[int | None, ...]]] = {}
        for key, anchor in self.protocol.anchors.items():
            found[key, True, True] = anchor.when_moved, self.thresholds if anchor.when_moved else (0,)
            found[key, False, True] = (
                (*anchor.when_known, *anchor.when_moved),
                (None,),
            )  # "becoming known is a move too"
            found[key, True, False] = anchor.when_unknown, (None,)
        return found

    def _recorded(self, anchor: str, before: int, state: State) -> Iterator[State]:
        for variant, phase, bits in self.reconcile(state, before, anchor):
            until = self.steps.until[phase]
            if until and needs(until) & set(self.protocol.anchors) and not bits & self.steps.ended:
                known = self.untimed.countable(until, bits, None, event=True)
                bits = bits | self.steps.timer if known else bits & ~self.steps.timer  # noqa: PLW2901
            yield variant, phase, bits

    def classes(self, variant: int, bits: int) -> list[int]:
        """The variants that can follow from what is known now: the notice class is chosen anew."""
        notice = self.protocol.notice
        if notice is None or self.frozen:
            return [variant]
        family = self.untimed.families[self.untimed.variants[variant].family]
        for key, name in self.fixed:
            if bits & self.steps.known[key]:
                return [family[name]]
        mask = self.untimed.anchor(notice.to)
        if mask and not bits & mask:
            return [family[notice.unknown]]
        return list(dict.fromkeys(family.values()))

    def change_type(self, state: State, release_type: str | None) -> list[State]:
        """Another type, in the same notice class."""
        if self.frozen:
            return [state]
        families: Iterable[int] = range(len(self.untimed.families))
        if release_type is not None and release_type != PRESENT:
            families = sorted(self.untimed.types.get(release_type, ()))
        now = self.untimed.families[self.untimed.variants[state[0]].family]
        classes = [notice for notice, variant in now.items() if variant == state[0]]
        variants = dict.fromkeys(self.untimed.families[family][notice] for family in families for notice in classes)
        return [
            after
            for variant in variants
            for one in self.switch(state, variant)
            for after in self.reconcile(one, state[0], None)
        ]

    def reconcile(self, state: State, before: int, anchor: str | None) -> list[State]:
        """After a change of date, class or type: what the variant lacks is cancelled, the rest counted again."""
        states, bits = [state], state[2]
        it, changed = self.untimed.variants[state[0]], state[0] != before
        for key, live in self.words.live.items():
            if not bits & live:
                continue
            shape, is_open = it.shapes.get(key), bits & self.words.open[key]
            if is_open and (shape is None or shape.present != YES):
                states = [after for one in states for after in self._lacking(key, one)]
            if shape is None:
                continue
            if changed or anchor is None or anchor in shape.counted_from:
                if is_open and (len(shape.forms) > 1 or len(self.words.tokens[key]) > 1):
                    states = [after for one in states for after in self._reformed(key, one)]
                if shape.repeat or changed:
                    states = [after for one in states for after in self.steps.last_anew(key, one)]
            if bits & self.words.settled[key] and it.steps[key].counts_only and not bits & self.steps.ended:
                # "what was done in this form counts only in these notice classes"
                again = ~self.words.live[key]
                states = [after for one in states for after in (one, (one[0], one[1], one[2] & again))]
        states = [self.unready(one) for one in states]
        return list(dict.fromkeys(states)) if len(states) > 1 else states

    def unready(self, state: State) -> State:
        """Open steps that have to wait for another step again fall away, those opened by an action excepted."""
        bits = state[2]
        for key, shape in self.untimed.variants[state[0]].shapes.items():
            if shape.asked and bits & self.words.open[key] and not all(bits & asked for asked in shape.asked):
                bits &= ~sum(bit for token, bit in self.words.tokens[key].items() if not token.own)
        return state[0], state[1], bits

    def _lacking(self, key: str, state: State) -> Iterator[State]:
        """Cancelled, unless an action opened it, or the class has this occurrence."""
        variant, phase, bits = state
        yield variant, phase, bits & ~self.words.open[key]
        if key in self.untimed.variants[variant].shapes:
            yield state
            theirs = sum(bit for token, bit in self.words.tokens[key].items() if not token.own)
            if bits & theirs:
                yield variant, phase, bits & ~theirs

    def _reformed(self, key: str, state: State) -> Iterator[State]:
        """An open step that is counted again may take another form."""
        yield state
        variant, phase, bits = state
        for token, bit in list(self.words.tokens[key].items()):
            if bits & bit:
                for form in self.untimed.variants[variant].shapes[key].forms:
                    yield variant, phase, bits & ~bit | self.words.token(key, token._replace(form=form))

    def corrected(self, anchor: str, state: State) -> Iterator[State]:
        """A date that was wrong: what opened because of it is cancelled, what it settled may have to be done."""
        definition = self.protocol.anchors[anchor]
        lifted = {key for action in definition.when_known for key in action.settle or ()}
        for action in definition.when_known:
            lifted |= set(action.cancel.steps) if action.cancel and action.cancel.as_settled else set()
        for variant, phase, bits in self.record(anchor, state, False):
            for key, step in self.untimed.variants[variant].steps.items():
                if key in self.untimed.relevant and any(after.anchor == anchor for after in step.after):
                    bits &= ~self.words.open[key]  # noqa: PLW2901
            branches = [bits]
            for key in sorted(lifted & self.untimed.relevant) if definition.stands_in_for else ():
                branches += [one & ~self.words.settled[key] for one in branches if one & self.words.settled[key]]
            states: list[State] = [(variant, phase, one) for one in branches]
            yield from states
            for key in sorted(lifted & self.untimed.variants[variant].shapes.keys()):
                # what is open belongs to the round before: another one may open beside it
                yield from (
                    after for one in states if one[2] & self.words.open[key] for after in self.steps.opened(key, one)
                )
