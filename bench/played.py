"""A case of the real protocol, played through the engine in memory: what is due is done once a day."""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import protocol.definitions
from protocol.advance import advance, form_of
from protocol.commands import Actor, CompleteStep, DecideSecond, OpenCase, Wake
from protocol.events import Entry
from protocol.language import Protocol
from protocol.parse import load
from protocol.rehearsal import answers
from protocol.state import CaseState, Occurrence
from protocol.variants import steps_for
from protocol.workdays import WorkCalendar

FILE = Path(protocol.definitions.__file__).parent / "mechelen.yaml"
NOTIFIED = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
RELEASE = dt.date(2026, 6, 30)


class Played(NamedTuple):
    """A case to judge: its log, and the day up to which it is judged."""

    protocol: Protocol
    calendar: WorkCalendar
    entries: list[Entry]
    until: dt.date


class _Player:
    def __init__(self) -> None:
        self.protocol = load(FILE)
        self.calendar = WorkCalendar(self.protocol.calendar, ())
        self.entries: list[Entry] = []
        self.state: CaseState | None = None
        self.now = NOTIFIED
        roles = tuple(self.protocol.roles)
        self.first = Actor(id="first", roles=roles, service="first-service")
        self.second = Actor(id="second", roles=roles, service="second-service")

    def do(self, command: OpenCase | CompleteStep | DecideSecond | Wake, actor: Actor) -> CaseState:
        outcome = advance(self.protocol, self.state, command, self.now, actor, self.calendar)
        seq = len(self.entries) + 1
        if outcome.events:
            entry = Entry(
                seq=seq, recorded_at=self.now, by=actor.id, command=command.kind, events=tuple(outcome.events)
            )
            self.entries.append(entry)
        self.state = outcome.state
        return outcome.state

    def complete(self, state: CaseState, occurrence: Occurrence) -> CaseState:
        """As the protocol expects it, with a second pair of eyes where it wants one."""
        steps = steps_for(self.protocol, state.release_type, state.notice, state.conditions)
        step, day = steps[occurrence.step], self.calendar.local_day(self.now)
        form = form_of(step, occurrence)
        expected = form.expected or tuple(one.key for one in form.outcomes[:1])
        wanted = expected[min(occurrence.n, len(expected)) - 1] if expected else None
        facts = {"trigger": occurrence.trigger, "form": occurrence.form, "release_type": state.release_type}
        fields = answers(self.protocol, form, wanted, day, None, facts)
        state = self.do(CompleteStep(id=occurrence.id, occurred_on=day, fields=fields), self.first)
        if step.four_eyes is not None:
            state = self.do(DecideSecond(id=occurrence.id, agree=True, occurred_on=day), self.second)
        return state

    @property
    def events(self) -> int:
        return sum(len(entry.events) for entry in self.entries)


def played_case(events: int) -> Played:
    """A case as far as it takes to have so many events (an entry more or less holds several of them)."""
    player = _Player()
    opening = OpenCase(
        release_type="conditional_release",
        notified_at=NOTIFIED,
        conditions="yes",
        anchors={"planned_release": RELEASE},
    )
    state = player.do(opening, player.first)
    while player.events < events:
        player.now += dt.timedelta(days=1)
        state = player.do(Wake(), player.first)
        today = player.calendar.local_day(player.now)
        for occurrence in [one for one in state.steps.values() if one.open and one.due and one.due <= today]:
            if player.events < events and state.steps[occurrence.id].open:
                state = player.complete(state, occurrence)
    return Played(player.protocol, player.calendar, player.entries, player.calendar.local_day(player.now))
