"""Everything that can happen next in an untimed state: work is settled, time passes, a date or an event comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from protocol.answers import answers, looked_at
from protocol.language import Event
from protocol.untimed import MAYBE, NO, STOPPED, State, Token
from protocol.untimed_actions import Actions
from protocol.untimed_dates import Why
from protocol.untimed_model import Untimed

WORK, TIME, DATE, EVENT = "work", "time", "date", "event"


class Move(NamedTuple):
    """Something that can happen, in words, and the states it can lead to."""

    kind: str
    words: str
    states: tuple[State, ...]
    usual: bool = True
    """False: a date that moves or was wrong"""


class Moves:
    """The transition system of an untimed protocol."""

    def __init__(self, untimed: Untimed, frozen: bool = False):
        self.untimed = untimed
        self.protocol = untimed.protocol
        self.words = untimed.words
        self.actions = Actions(untimed, frozen)
        self.steps, self.dates = self.actions.steps, self.actions.dates
        self.anchors = tuple(key for key in self.protocol.anchors if key != self.protocol.opens_with)

    # the beginning

    def first(self, family: int) -> list[State]:
        """Every state in which a case of these types can open: with whatever dates are known by then."""
        found: list[State] = []
        any_one = next(iter(self.untimed.families[family].values()))
        for size in range(len(self.anchors) + 1):
            for given in combinations(self.anchors, size):
                bits = sum(self.steps.known[key] for key in given)
                for variant in self.dates.classes(any_one, bits):
                    idle = ~self.untimed.idle[variant]
                    found += [(one[0], one[1], one[2] & idle) for one in self.begin(variant, given)]
        return list(dict.fromkeys(found))

    def begin(self, variant: int, given: Iterable[str] = ()) -> list[State]:
        """The states in which a case of one variant opens, when these dates are given."""
        bits = sum(self.steps.known[key] for key in given)
        states: list[State] = [(variant, self.untimed.phase_of[self.protocol.first_phase], bits)]
        for key in given:
            if self.protocol.anchors[key].stands_in_for:
                does = self.protocol.anchors[key].when_known
                states = [after for one in states for after in self.actions.do(does, one, Why(key=key))]
        return self.steps.open_ready(states)

    # moves

    def all(self, state: State) -> Iterator[Move]:
        yield from self.ordinary(state)
        if not state[2] & self.steps.erased:
            yield from self._moved(state)
            yield from self._events(state)
            yield from self._free(state)

    def ordinary(self, state: State) -> Iterator[Move]:
        """Work, time, and dates becoming known: what happens without anything exceptional."""
        if state[2] & self.steps.erased:
            return
        yield from self._work(state)
        if not state[2] & self.steps.ended:
            yield from self._time(state)
            yield from self._known(state)

    def _move(
        self, kind: str, words: str, before: State, states: Iterable[State], usual: bool = True
    ) -> Iterator[Move]:
        found: dict[State, None] = {}
        for one in self.steps.open_ready(states):
            if one[2] & self.steps.ended:
                found[one[0], one[1], one[2] & self.untimed.after_the_end] = None
            else:
                found[one[0], one[1], one[2] & ~self.untimed.idle[one[0]]] = None
        found.pop(before, None)
        if found:
            yield Move(kind, words, tuple(found), usual)

    def _work(self, state: State) -> Iterator[Move]:
        variant, bits = state[0], state[2]
        for key in self.words.opened(bits):
            for token, bit in list(self.words.tokens[key].items()):
                if bits & bit:
                    for answer in self.untimed.ends(variant, key, token):
                        states = self._settled(key, token, state, answer.outcome, dict(answer.given))
                        yield from self._move(WORK, f"{key}: {answer.outcome}", state, states)
            eyes = self.untimed.step(variant, key).four_eyes
            if eyes is not None and eyes.returned is not None and eyes.then:
                states = [self.steps.open_by(eyes.then, state, "dispute", None)]
                yield from self._move(WORK, f"{key}: returned twice", state, states)

    def _settled(self, key: str, token: Token, state: State, outcome: str, given: Mapping[str, str]) -> list[State]:
        variant, phase, bits = state
        shape, left = self.untimed.variants[variant].shapes.get(key), [bits]
        if (key, token) not in self.words.free:
            left = [bits & ~self.words.token(key, token)]
            if key in self.untimed.matter.several or (shape is not None and shape.repeat):
                left.append(bits)  # there was more than one of this kind
        stopped = self.words.wanted.get(key, {}).get(STOPPED, 0)
        left += [one & ~stopped for one in left if one & stopped]  # an occurrence after it makes it go on
        why = Why(given, outcome, token.trigger, token.form, "", key)
        follows, found = self.untimed.step(variant, key).follows, list[State]()
        for one in left:
            for after in self.steps.settled(key, one, variant, outcome, given):
                reached = sum(
                    bit
                    for bit, mask, at_once in self.untimed.milestones
                    if after & mask or any(asked.holds(outcome, given) for asked in at_once.get(key, ()))
                )
                found += self.actions.do(follows, (variant, phase, after | reached), why)
        return found

    def _time(self, state: State) -> Iterator[Move]:
        variant, phase, bits = state
        it, only = self.untimed.variants[variant], self.steps.only[phase]
        for key in it.order:
            if only is not None and key not in only:
                continue
            if it.shapes[key].repeat:
                if self._goes_on(key, state):
                    yield from self._move(TIME, f"{key}: the next one", state, self.steps.opened(key, state))
            elif self.steps.ready(key, state) and self.steps.day(key, state) == MAYBE:
                yield from self._move(TIME, f"{key} opens", state, self.steps.opened(key, state))
        name = self.untimed.phases[phase]
        then = self.protocol.phases[name].then
        if then is not None and bits & self.steps.timer:
            yield from self._move(TIME, f"the phase {name} runs out", state, self.actions.happen(then, state, {}))

    def _goes_on(self, key: str, state: State) -> bool:
        """Whether another occurrence of a repeated step may open."""
        bits = state[2]
        shape = self.untimed.variants[state[0]].shapes[key]
        if bits & shape.until or not all(bits & mask for mask in shape.after):
            return False
        if bits & self.words.wanted[key].get(STOPPED, 0) and not bits & self.words.open[key]:
            return False
        # also after the last one: settled while its date was unknown, it may turn out not to have been the last
        return self.steps.day(key, state) != NO

    def _known(self, state: State) -> Iterator[Move]:
        matter = self.untimed.anchors_that_matter[state[0]]
        for key in self.anchors:
            if matter & ~state[2] & self.steps.known[key]:
                yield from self._move(DATE, f"{key} becomes known", state, self.dates.record(key, state, True))

    def _moved(self, state: State) -> Iterator[Move]:
        if state[2] & self.steps.ended:
            return
        for key in self.anchors:
            if state[2] & self.steps.known[key]:
                for words, states in (
                    ("moves", self.dates.record(key, state, True)),
                    ("is unknown again", self.dates.record(key, state, False)),
                    ("was recorded wrongly", self.dates.corrected(key, state)),
                ):
                    yield from self._move(DATE, f"{key} {words}", state, states, usual=False)

    # events

    def _events(self, state: State) -> Iterator[Move]:
        ended, phase = state[2] & self.steps.ended, self.untimed.phases[state[1]]
        for key, (phases, ways) in self.reported.items():
            if phase in phases if phases is not None else not ended:
                for given in ways:
                    yield from self._move(EVENT, f"event {key}", state, self.actions.happen(key, state, given))

    @cached_property
    def reported(self) -> dict[str, tuple[tuple[str, ...] | None, tuple[dict[str, str], ...]]]:
        """The events that a person (or an urgent call) can bring about: in which phases, and the ways to report them."""
        called = {chain.unacknowledged for chain in self.protocol.escalations.values()}
        return {
            key: (event.in_phase, self._ways(event))
            for key, event in self.protocol.events.items()
            if tuple(event.by) != ("system",) or key in called
        }

    def _ways(self, event: Event) -> tuple[dict[str, str], ...]:
        """The ways to report an event that make a difference."""
        names = looked_at(self.protocol, event.does)
        kinds: dict[object, dict[str, str]] = {}
        for answer in answers(event.form, names, {}):
            given = dict(answer.given)
            family = self.untimed.types.get(given.get("release_type", ""))
            rest = tuple(pair for pair in answer.given if family is None or pair[0] != "release_type")
            kinds.setdefault((family, rest), given)
        return tuple(kinds.values())

    def _free(self, state: State) -> Iterator[Move]:
        """What an event can open at any time is settled."""
        only, phase = self.steps.only[state[1]], self.untimed.phases[state[1]]
        for key, token in self.free:
            if key in self.untimed.matter.after_closing and not state[2] & self.steps.ended:
                continue
            if only is None or key in only or phase in self._opened_in.get(key, ()):
                for answer in self.untimed.ends(state[0], key, token):
                    states = self._settled(key, token, state, answer.outcome, dict(answer.given))
                    yield from self._move(EVENT, f"{key}: {answer.outcome}", state, states)

    @cached_property
    def free(self) -> list[tuple[str, Token]]:
        """Those among the free ones whose end does something."""
        at_once = {key for _, _, found in self.untimed.milestones for key in found}
        return sorted(
            (key, token)
            for key, token in self.words.free
            if self.words.settled.get(key)
            or key in at_once
            or any(s.follows for s in self.untimed.matter.book.steps[key])
        )

    @cached_property
    def _opened_in(self) -> dict[str, set[str]]:
        """The phases in which an event opens a step although the phase does not name it."""
        found: dict[str, set[str]] = {}
        for phases, event in ((phases, self.protocol.events[key]) for key, (phases, _) in self.reported.items()):
            for action in event.does:
                if action.open:
                    everywhere = {key for key, phase in self.protocol.phases.items() if not phase.ended}
                    found.setdefault(action.open.step, set()).update(phases if phases is not None else everywhere)
        return found
