"""Random lives of a case through `advance`, and each state of it seen as the soundness check sees it: without days."""

from __future__ import annotations

import datetime as dt
from random import Random

from protocol import commands as c
from protocol.errors import Refused
from protocol.run import Run
from protocol.state import CaseState, Occurrence
from protocol.untimed import STOPPED, State, Token, Wanted
from protocol.untimed_moves import Moves
from tests.protocol.story import COLLEAGUE, Story

FIRST = dt.date(2026, 11, 2)


class Life:
    """A case to which anything happens that the protocol allows, corrections of recorded steps excepted."""

    def __init__(self, story: Story, chance: Random):
        self.story = story
        self.chance = chance
        self.protocol = story.protocol
        self.told: list[str] = []
        others = [key for key in self.protocol.anchors if key != self.protocol.opens_with]
        day = FIRST + dt.timedelta(days=chance.randrange(60))
        dates = {key: self._date(key, day) for key in others if chance.random() < 0.4}
        story.open(chance.choice(list(self.protocol.release_types)), day, **dates)

    @property
    def today(self) -> dt.date:
        return self.story.calendar.local_day(self.story.now)

    def _date(self, anchor: str, today: dt.date) -> dt.date:
        if self.protocol.anchors[anchor].may_be_future:
            return today + dt.timedelta(days=self.chance.randrange(-5, 120))
        return today - dt.timedelta(days=self.chance.randrange(5))

    def go_on(self) -> None:
        deeds = [self.work] * 8 + [self.time] * 5 + [self.date] * 2 + [self.event, self.event, self.waive, self.wrong]
        deed = self.chance.choice(deeds)
        try:
            deed()
        except Refused as refused:
            self.told.append(f"({refused.rule})")

    def work(self) -> None:
        found = [o for o in self.story.case.steps.values() if o.open]
        if not found:
            return
        chosen = self.chance.choice(found)
        if chosen.status == "proposed":
            self.second(chosen)
            return
        step = self.protocol.steps[chosen.step]
        outcomes = [one.key for one in step.forms.get(chosen.form, step.form).outcomes]
        outcome = self.chance.choice(outcomes) if outcomes else None
        self.told.append(f"{chosen.id}: {outcome}")
        self.story.complete(chosen.id, outcome, second=False)

    def second(self, chosen: Occurrence) -> None:
        eyes = self.protocol.steps[chosen.step].four_eyes
        field = self.chance.choice(list(eyes.disagree_sets)) if eyes and eyes.disagree_sets else None
        agree = self.chance.random() < 0.7
        self.told.append(f"{chosen.id}: second {'agrees' if agree else 'disagrees'}")
        decision = c.DecideSecond(id=chosen.id, agree=agree, field=None if agree else field, occurred_on=self.today)
        self.story.do(decision, COLLEAGUE)

    def time(self) -> None:
        days = self.chance.choice([0, 1, 1, 2, 5, 14, 40, 100])
        self.told.append(f"{days} days")
        self.story.at(self.today + dt.timedelta(days=days))

    def date(self) -> None:
        anchor = self.chance.choice([key for key in self.protocol.anchors if key != self.protocol.opens_with])
        on = self._date(anchor, self.today) if self.chance.random() < 0.75 else None
        self.told.append(f"{anchor} {on}")
        self.story.do(c.RecordAnchor(anchor=anchor, on=on))

    def wrong(self) -> None:
        if self.story.case.ended is not None:
            return
        anchor = self.chance.choice([key for key in self.protocol.anchors if key != self.protocol.opens_with])
        on = self._date(anchor, self.today) if self.chance.random() < 0.3 else None
        self.told.append(f"{anchor} corrected: {on}")
        self.story.do(c.CorrectAnchor(anchor=anchor, on=on))

    def event(self) -> None:
        events = [key for key, event in self.protocol.events.items() if tuple(event.by) != ("system",)]
        event = self.chance.choice(events)
        if self.chance.random() < 0.9 and any(action.closing for action in self.protocol.events[event].does):
            return  # a life that ends at once shows little
        given = (
            {"release_type": self.chance.choice(list(self.protocol.release_types))} if event == "type_changed" else {}
        )
        self.told.append(f"event {event} {given or ''}")
        self.story.happens(event, **given)

    def waive(self) -> None:
        found = [o.id for o in self.story.case.steps.values() if o.status == "open"]
        if found:
            chosen = self.chance.choice(found)
            self.told.append(f"{chosen} waived")
            self.story.do(c.WaiveStep(id=chosen, reason="other", occurred_on=self.today))


def without_days(moves: Moves, story: Story) -> State:
    """The state of a real case in the words of the soundness check."""
    untimed, words, case = moves.untimed, moves.words, story.case
    run = Run(story.protocol, case, story.calendar, story.now, c.SYSTEM)
    variant = untimed.variant(case.release_type, case.notice, _conditions(moves, case))
    bits = sum(bit for key, bit in moves.steps.known.items() if key in case.anchors)
    used = {bit for bit, _, _ in untimed.milestones}
    bits |= sum(bit for key in case.milestones if (bit := words.bit("milestone", key)) in used)
    bits |= moves.steps.timer if case.phase_until is not None else 0
    for occurrence in case.steps.values():
        if occurrence.open and occurrence.step in untimed.relevant:
            bits |= words.token(occurrence.step, _token(moves, occurrence))
    for key in untimed.relevant:
        bits |= sum(bit for wanted, bit in words.wanted[key].items() if _holds(run, key, wanted))
    if case.ended is not None:
        bits |= moves.steps.ended | (moves.steps.erased if case.erased else 0)
        bits &= untimed.after_the_end
    else:
        bits &= ~untimed.idle[variant]
    return variant, untimed.phase_of[case.phase], bits


def _token(moves: Moves, occurrence: Occurrence) -> Token:
    return moves.untimed.token(occurrence.step, occurrence.form, occurrence.trigger, occurrence.own_rule)


def _conditions(moves: Moves, case: CaseState) -> str:
    known = {conditions for _, conditions in moves.untimed._family_of}
    return case.conditions if case.conditions in known else "unknown"


def _holds(run: Run, key: str, wanted: Wanted) -> bool:
    there = run.current(key)
    if wanted == STOPPED:
        over = [occurrence for occurrence in there if not occurrence.open]
        return bool(over) and over[-1].status == "cancelled" and over[-1].why != "pause"
    return any(
        occurrence.settled
        and wanted.holds(None if occurrence.status == "cancelled" else occurrence.outcome, occurrence.given)
        and (not wanted.last or run._is_last(occurrence))
        for occurrence in there
    )


def in_words(moves: Moves, state: State) -> str:
    names = moves.words.names
    bits = [" ".join(map(str, name)) for n, name in enumerate(names) if state[2] >> n & 1]
    untimed = moves.untimed
    return f"{untimed.named(state[0])[0]}, phase {untimed.phases[state[1]]}: " + "; ".join(bits)
