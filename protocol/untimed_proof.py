"""Can every case be closed? Walks through every untimed state of the core, and back from the closed ones.

Closing must not need an exceptional event: only work that is open, time passing, and dates becoming known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from protocol.language import Action
from protocol.untimed import State
from protocol.untimed_matter import Matter
from protocol.untimed_model import Untimed
from protocol.untimed_moves import EVENT, Moves

MOST_STATES = 60_000
SHOWN = 5
"""different faults of one kind that are shown"""
Tick = Callable[[int], None]


class Finding(NamedTuple):
    """Something that makes a protocol unsound."""

    field: str
    rule: str
    remedy: str


class TooMany(Exception):
    """More states than can be walked through."""


class Walk:
    """Every state that can be reached, how, and what can follow from it without anything exceptional."""

    def __init__(self, untimed: Untimed, moves: Moves):
        self.untimed = untimed
        self.moves = moves
        self.reached: dict[State, int] = {}
        self.states: list[State] = []
        self.came_from: list[tuple[int, str]] = []
        self.ordinary: list[tuple[int, ...]] = []

    def go(self, tick: Tick) -> Walk:
        for family in range(len(self.untimed.families)):
            for state in self.moves.first(family):
                self._reach(state, -1, "")
        todo = deque(range(len(self.states)))
        while todo:
            n = todo.popleft()
            known, ordinary = len(self.states), set[int]()
            for move in self.moves.all(self.states[n]):
                after = [self._reach(one, n, move.words) for one in move.states]
                if move.kind != EVENT and move.usual:
                    ordinary.update(after)
            self.ordinary.append(tuple(ordinary))
            todo.extend(range(known, len(self.states)))
            if len(self.states) > MOST_STATES:
                raise TooMany
            if n % 200 == 0:
                tick(200)
        return self

    def _reach(self, state: State, before: int, words: str) -> int:
        if state not in self.reached:
            self.reached[state] = len(self.states)
            self.states.append(state)
            self.came_from.append((before, words))
        return self.reached[state]

    def hopeless(self) -> list[int]:
        """The states from which no closed one can be reached, in the order in which they were found."""
        back: list[list[int]] = [[] for _ in self.states]
        for n, after in enumerate(self.ordinary):
            for one in after:
                back[one].append(n)
        ended = self.moves.steps.ended
        todo = [n for n, state in enumerate(self.states) if state[2] & ended]
        fine = set(todo)
        while todo:
            for n in back[todo.pop()]:
                if n not in fine:
                    fine.add(n)
                    todo.append(n)
        return [n for n in range(len(self.states)) if n not in fine]

    def nothing_to_do(self, n: int) -> bool:
        """Whether nothing is open here, nor will be, whatever dates become known."""
        todo, seen = [n], {n}
        while todo:
            one = todo.pop()
            if self.untimed.words.opened(self.states[one][2]):
                return False
            todo += [after for after in self.ordinary[one] if after not in seen]
            seen.update(self.ordinary[one])
        return True

    # in words

    def told(self, n: int) -> list[str]:
        """How a case comes into this state."""
        told: list[str] = []
        while self.came_from[n][0] >= 0:
            n, words = self.came_from[n]
            told.append(words)
        return told[::-1]

    def place(self, n: int) -> str:
        variant, phase, bits = self.states[n]
        is_open = ", ".join(self.untimed.words.opened(bits)) or "nothing"
        known = ", ".join(key for key, bit in self.moves.steps.known.items() if bits & bit) or "no further date"
        where = f"{self.untimed.named(variant)[0]}, phase {self.untimed.phases[phase]}"
        return f"{where}, known: {known}, open: {is_open}"


def prove(matter: Matter, tick: Tick) -> tuple[Walk, list[Finding]]:
    """Walk with as few steps as possible; where a case seems stuck, look closer, with all steps or with more of them."""
    steps, forget = matter.with_ancestors([matter.protocol.closing_step]), True
    while True:
        untimed = Untimed(matter, steps, matter.core, forget)
        untimed.let_go()
        walk = Walk(untimed, Moves(untimed)).go(tick)
        doubts, found, more = first_of_each_kind(walk, walk.hopeless()), list[Finding](), set[str]()
        closer = Closer(matter) if doubts else None
        for n in doubts:
            helped = closer.look(walk, n) if closer else None
            if helped is None or (steps == matter.core and not forget):
                found.append(_fault(walk, n))
            else:
                more |= helped & untimed.loose
        if found or not doubts:
            return walk, [*found, *_phases(walk)]
        if not more:  # no step was left out that helps: do not forget what was settled either
            more, forget = set() if forget else set(untimed.loose), False
        steps = matter.with_ancestors(steps | more)


class Closer:
    """Looks with all steps of the core at a state in which a case seems stuck."""

    def __init__(self, matter: Matter):
        self.untimed = Untimed(matter, matter.core)
        self.untimed.let_go()
        self.moves = Moves(self.untimed)

    def look(self, walk: Walk, n: int) -> frozenset[str] | None:
        """None: a case really cannot be closed from there. Else the steps that were left out and matter."""
        told = walk.told(n)
        states = self.follow(told)
        if not states:
            return frozenset(_steps_in(told))
        helped = set[str]()
        for state in states:
            way = self.way_out(state)
            if way is None:
                return None
            helped |= _steps_in(way)
        return frozenset(helped)

    def follow(self, told: Iterable[str]) -> list[State]:
        """The states to which the same story leads."""
        states = {state: None for family in range(len(self.untimed.families)) for state in self.moves.first(family)}
        for words in told:
            moves = (move for state in states for move in self.moves.all(state) if move.words == words)
            states = dict.fromkeys(one for move in moves for one in move.states)
        return list(states)

    def way_out(self, state: State) -> list[str] | None:
        """How the case can be closed from here without anything exceptional; None: it cannot."""
        came: dict[State, tuple[State | None, str]] = {state: (None, "")}
        todo = deque([state])
        while todo and len(came) < MOST_STATES:
            one = todo.popleft()
            if one[2] & self.moves.steps.ended:
                return _told(came, one)
            for move in self.moves.ordinary(one):
                for after in move.states:
                    if after not in came:
                        came[after] = (one, move.words)
                        todo.append(after)
        return None


def _told(came: dict[State, tuple[State | None, str]], state: State) -> list[str]:
    told, before = list[str](), came[state]
    while before[0] is not None:
        told.append(before[1])
        before = came[before[0]]
    return told[::-1]


def _steps_in(told: Iterable[str]) -> set[str]:
    """The steps that were settled in a story."""
    return {words.partition(":")[0] for words in told if ":" in words}


def first_of_each_kind(walk: Walk, hopeless: list[int]) -> list[int]:
    """What follows from a hopeless state is not said again."""
    bad, kinds = set(hopeless), dict[object, int]()
    for n in hopeless:
        variant, phase, bits = walk.states[n]
        kind = (phase, tuple(walk.untimed.words.opened(bits)), walk.untimed.variants[variant].family)
        if walk.came_from[n][0] not in bad:
            kinds.setdefault(kind, n)
    return list(kinds.values())[:SHOWN]


def _fault(walk: Walk, n: int) -> Finding:
    phase = walk.untimed.phases[walk.states[n][1]]
    where = f"({walk.place(n)}; after: {', then '.join(walk.told(n)) or 'opening'})"
    if walk.nothing_to_do(n):
        return Finding(
            f"phases.{phase}",
            f"a case can get stuck: nothing is open and nothing more happens by itself {where}",
            "let an outcome, an event or the end of a phase open a step, or close the case",
        )
    return Finding(
        f"phases.{phase}",
        f"from here a case can never be closed without an exceptional event {where}",
        "let what is open, or time, lead on to the closing step",
    )


def _phases(walk: Walk) -> Iterator[Finding]:
    reached = {walk.untimed.phases[state[1]] for state in walk.states}
    if not any(isinstance(part, Action) and part.closing for _, part in walk.untimed.matter.everything):
        reached.add(walk.untimed.protocol.closing_phase)  # every protocol names one, needed or not
    for key in walk.untimed.phases:
        if key not in reached:
            words = f"the phase {key} is never reached"
            yield Finding(f"phases.{key}", words, "let an outcome or event lead into it, or leave it out")
