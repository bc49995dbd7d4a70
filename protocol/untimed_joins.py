"""Can every step of every variant open and be settled, and every duty? Looks for one way each, variant by variant.

A variant is taken by itself here: its notice class and type never change. First only those states are followed in
which something is there for the first time, then those with a new pair of things. What is still missing is looked
for in every state of the steps that it waits for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import combinations

from protocol.language import After, Step
from protocol.lines import dotted
from protocol.untimed import NO, State, Variant
from protocol.untimed_matter import Matter
from protocol.untimed_model import Untimed
from protocol.untimed_moves import Moves
from protocol.untimed_proof import MOST_STATES, Finding, Tick, TooMany

EVERY_STATE = 0


class Search:
    """What can open and be settled in one variant."""

    def __init__(self, moves: Moves, variant: int, exceptional: bool, width: int):
        self.moves = moves
        self.next = moves.all if exceptional else moves.ordinary
        self.variant = variant
        self.width = width
        """how many things at a time must be new for a state to be followed"""
        self.known: set[object] = set()
        self.seen = 0
        """every bit that was ever set"""
        self.settled: set[str] = set()
        self.states = 0

    def go(self, goals: Iterable[str], tick: Tick) -> set[str]:
        """The goals (steps) that did not open, or were not settled."""
        missing = set(goals)
        todo = deque(one for one in self.moves.begin(self.variant) if self._new(one))
        while todo and missing:
            for move in self.next(todo.popleft()):
                self.settled.add(move.words.partition(":")[0])
                todo.extend(one for one in move.states if self._new(one))
            self.states += 1
            if self.states % 200 == 0:
                tick(200)
            if len(self.known) > MOST_STATES and self.width == EVERY_STATE:
                raise TooMany
            missing = {key for key in missing if not (self.opened(key) and key in self.settled)}
        return missing

    def opened(self, key: str) -> bool:
        return bool(self.seen & self.moves.words.open[key])

    def _new(self, state: State) -> bool:
        self.seen |= state[2]
        things: Iterable[object] = [state]
        if self.width != EVERY_STATE:
            bits = [n for n in range(state[2].bit_length()) if state[2] >> n & 1]
            things = [state[1:2], *combinations((*bits, -1 - state[1]), self.width)]
        fresh = set(things) - self.known
        self.known |= fresh
        return bool(fresh)


class Joins:
    """Looks through all variants; collects what never opens, and what can."""

    def __init__(self, matter: Matter, tick: Tick):
        self.matter = matter
        self.tick = tick
        self.untimed = Untimed(matter)
        self.moves = Moves(self.untimed, frozen=True)
        self.states = 0
        self.found: set[str] = set()
        """steps that open and are settled in some variant"""
        self.missing: dict[tuple[str, str, str, str], list[str]] = {}

    def look(self) -> list[Finding]:
        for n, it in enumerate(self.untimed.variants):
            usual = set(it.order)
            others = {key for key, shape in it.shapes.items() if shape.present and not it.steps[key].duty} - usual
            for key in sorted(key for key in usual if self._lacking(it, it.steps[key])):
                usual.remove(key)
                self._note(n, key, None)
            for goals, exceptional in ((usual, False), (others, True)):
                missing = self._missing(n, goals, exceptional)
                self.found |= goals - missing.keys()
                for key, search in missing.items():
                    self._note(n, key, search)
        return [*self._faults(), *self._duties()]

    def _missing(self, n: int, goals: set[str], exceptional: bool) -> dict[str, Search]:
        """The steps for which no way was found, each with the search that failed."""
        for width in (1, 2):
            search = Search(self.moves, n, exceptional, width)
            goals = search.go(goals, self.tick)
            self.states += search.states
        return {key: closer for key in sorted(goals) if (closer := self._every_state(n, key)) is not None}

    def _every_state(self, n: int, key: str) -> Search | None:
        """The search that did not find this step, although it left nothing out."""
        it = self.untimed.variants[n]
        narrow = Untimed(self.matter, self.matter.with_ancestors([key]))
        variant = narrow.variant(it.release_type, it.notice, it.conditions)
        search = Search(Moves(narrow, frozen=True), variant, True, EVERY_STATE)
        missing = search.go([key], self.tick)
        self.states += search.states
        return search if missing else None

    def _duties(self) -> Iterator[Finding]:
        """What only actions open must open somewhere."""
        left = set(self.matter.book.steps) - self.found - {key for key, *_ in self.missing}
        for n in range(len(self.untimed.variants)):
            if left:
                left = Search(self.moves, n, True, 1).go(left & self.untimed.variants[n].shapes.keys(), self.tick) | (
                    left - self.untimed.variants[n].shapes.keys()
                )
        for key in sorted(left):
            tried = [self._every_state(n, key) for n, it in enumerate(self.untimed.variants) if key in it.shapes]
            if all(search is not None for search in tried):
                opened = any(search is not None and search.opened(key) for search in tried)
                words = f"{key} can open, but never be settled" if opened else f"{key} can never open, in no variant"
                remedy = "give its form an answer that leads to an outcome" if opened else "let something open it"
                yield Finding(f"steps.{key}", words, remedy)

    # in words

    def _note(self, n: int, key: str, search: Search | None) -> None:
        it = self.untimed.variants[n]
        if search is None:
            lacking = " or ".join(self._lacking(it, it.steps[key]))
            words = f"{key} waits for {lacking}, which this variant lacks: it can never open"
            remedy = "let the variant say what it waits for instead, or drop it there"
        else:
            words, remedy = self._reason(it, key, search)
        self.missing.setdefault((key, self._place(key, it.steps[key]), words, remedy), []).extend(self.untimed.named(n))

    @staticmethod
    def _lacking(it: Variant, step: Step) -> list[str]:
        """The steps that it waits for and that this variant does not have."""
        for after in step.after:
            names = _steps(after)
            if names and all(name not in it.shapes or it.shapes[name].present == NO for name in names):
                return names
        return []

    def _faults(self) -> Iterator[Finding]:
        for (_, place, words, remedy), variants in self.missing.items():
            names = ", ".join(variants[:3]) + (", …" if len(variants) > 3 else "")
            yield Finding(place, f"{words} (in {names})", remedy)

    def _place(self, key: str, step: Step) -> str:
        places = [place for place in self.matter.book.step_places if place.key == key]
        found = next((place for place in reversed(places) if place.step.after == step.after), places[0])
        return dotted(found.path)

    def _reason(self, it: Variant, key: str, search: Search) -> tuple[str, str]:
        step, shape = it.steps[key], it.shapes[key]
        if search.opened(key):
            return f"{key} can open, but never be settled", "give its form an answer that leads to an outcome"
        if not shape.itself:
            return f"{key} opens by actions only, and no action opens it", "let an outcome or event open it"
        never = [after for after in step.after if not self._seen(after, search)]
        if never:
            words = f"{key} waits for {'; '.join(map(_said, never))}, which never happens while the case is open"
            return words, "name an outcome that is possible, or another step"
        if step.after and not self._together(step.after, search):
            all_ = "; ".join(map(_said, step.after))
            return (
                f"dead join: what {key} waits for never holds together ({all_})",
                "take one of them out, or use `any`",
            )
        if not self._allowed(key, search):
            words = f"every phase in which {key} would be ready leaves it out: it never opens"
            return words, "add it to `only` of such a phase, or let it wait for something else"
        return f"the due day of {key} can never be counted: it never opens", "count it from a date that becomes known"

    def _seen(self, after: After, search: Search) -> bool:
        mask = search.moves.untimed.mask(after)
        return not mask or bool(search.seen & mask)

    def _together(self, asked: Iterable[After], search: Search, phases: Iterable[int] | None = None) -> bool:
        """Whether all of this held at once, in one of these phases (None: in any)."""
        masks = [mask for after in asked if (mask := search.moves.untimed.mask(after))]
        states = (one for one in search.known if isinstance(one, tuple) and (phases is None or one[1] in phases))
        return any(all(bits & mask for mask in masks) for _, _, bits in states)

    def _allowed(self, key: str, search: Search) -> bool:
        phases = {n for n, only in enumerate(search.moves.steps.only) if only is None or key in only}
        return self._together(search.moves.untimed.variants[search.variant].steps[key].after, search, phases)


def _steps(after: After) -> list[str]:
    return [after.step] if after.step else [name for part in after.any_ or () for name in _steps(part)]


def _said(after: After) -> str:
    if after.any_ is not None:
        return " or ".join(map(_said, after.any_))
    if after.step is None:
        return f"the date {after.anchor}" if after.anchor else f"the milestone {after.milestone}"
    given = "".join(f", {key} {' or '.join(values)}" for key, values in (after.given or {}).items())
    outcome = f" settled as {' or '.join(after.outcome)}" if after.outcome else " settled"
    return f"{'the last ' if after.last else ''}{after.step}{outcome}{given}"
