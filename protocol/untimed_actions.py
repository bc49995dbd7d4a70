"""What outcomes, dates and events do to an untimed state: one small function per action of the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from protocol.answers import Residue
from protocol.language import Action, Rule
from protocol.untimed import MAYBE, State, outline
from protocol.untimed_dates import Dates, Why
from protocol.untimed_model import Untimed
from protocol.untimed_steps import Steps


class Planned(NamedTuple):
    """One action, looked up for a variant."""

    action: Action
    residue: Residue | None
    name: str
    value: Any
    act: Callable[[Action, Any, State, Why], list[State]]


class Actions:
    """Carries out the actions of the language on untimed states."""

    def __init__(self, untimed: Untimed, frozen: bool = False):
        self.untimed = untimed
        self.protocol = untimed.protocol
        self.words = untimed.words
        self.steps = Steps(untimed)
        self.dates = Dates(self.steps, self.do, frozen)
        self._plans: dict[tuple[int, int], tuple[tuple[Action, ...], tuple[Planned, ...]]] = {}
        self.acts: dict[str, Callable[[Action, Any, State, Why], list[State]]] = {
            "set_type": self._set_type, "set_anchor": self._set_anchor, "settle": self._settle, "cancel": self._cancel,
            "renew": self._renew, "resume": self._resume, "phase": self._phase, "open": self._open,
            "again": self._again, "extend": self._extend, "event": self._event, "closing": self._closing,
            "end": self._end, "erase": self._erase, "redate": self._redate,
        }  # fmt: skip

    # carrying out

    def do(self, actions: tuple[Action, ...], state: State, why: Why) -> list[State]:
        """Every state that these actions can lead to; none where the protocol refuses."""
        states, start = [state], state[0]
        for planned in self._plan(start, actions):
            after: list[State] = []
            for one in states:
                residue = planned.residue if one[0] == start else self.untimed.folded(one[0], planned.action)
                if residue is None or (residue and not self.holds(residue, one, why)):
                    after.append(one)
                else:
                    after += planned.act(planned.action, planned.value, one, why)
            states = list(dict.fromkeys(after)) if len(after) > 1 else after
        return states

    def _plan(self, variant: int, actions: tuple[Action, ...]) -> tuple[Planned, ...]:
        """The actions that can happen in this variant; all of them where one may lead to another variant."""
        key = variant, id(actions)
        if key not in self._plans:
            found = []
            for action in actions:
                values = ((name, getattr(action, name)) for name in self.acts)
                name, value = next((n, value) for n, value in values if value is not None and value is not False)
                found.append(Planned(action, self.untimed.folded(variant, action), name, value, self.acts[name]))
            stays = not any(one.name in ("set_type", "set_anchor", "event") for one in found)
            here = tuple(one for one in found if one.residue is not None or not stays)
            self._plans[key] = actions, here  # kept together, so that the identity stays theirs
        return self._plans[key][1]

    def holds(self, residue: Residue, state: State, why: Why) -> bool:
        for atom in residue:  # noqa: SIM110  (no generator: this is asked a million times)
            if not self._atom(atom, state, why):
                return False
        return True

    def _atom(self, atom: tuple[Any, ...], state: State, why: Why) -> bool:
        kind, value, bits = atom[0], atom[1], state[2]
        if kind == "phase":
            return self.untimed.phases[state[1]] in value
        if kind in ("outcome", "trigger", "form"):
            return getattr(why, kind) in value
        if kind == "given":
            return why.given.get(value, "") in atom[2]
        if kind in ("known", "unknown"):
            known = value == self.protocol.opens_with or bool(bits & self.steps.known[value])
            return known if kind == "known" else not known
        if kind == "moved_by_days":
            return why.moved is not None and why.moved >= value
        if kind == "milestone":
            return bool(bits & self.words.bit("milestone", value))
        if kind == "any":
            return any(self.holds(part, state, why) for part in value)
        assert kind == "not"
        return not self.holds(value, state, why)

    # steps

    def _open(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        return [self.steps.open_by(value.step, state, value.trigger or why.trigger or why.key, value.form)]

    def _again(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        # a short form is not asked again
        short = why.form == self.untimed.matter.same_form(why.step, "short")
        forms = [why.form, None] if short else [why.form]
        return list(dict.fromkeys(self.steps.open_by(why.step, state, why.trigger, form) for form in forms))

    def _cancel(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        variant, phase, bits = state
        shapes = self.untimed.variants[variant].shapes
        branches = [bits]
        for key, mask in self.words.open.items():
            if not bits & mask or key in value.except_:
                continue
            counted = value.counted_from and key in shapes and value.counted_from in shapes[key].rules_name
            if value.all_ or key in value.steps or counted:
                branches = [one & ~mask for one in branches]
                if value.as_settled:
                    branches = [b for one in branches for b in self.steps.settled(key, one, variant, None, {})]
        if value.as_settled:
            for key in value.steps:
                if key in shapes:
                    branches = [self.steps.counts_as_settled(key, one) for one in branches]
        return [(variant, phase, one) for one in branches]

    def _renew(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        variant, phase, bits = state
        shapes = self.untimed.variants[variant].shapes
        for key in value.steps:
            if key in shapes and bits & self.words.settled[key] and (shapes[key].present or not value.only_in_class):
                bits &= ~self.words.live[key]
        return [(variant, phase, bits)]

    def _settle(self, action: Action, value: dict[str, str], state: State, why: Why) -> list[State]:
        variant, phase, bits = state
        branches = [bits]
        for key, outcome in value.items():
            if key not in self.untimed.relevant:
                continue
            plain = sum(bit for token, bit in self.words.tokens[key].items() if not token.trigger)
            after: list[int] = []
            for one in branches:
                if one & plain:
                    after += self.steps.settled(key, one & ~plain, variant, outcome, {})
                elif one & self.words.settled[key] or key not in self.untimed.variants[variant].shapes:
                    after.append(one)
                else:  # what is open is something else, or of the round before
                    after += [one] if one & self.words.open[key] else []
                    after.append(self.steps.counts_as_settled(key, one))
            branches = after
        return [(variant, phase, one) for one in branches]

    def _resume(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        """Repeated steps that fell due meanwhile may be dropped."""
        variant, phase, bits = state
        branches = [bits]
        for key, shape in self.untimed.variants[variant].shapes.items():
            mask = self.words.open[key]
            if shape.repeat and bits & mask:
                dropped = [b for one in branches for b in self.steps.settled(key, one & ~mask, variant, None, {})]
                branches = list(dict.fromkeys([*branches, *dropped]))
        return [(variant, phase, one) for one in branches]

    def _redate(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        return [state]

    # the case

    def _phase(self, action: Action, value: str, state: State, why: Why) -> list[State]:
        after = self.steps.enter(state, value, why.given)
        return [self.steps.keep(after, self.steps.only[after[1]])]

    def _closing(self, action: Action, value: Rule, state: State, why: Why) -> list[State]:
        n, step = self.untimed.phase_of[self.protocol.closing_phase], self.protocol.closing_step
        trigger = why.key or why.outcome or "closing"
        if state[1] == n or state[2] & self.steps.ended:  # "of two closing days the earlier counts"
            is_open = self.words.open.get(step, 0) & state[2]
            sooner = self.steps.open_by(step, (state[0], state[1], state[2] & ~is_open), trigger, action.closing_form)
            return [state, sooner] if is_open else [state]
        after = self.steps.keep((state[0], n, state[2] & ~self.steps.timer), self.steps.only[n] or (), but=step)
        return [self.steps.open_by(step, after, trigger, action.closing_form)]

    def _end(self, action: Action, value: str, state: State, why: Why) -> list[State]:
        n = self.untimed.phase_of[value]
        keeps = self.steps.only[n] or frozenset()
        branches = [state[2]]
        for key, mask in self.words.open.items():
            outcome = self.protocol.steps[key].not_decided if key in self.protocol.steps else None
            if not state[2] & mask or (key in keeps and outcome is None):
                continue
            branches = [one & ~mask for one in branches]
            if outcome is not None:
                branches = [b for one in branches for b in self.steps.settled(key, one, state[0], outcome, {})]
        ended = [(state[0], n, one & ~self.steps.timer | self.steps.ended) for one in branches]
        for key in sorted(keeps):
            ended = [after for one in ended for after in self._open_kept(key, one)]
        return ended

    def _open_kept(self, key: str, state: State) -> list[State]:
        """What stays when a case ends opens then, once it is ready."""
        it = self.untimed.variants[state[0]]
        if key not in it.shapes or it.steps[key].duty or not self.steps.ready(key, state):
            return [state]
        day = self.steps.day(key, state)
        return [*(self.steps.opened(key, state) if day else []), *([state] if day <= MAYBE else [])]

    def _event(self, action: Action, value: str, state: State, why: Why) -> list[State]:
        return self.happen(value, state, why.given)

    def happen(self, event: str, state: State, given: Mapping[str, str]) -> list[State]:
        return self.do(self.protocol.events[event].does, state, Why(given, key=event))

    def _erase(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        return [(state[0], state[1], state[2] | self.steps.erased)]

    def _extend(self, action: Action, value: Any, state: State, why: Why) -> list[State]:
        """Closure later: refused without a closing day, or beyond the longest term."""
        variant, phase, bits = state
        it = self.untimed.variants[variant]
        own, limit = it.steps.get(value.step), outline(value.limit, it.notice)
        if own is None or own.due is None or not self.untimed.countable(limit, bits, event=True):
            return []
        if not self.untimed.countable(outline(own.due, it.notice), bits):
            return []
        states = [(variant, phase, bits & ~self.words.open.get(value.step, 0))]
        for key in (value.monthly, *value.before_end):
            if key in it.shapes:
                states = [after for one in states for after in self.steps.last_anew(key, one)]
        return states

    # dates

    def _set_anchor(self, action: Action, anchor: str, state: State, why: Why) -> list[State]:
        value = why.given.get(action.from_) if action.from_ else None
        return self.dates.record(anchor, state, bool(value))

    def _set_type(self, action: Action, value: bool, state: State, why: Why) -> list[State]:
        return self.dates.change_type(state, why.given.get("release_type"))
