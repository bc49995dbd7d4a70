"""The page of a case: its way from notification to closure, people, dates, history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework.automatic.facts import step_named
from casework.deviations import deviations_of
from casework.errors import NotFound
from casework.reading import CaseView, HistoryLine, case_for, history
from protocol.errors import Refused
from protocol.explain import Planned, forecast
from protocol.state import Occurrence
from protocol.visibility import may
from web import errors, way, why
from web.contacts import sees_contacts
from web.corrections import may_correct_dates
from web.dates import language_name, long_day, moment_words, short_day
from web.reasons import Reasons
from web.told import Teller
from web.view_case import is_own, names_for, sees_own_part_only
from web.view_task import person_name
from web.view_tasks import Liner, task_path, title
from web.visitor import Link, Visitor, member

router = APIRouter()
COMING = 30
"""forecasts shown"""


class Tag(NamedTuple):
    words: str
    tone: str


class StepRow(NamedTuple):
    name: str
    href: str
    because: str
    due: str
    happened: str
    who: str
    state: str
    tone: str
    late: bool
    over: bool
    """it is behind us: done, waived or fallen away"""


class Coming(NamedTuple):
    due: str
    name: str


class Event(NamedTuple):
    href: str
    name: str


class Entry(NamedTuple):
    at: str
    who: str
    main: list[str]
    more: list[str]


@dataclass(frozen=True)
class CasePage:
    ref: str
    href: str
    tags: list[Tag]
    way: list[way.Stop]
    steps: list[StepRow]
    coming: list[Coming]
    dates: list[tuple[str, str]]
    people: list[tuple[str, str]]
    events: list[Event]
    may_date: bool
    may_correct: bool
    narrow: bool
    """only one's own part is shown"""
    emergency: str
    """until when this is read by emergency access, in words; empty: it is not"""
    contacts: bool
    """what was noted between the steps has a page"""
    paper: bool
    """there is something to print for the person concerned"""


class Builder:
    """Makes the page of one case for one person."""

    def __init__(self, v: Visitor, case: CaseView) -> None:
        self.v, self.t, self.case = v, v.t, case
        self.names = names_for(v, case)
        self.narrow = sees_own_part_only(v, case)
        self.reasons = Reasons(case.protocol, case.state, case.calendar, v.now, v.t.language)

    def page(self) -> CasePage:
        case = self.case
        planned = [] if self.narrow else forecast(case.protocol, case.state, case.calendar, self.v.now)
        upcoming = [(each.step, each.n, each.due) for each in planned]
        legs = way.legs(case.protocol, case.state, upcoming, case.calendar, self.v.now)
        return CasePage(
            ref=case.ref,
            href=f"/cases/{case.ref}",
            tags=self._tags(),
            way=way.line([] if self.narrow else legs, case.protocol, self.t, self.v.today),
            steps=self._steps(),
            coming=self._coming(planned),
            dates=self._dates(),
            people=self._people() if not self.narrow or case.emergency_until else [],
            emergency=self._emergency(),
            narrow=self.narrow,
            events=self._events(),
            may_date=self._may("record_date") and case.state.ended is None,
            may_correct=may_correct_dates(self.v, case),
            contacts=not self.narrow and sees_contacts(self.v, case),
            paper=case.person is not None and case.state.ended is None,
        )

    def _emergency(self) -> str:
        end = self.case.emergency_until
        return self.t("emergency.until", at=moment_words(end, self.t.language, self.v.zone)) if end else ""

    def _may(self, action: str, event: str = "") -> bool:
        return may(self.case.protocol, self.v.actor, action, event, self.case.relation).allowed

    def _tags(self) -> list[Tag]:
        case, t = self.case, self.t
        found = [Tag(t.text(case.protocol.release_types[case.state.release_type].name), "")]
        phase = t.text(case.protocol.phases[case.state.phase].name)
        found.append(Tag(phase, "plain" if case.state.ended else "done"))
        notice = case.protocol.notice
        name = next((n.name for n in (notice.classes if notice else ()) if n.key == case.state.notice), None)
        if name:
            found.append(Tag(t.text(name), "plain"))
        late = sum(self._tone(each) == "late" for each in case.state.steps.values())
        if late:
            found.append(Tag(t("cases.late_steps", n=late), "late"))
        return found

    def _tone(self, each: Occurrence) -> str:
        paused = way.is_paused(self.case.protocol, self.case.state, each)
        return way.tone_of(each, self.case.calendar, self.v.now, paused=paused)

    def _title(self, key: str, n: int) -> str:
        step = step_named(self.case.protocol, key)
        return title(self.t, self.case.protocol, key, n, self.t.text(step.name) if step else key)

    # steps

    def _steps(self) -> list[StepRow]:
        """Late first, then open by due day, then what was done, the latest first."""
        steps = [each for each in self.case.state.steps.values() if not self.narrow or is_own(self.v, self.case, each)]
        still = sorted((each for each in steps if each.open), key=lambda each: (each.due or dt.date.max, each.id))
        over = sorted((each for each in steps if not each.open), key=self._settled_on, reverse=True)
        return [self._step(each) for each in (*still, *over)]

    @staticmethod
    def _settled_on(each: Occurrence) -> dt.date:
        return each.settled_on or each.due or dt.date.min

    def _step(self, each: Occurrence) -> StepRow:
        t, today = self.t, self.v.today
        tone = self._tone(each)
        status = "late" if tone == "late" else each.status
        words = t.of("status", status)
        if each.status == "done" and each.settled_on and each.due and each.settled_on > each.due:
            days = self.case.calendar.between(each.due, each.settled_on)
            words = t("case.late_done", n=t.count("case.working_days", days))
        happened = each.settled_on if each.status in ("done", "waived", "proposed") else None
        return StepRow(
            name=self._title(each.step, each.n),
            href=task_path(self.case.ref, each.id),
            because=self.reasons.first(each) if each.open else "",
            due=short_day(each.due, t.language, today) if each.due else "",
            happened=short_day(happened, t.language, today) if happened else "",
            who=self._who(each),
            state=words,
            tone={"done": "done", "late": "late"}.get(tone, "plain" if tone == "dropped" else ""),
            late=tone == "late",
            over=not each.open,
        )

    def _who(self, each: Occurrence) -> str:
        step = step_named(self.case.protocol, each.step)
        owner = each.taken_by or (step.owner if step else "")
        held = {"lead_worker": self.case.lead, "deputy_worker": self.case.deputy}.get(owner)
        known = self.names.get(each.assignee or held or "")
        return known or (self.v.role_names([owner]) if owner else "")

    def _coming(self, planned: list[Planned]) -> list[Coming]:
        found = sorted(planned, key=lambda each: (each.due or dt.date.max, each.step))[:COMING]
        language, today = self.t.language, self.v.today
        days = (short_day(each.due, language, today) if each.due else self.t("case.no_date") for each in found)
        return [Coming(day, self._title(each.step, each.n)) for day, each in zip(days, found, strict=True)]

    # the side

    def _dates(self) -> list[tuple[str, str]]:
        t, found = self.t, []
        for key, anchor in self.case.protocol.anchors.items():
            value = self.case.state.anchors.get(key)
            if value is None:
                if anchor.certainty:
                    found.append((t.text(anchor.name), t("case.not_known")))
                continue
            words = long_day(value.on, t.language, year=True)
            if anchor.certainty:
                words += f" ({t.of('certainty', value.certainty)})"
            found.append((t.text(anchor.name), words))
        if self.case.state.phase_until is not None:
            phase = t.text(self.case.protocol.phases[self.case.state.phase].name)
            found.append((phase, short_day(self.case.state.phase_until, t.language, self.v.today)))
        return found

    def _people(self) -> list[tuple[str, str]]:
        roles = self.case.protocol.roles
        pairs = (("lead_worker", self.case.lead), ("deputy_worker", self.case.deputy))
        return [
            (self.t.text(roles[role].name), self.names.get(who, self.t.of("who", "unknown")))
            for role, who in pairs
            if who and role in roles
        ]

    def _events(self) -> list[Event]:
        """What this person may report now."""
        state = self.case.state
        found = []
        for key, event in self.case.protocol.events.items():
            fits = event.in_phase is None or state.phase in event.in_phase
            open_still = state.ended is None or (event.in_phase is not None and state.phase in event.in_phase)
            if fits and open_still and event.access_hours is None and not event.log and self._may("report", key):
                found.append(Event(f"/cases/{self.case.ref}/report/{key}", self.t.text(event.name)))
        return found

    def person(self) -> list[tuple[str, str]]:
        details, t = self.case.person, self.t
        if details is None:
            return []
        return [
            (t("case.name"), person_name(self.case)),
            (t("case.birth_date"), short_day(details.birth_date, t.language)),
            (t("case.language"), language_name(details.language, t.language)),
            (t("case.prison"), details.prison),
            (t("case.reference"), details.reference),
        ]


