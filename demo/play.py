"""The partnership's years on a virtual clock: jump to the next timer, deed or piece of work, and let people do it.

Everything goes through the real casework (one transaction per deed) and the real bodies of the flows. Seeded: the
same seed gives the same years.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from casework import cases, clock, protocols, rights
from casework.automatic import deadlines
from casework.automatic.facts import Facts, facts_of
from casework.db import Database
from casework.errors import NotFound
from casework.notifications import read_notification
from casework.staff import actor_for, everybody
from demo.lives import LIVES, Deed, Life, Way, when
from demo.outside import Outside
from demo.partnership import PRISONS, found
from protocol import commands as c
from protocol.advance import form_of
from protocol.commands import SYSTEM, Actor
from protocol.errors import Refused
from protocol.language import Protocol
from protocol.rehearsal import answers
from protocol.state import CaseState, Occurrence
from protocol.workdays import WorkCalendar

FAMILY = ("Verzonnen", "Fictief", "Inventé", "Bedacht", "Imaginaire")
GIVEN = ("Voorbeeld", "Exemple", "Proef", "Essai", "Model", "Sjabloon", "Schets", "Figurant")
WORDS = "As agreed in the demo; everything here is invented."
MOST_REFUSALS = 10
GOES = ("missing", "under_way", "in_order")
"""how a basic condition gets on"""
Tell = Callable[[dt.datetime, str, str], None]


def as_it_goes(protocol: Protocol, number: int, occurrence: Occurrence, fields: dict[str, Any]) -> dict[str, Any]:
    """The basic conditions of this case, better from one counting to the next: not everything is in order at once."""
    stages = [each.step for each in protocol.monitor]
    for counted in protocol.monitor:
        rows = fields.get(counted.field) if counted.step == occurrence.step else None
        for place, row in enumerate((rows or {}).values()):
            if counted.column in row:
                begun = (number * 7 + place * 5) % len(GOES)
                row[counted.column] = GOES[min(begun + stages.index(counted.step), len(GOES) - 1)]
    return fields


class Case:
    """What the demo knows of one running life."""

    def __init__(self, life: Life, ref: str, notified: dt.date, number: int):
        self.life, self.ref, self.notified, self.number = life, ref, notified, number
        self.deeds = list(life.deeds)
        self.planned: dict[str, tuple[dt.date | None, str]] = {}
        """occurrence → (due, status) for which somebody's work is planned already"""
        self.undone: set[str] = set()
        self.refused = 0


