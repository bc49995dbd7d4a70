"""Opening and settling in an untimed state. Where it depends on days, every possibility is followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from protocol.untimed import MAYBE, NO, STOPPED, YES, State, outline
from protocol.untimed_model import Untimed


class Steps:
    """What is open and settled, and how that changes."""

    def __init__(self, untimed: Untimed):
        self.untimed = untimed
        self.protocol = untimed.protocol
        self.words = untimed.words
        self.timer = self.words.bit("timer")
        self.ended = self.words.bit("ended")
        self.erased = self.words.bit("erased")
        self.known = {key: self.words.bit("known", key) for key in self.protocol.anchors}
        phases = [self.protocol.phases[key] for key in untimed.phases]
        self.only = [None if phase.only is None else frozenset(phase.only) for phase in phases]
        self.in_the_way = {key for key, _ in self.words.free}
        """steps of which an occurrence without a bit may be there, so that no other opens by itself"""
        self.until = [outline(phase.until, None) if phase.until else None for phase in phases]

    # settling

    def settled(self, key: str, bits: int, variant: int, outcome: str | None, given: Mapping[str, str]) -> list[int]:
        """The bits after something of this step is settled: it may or may not be the last of a repetition."""
        plain = last = bits
        for one, bit in self.words.wanted.get(key, {}).items():
            if one.holds(outcome, given):
                last |= bit
                plain |= 0 if one.last else bit
        shape = self.untimed.variants[variant].shapes.get(key)
        if plain == last or shape is None or not shape.repeat:
            return [last]
        return [plain, last]

    def counts_as_settled(self, key: str, bits: int) -> int:
        """Cancelled, and what follows treats it as settled: without an outcome, and nothing comes after it."""
        for one, bit in self.words.wanted[key].items():
            if one == STOPPED or (one.outcomes is None and one.given is None):
                bits |= bit
        return bits

    def last_anew(self, key: str, state: State) -> Iterator[State]:
        """What was the last occurrence may not be it any more, or one before it may have become the last."""
        branches = {state[2]: None}
        for one, bit in self.words.wanted[key].items():
            if one.last:
                twin = self.words.wanted[key][one._replace(last=False)]
                branches = {
                    b: None for bits in branches for b in ((bits & ~bit, bits | bit) if bits & twin else (bits,))
                }
        for bits in branches:
            yield state[0], state[1], bits

    # opening

    def ready(self, key: str, state: State) -> bool:
        """Nothing of it is there yet, and everything it waits for has happened."""
        bits = state[2]
        shape = self.untimed.variants[state[0]].shapes[key]
        return not bits & self.words.live[key] and shape.present != NO and all(bits & mask for mask in shape.after)

    def day(self, key: str, state: State) -> int:
        """Whether its due day can be counted."""
        shape = self.untimed.variants[state[0]].shapes[key]
        found = max((self.untimed.countable(one, state[2]) for one in shape.day), default=NO)
        return MAYBE if found and (shape.chance or key in self.in_the_way) else found

    def opened(self, key: str, state: State) -> list[State]:
        variant, phase, bits = state
        forms = self.untimed.variants[variant].shapes[key].forms
        return [(variant, phase, bits | self.words.token(key, self.untimed.token(key, form))) for form in forms]

    def open_by(self, key: str, state: State, trigger: str, form: str | None) -> State:
        """An action opens a step, whatever the phase allows."""
        if key not in self.untimed.relevant:
            return state
        variant, phase, bits = state
        shape = self.untimed.variants[variant].shapes.get(key)
        token = self.untimed.token(key, form or (shape.form if shape else "full"), trigger, True)
        return variant, phase, bits | self.words.token(key, token)

    def open_ready(self, states: Iterable[State]) -> list[State]:
        """Open what certainly opens now. What depends on days opens when time passes."""
        done: dict[State, None] = {}
        todo = list(states)
        while todo:
            state = todo.pop()
            after = None if state[2] & self.ended else self._open_one(state)
            if after is None:
                done[state] = None
            else:
                todo += after
        return list(done)

    def _open_one(self, state: State) -> list[State] | None:
        variant, phase, bits = state
        it, only, live = self.untimed.variants[variant], self.only[phase], self.words.live
        for key in it.order:
            if bits & live[key] or (only is not None and key not in only):
                continue
            shape = it.shapes[key]
            if shape.repeat or not all(bits & mask for mask in shape.after):
                continue
            if self.day(key, state) == YES:
                return self.opened(key, state)
        return None

    def keep(self, state: State, only: Iterable[str] | None, but: str = "") -> State:
        """Cancel what is open and not among these steps."""
        if only is None:
            return state
        bits = state[2]
        for key, mask in self.words.open.items():
            if bits & mask and (key not in only or key == but):
                bits &= ~mask
        return state[0], state[1], bits

    def enter(self, state: State, phase: str, given: Mapping[str, str]) -> State:
        """The case enters a phase; whether that phase runs out by itself depends on what is known."""
        n = self.untimed.phase_of[phase]
        until = self.until[n]
        known = until is not None and self.untimed.countable(until, state[2], given, event=True)
        return state[0], n, state[2] | self.timer if known else state[2] & ~self.timer