def told(v: Visitor, case: CaseView, lines: Iterable[HistoryLine]) -> list[Entry]:
    """The history in words, the latest first; transitions that tell nothing are left out."""
    teller = Teller(v.t, case.protocol, case.state, names_for(v, case))
    found = []
    for each in lines:
        sentences = [said for event in each.events if (said := teller.sentence(event)) is not None]
        main = [said.words for said in sentences if not said.consequence]
        more = [said.words for said in sentences if said.consequence]
        if main or more:
            at = moment_words(each.recorded_at, v.t.language, v.zone)
            found.append(Entry(at, teller.person(each.by), main or more[:1], more if main else more[1:]))
    return found[::-1]


@router.get("/cases/{ref}")
def show(ref: str, v: Visitor = Depends(member)) -> Response:
    try:
        case = case_for(v.db, v.actor, ref, v.now)
    except NotFound:
        raise
    except Refused as refusal:
        if refusal.rule != "case.erased":
            raise
        link = Link("/", v.t("error.to_start"))
        return errors.error_page(v, 410, v.t("case.number_title", ref=ref), [v.t("case.erased")], link)
    builder = Builder(v, case)
    mine = [task for task in case.tasks if _is_mine(v, case, task.id)]
    lines = [] if builder.narrow else told(v, case, history(v.db, v.actor, ref, v.now))
    strayed = [] if builder.narrow else deviations_of(v.db, v.actor, ref, v.now)
    return v.page(
        "case.html",
        case=builder.page(),
        person=builder.person(),
        history=lines,
        deviations=[each.said(v.t.language) for each in strayed],
        mine=Liner(v, mine, with_case=False).lines(),
        because=why.of_parts(v, case),
        not_seen=why.not_seen(v, case),
    )


def _is_mine(v: Visitor, case: CaseView, id: str) -> bool:
    """Whether this person can do something with an open step now."""
    occurrence = case.state.steps.get(id)
    if occurrence is None or not occurrence.open:
        return False
    step = step_named(case.protocol, occurrence.step)
    relation = set(case.relation) - {"own_task"} | (
        {"own_task"} if v.actor.does_work_of(occurrence.assignee, case.relation) else set()
    )
    action = "second" if occurrence.status == "proposed" else "complete"
    if action == "second" and occurrence.proposed_service == v.actor.service:
        return False
    return (
        step is not None
        and may(case.protocol, v.actor, action, occurrence.step, frozenset(relation), step=step).allowed
    )