class Years:
    """Plays every life from notification to erasure, or until `until`."""

    def __init__(
        self, db: Database, seed: int = 1, first_day: dt.date = dt.date(2026, 1, 5), until: dt.datetime | None = None,
        tell: Tell | None = None, lives: tuple[Life, ...] = LIVES,
    ):  # fmt: skip
        self.db, self.random, self.first, self.until = db, random.Random(seed), first_day, until
        self.tell = tell or (lambda at, ref, words: None)
        self.lives = lives
        self.queue: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.running: dict[str, Case] = {}
        self.counts: Counter[str] = Counter()
        self.now = dt.datetime.combine(first_day, dt.time(7), dt.UTC)
        self.outside = Outside(db)
        with db.read() as tx:
            self.protocol = protocols.newest(tx, db)
            self.calendar: WorkCalendar = protocols.calendar(tx, db, self.protocol)

    # the clock

    def at(self, moment: dt.datetime, deed: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (max(moment, self.now), next(self.order), deed))

    def play(self, progress: Callable[[int, int], None] | None = None) -> Counter[str]:
        for number, life in enumerate(self.lives):
            day = self.calendar.next_working(self.first + dt.timedelta(days=life.start))
            self.at(self.calendar.moment(day, "09:30"), partial(self.announce, number, life, day))
        while self._jump():
            self.counts["jumps"] += 1
            if progress is not None and self.counts["jumps"] % 25 == 0:
                progress(self.counts["ended"], len(self.lives))
        self.outside.day = None
        self.outside.run(self.now)
        clock.set_to(None)
        return self.counts

    def _jump(self) -> bool:
        """To the next moment at which anything happens; False when nothing more does."""
        timer = self.outside.next_timer()
        queued = self.queue[0][0] if self.queue else None
        moment = min((m for m in (timer, queued) if m is not None), default=None)
        if moment is None or (self.until is not None and moment > self.until):
            return False
        self.now = max(self.now, moment)
        clock.set_to(self.now)
        if timer is not None and timer <= self.now:
            # people are told and timers ring before work of the same moment is done
            self.counts["timers"] += sum(deadlines.sweep(self.db, self.now).values())
            self._look_again()
        elif queued is not None:
            heapq.heappop(self.queue)[2]()
        self.outside.run(self.now)
        return True

    def _look_again(self) -> None:
        for ref in self.outside.touched():
            if ref in self.running:
                self.plan(self.running[ref])

    # announcing

    def announce(self, number: int, life: Life, day: dt.date) -> None:
        release = day + dt.timedelta(days=life.notice) if life.notice is not None else None
        ref = self.send(number, life, release, "accepted")
        case = self.running[ref] = Case(life, ref, day, number)
        self.counts["cases"] += 1
        self.tell(self.now, ref, f"{life.title}. The prison liaison announces it.")
        self.plan(case)

    def send(self, number: int, life: Life, release: dt.date | None, expected: str) -> str:
        """The prison's notification arrives; returns the case's number."""
        raw: dict[str, Any] = {
            "reference": f"DEMO-{number + 1:03}", "prison": PRISONS[life.prison], "language": life.language,
            "family_name": FAMILY[number % len(FAMILY)], "given_names": f"{GIVEN[number % len(GIVEN)]} {number + 1}",
            "birth_date": (dt.date(1980, 1, 1) + dt.timedelta(days=97 * number)).isoformat(),
            "release_type": life.release_type, "conditions": life.conditions, "certainty": life.certainty,
            "planned_release": release.isoformat() if release else "", "source": "prison",
            "notified_at": self.now.isoformat(),
        }  # fmt: skip
        if life.already_out and release:
            raw["actual_release"] = release.isoformat()
        if life.release_type == "leave" and release:
            raw["planned_return"] = (release + dt.timedelta(days=life.stay)).isoformat()
        notification, problems = read_notification(raw, self.now)
        assert notification is not None, problems
        liaison = actor_for(self.db, ("liaison-noord", "liaison-zuid")[life.prison])
        row = _Row(1, notification)
        report = cases.receive(self.db, [row], "demo", liaison, at=self.now)[0]
        assert report["outcome"] == expected and report["case"] is not None, report
        return report["case"]

    # work

    def facts(self, case: Case) -> Facts | None:
        try:
            return facts_of(self.db, case.ref)
        except (NotFound, Refused):
            return None

    def plan(self, case: Case) -> None:
        """Plan what people will do next in this case: its open steps, its deeds."""
        facts = self.facts(case)
        if facts is None or facts.state.erased:
            if case.ref in self.running:
                self.counts["ended"] += 1
                del self.running[case.ref]
                self.tell(self.now, case.ref, "erased: the key is destroyed, the ledger still verifies.")
            return
        state = facts.state
        for occurrence in state.steps.values():
            if occurrence.open and case.planned.get(occurrence.id) != (occurrence.due, occurrence.status):
                case.planned[occurrence.id] = (occurrence.due, occurrence.status)
                self._plan_step(case, state, occurrence)
        planned, actual = (state.anchors.get(a) for a in ("planned_release", "actual_release"))
        for deed in list(case.deeds):
            day = when(deed.on, case.notified, planned.on if planned else None, actual.on if actual else None)
            if day is not None:
                case.deeds.remove(deed)
                moment = self.calendar.moment(self.calendar.next_working(day, True), "10:30")
                self.at(moment, partial(self.deed, case, deed))

    def way(self, case: Case, occurrence: Occurrence) -> Way:
        ways = case.life.ways
        plain = occurrence.id.split("~")[0]
        return (
            ways.get(plain) or (ways.get(occurrence.step) if occurrence.n == 1 or "#" not in plain else None) or Way()
        )

    def _plan_step(self, case: Case, state: CaseState, occurrence: Occurrence) -> None:
        way = self.way(case, occurrence)
        if way.never:
            return
        today = self.calendar.local_day(self.now)
        if occurrence.status == "proposed":
            moment = self.now + dt.timedelta(hours=self.random.randint(1, 3))
        else:
            due = occurrence.due or self.calendar.add(today, 2)
            day = due if occurrence.at else max(today, self.calendar.back(due, self.random.choice((0, 0, 1, 2))))
            if way.late:
                day = self.calendar.add(due, way.late)
            if way.moved and not occurrence.moved:
                day = today
            day = max(day, today)
            hour = (
                "11:30"
                if occurrence.at
                else f"{self.random.randint(9, 16):02}:{self.random.choice(('05', '20', '45'))}"
            )
            moment = self.calendar.moment(day + dt.timedelta(days=way.recorded_after), hour)
        key = (occurrence.due, occurrence.status)
        self.at(max(moment, self.now + dt.timedelta(minutes=20)), lambda: self.work(case, occurrence.id, key))

    def work(self, case: Case, id: str, planned: tuple[dt.date | None, str]) -> None:
        """Somebody does a step, unless its plan changed meanwhile."""
        facts = self.facts(case)
        occurrence = facts.state.steps.get(id) if facts else None
        if facts is None or occurrence is None or not occurrence.open or (occurrence.due, occurrence.status) != planned:
            return
        if facts.protocol.phases[facts.state.phase].paused:
            del case.planned[id]  # looked at again when the case goes on
            self.at(self.now + dt.timedelta(days=3), lambda: self.plan(case))
            return
        way = self.way(case, occurrence)
        if occurrence.status == "proposed":
            self._second(case, facts, occurrence, way)
        elif way.waived_by:
            self.perform(
                case,
                self.person(facts, way.waived_by),
                c.WaiveStep(id=id, reason="agreed", occurred_on=self.today()),
                f"{id} is waived",
            )
        elif way.moved and not occurrence.moved and occurrence.due:
            to = self.calendar.next_working(occurrence.due + dt.timedelta(days=way.moved))
            self.perform(case, self.owner(facts, occurrence), c.MoveOccurrence(id=id, to=to), f"{id} is moved to {to}")
        else:
            self._complete(case, facts, occurrence, way)

    def today(self) -> dt.date:
        return self.calendar.local_day(self.now)

    def _complete(self, case: Case, facts: Facts, occurrence: Occurrence, way: Way) -> None:
        step = facts.step_of(occurrence)
        form = form_of(step, occurrence)
        day = max(self.today() - dt.timedelta(days=way.recorded_after), facts.state.notified_on)
        expected = form.expected or tuple(one.key for one in form.outcomes[:1])
        outcome = way.outcome or (expected[min(occurrence.n, len(expected)) - 1] if expected else None)
        if outcome not in {one.key for one in form.outcomes}:
            outcome = expected[-1] if expected else None
        actor = self.owner(facts, occurrence)
        given = self._given(facts, case, occurrence, actor) | dict(way.given)
        about = {"trigger": occurrence.trigger, "form": occurrence.form, "release_type": facts.state.release_type}
        fields = as_it_goes(
            facts.protocol, case.number, occurrence, answers(facts.protocol, form, outcome, day, given, about, WORDS)
        )
        for restriction in rights.undecided(self.db, case.ref, occurrence.id):  # decided before the request is answered
            rights.decide(self.db, actor, restriction, "lifted", "", f"demo-{next(self.order)}-{case.ref}", self.now)
        said = f"{step.name['en']} ({occurrence.id})" + (f": {outcome}" if outcome else "")
        done = self.perform(case, actor, c.CompleteStep(id=occurrence.id, occurred_on=day, fields=fields), said)
        case.refused = 0 if done else case.refused + 1
        if not done and case.refused < MOST_REFUSALS:  # somebody else must do something first: tried again tomorrow
            case.planned.pop(occurrence.id, None)
            self.at(self.now + dt.timedelta(days=1), partial(self.plan, case))
        if done and way.undone and occurrence.id not in case.undone:
            case.undone.add(occurrence.id)
            self.perform(
                case,
                self.person(facts, "coordinator"),
                c.UndoStep(id=occurrence.id),
                f"{occurrence.id} was recorded by accident",
            )

    def _given(self, facts: Facts, case: Case, occurrence: Occurrence, actor: Actor) -> dict[str, Any]:
        """Field values that must be real: people who work here, dates of this case."""
        leads = ("lead-1", "lead-3") if case.life.language == "fr" else ("lead-1", "lead-2", "lead-3")
        lead = facts.lead or leads[int(case.ref[-3:]) % len(leads)]
        deputy = facts.deputy or next(m for m in ("lead-3", "lead-1") if m != lead)
        liaison = ("liaison-noord", "liaison-zuid")[
            1 - case.life.prison if occurrence.step == "new_liaison" else case.life.prison
        ]
        values: dict[str, Any] = {
            "lead": lead, "deputy": deputy, "liaison": liaison, "decider": "mayor", "recipients": [lead],
            "attendance": ["coordinator", lead, "info-officer"], "spoken_with": ["mayor"], "no_conflict": "yes",
        }  # fmt: skip
        planned = facts.anchor("planned_release")
        if planned is not None:
            values["released_on"] = min(planned, self.today()).isoformat()
        values["wait_until"] = (self.today() + dt.timedelta(days=80)).isoformat()
        values["later_on"] = (self.today() + dt.timedelta(days=6)).isoformat()
        return values

    def _second(self, case: Case, facts: Facts, occurrence: Occurrence, way: Way) -> None:
        step = facts.step_of(occurrence)
        assert step.four_eyes is not None
        people = [m for role in step.four_eyes.role for m in everybody(self.db, role)]
        second = next(m for m in people if m.id != occurrence.proposed_by and m.service != occurrence.proposed_service)
        disagrees = way.disagree is not None and not occurrence.disagreements
        field = way.disagree if way.disagree not in (None, "*") else None
        command = c.DecideSecond(id=occurrence.id, agree=not disagrees, field=field, occurred_on=self.today())
        words = "disagrees with" if disagrees else "agrees with"
        self.perform(case, actor_for(self.db, second.id), command, f"{second.name} {words} {occurrence.id}")

    # deeds

    def deed(self, case: Case, deed: Deed) -> None:
        facts = self.facts(case)
        if facts is None:
            return
        kind, _, key = deed.what.partition(":")
        actor = self.person(facts, deed.by or ("liaison" if kind in ("date", "wrong") else "coordinator"))
        planned, actual = facts.anchor("planned_release"), facts.anchor("actual_release")
        if kind == "date":
            to = when(deed.to, case.notified, planned, actual) if deed.to else None
            self.perform(case, actor, c.RecordAnchor(anchor=key, on=to), f"{key.replace('_', ' ')} is now {to}")
        elif kind == "notify":
            self.send(case.number, case.life, when(deed.to or "0", case.notified, planned, actual), "moved")
            self.tell(self.now, case.ref, "announced again, with another date: recognised as the same")
            self.plan(case)
        elif kind == "wrong":
            self.perform(
                case, actor, c.CorrectAnchor(anchor=key, on=None), f"{key.replace('_', ' ')} was recorded wrongly"
            )
        else:
            event = facts.protocol.events[key]
            given = self._given(
                facts, case, Occurrence(id="", step="", ready_on=self.today(), opened_on=self.today()), actor
            )
            for name, value in deed.given.items():
                given[name] = str(when(value, case.notified, planned, actual)) if value[0].isdigit() else value
            fields = answers(facts.protocol, event.form, None, self.today(), given, {}, WORDS)
            command = c.ReportEvent(event=key, occurred_on=self.today(), fields=fields)
            self.perform(case, actor, command, event.name["en"].lower())
            self.counts[f"event:{key}"] += 1

    # people

    def person(self, facts: Facts, role: str) -> Actor:
        """Somebody of this role for this case."""
        if role in ("lead", "lead_worker", "deputy_worker"):
            return actor_for(self.db, facts.lead or "lead-1")
        if role == "liaison":
            tied = [member for member in facts.related("announcer") if member.startswith("liaison")]
            return actor_for(self.db, tied[0] if tied else "coordinator")
        if role == "system":
            return SYSTEM
        return actor_for(self.db, everybody(self.db, role)[0].id)

    def owner(self, facts: Facts, occurrence: Occurrence) -> Actor:
        if occurrence.assignee:
            return actor_for(self.db, occurrence.assignee)
        return self.person(facts, facts.step_of(occurrence).owner)

    def perform(self, case: Case, actor: Actor, command: Any, words: str) -> bool:
        id = f"demo-{next(self.order)}-{case.ref}"
        try:
            cases.perform(self.db, actor, case.ref, command, id, self.now)
        except Refused as refused:
            self.counts["refused"] += 1
            self.tell(self.now, case.ref, f"{words}: refused. {refused.reason}. {refused.remedy}")
            return False
        self.counts["transitions"] += 1
        self.tell(self.now, case.ref, words)
        self.plan(case)
        return True


class _Row:
    """One notification, as an incoming row."""

    problems: tuple[Any, ...] = ()

    def __init__(self, row: int, notification: Any):
        self.row, self.notification = row, notification


def establish(db: Database, at: dt.datetime) -> None:
    """The partnership and its protocols, in an empty database."""
    protocols.install_shipped(db, at)
    found(db, at)
