"""Today, late work, cases: the lists that people start from."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from casework import case_lists
from casework.case_lists import CaseLine
from casework.errors import NotAllowed
from casework.lists import Task, late_work, tasks_for
from protocol.workdays import ONE_DAY
from web.dates import long_day, moment_words, short_day, weekday_and_day
from web.menu import PAGES, UNLISTED
from web.view_tasks import Line, Liner, gathered
from web.visitor import Visitor, member

router = APIRouter()
MOST_PAGES = 400


class Section(NamedTuple):
    key: str
    title: str
    items: list[Line]
    none: str = ""
    counted: str = ""
    more: str = ""


class Row(NamedTuple):
    """A case in a table."""

    href: str
    ref: str
    release: str
    certainty: str
    type: str
    phase: str
    lead: str
    late: str
    next: str


class Announced(NamedTuple):
    href: str
    ref: str
    announced: str
    release: str
    became: str
    tone: str


def must_have(v: Visitor, path: str) -> None:
    """Pages of a role. What stands on them asks visibility once more."""
    roles = {**{page: roles for page, _, roles in PAGES}, **UNLISTED}[path]
    if not v.has(*roles):
        raise NotAllowed("this page is for: " + v.role_names(list(roles)))


def sections(v: Visitor, lines: list[Line]) -> list[Section]:
    """Late, decisions, today, this week, later: in that order."""
    t, today = v.t, v.today
    end_of_week = today + (6 - today.weekday()) * ONE_DAY
    late = [line for line in lines if line.tone == "late"]
    rest = [line for line in lines if line.tone != "late"]
    deciding = [line for line in rest if line.decides]
    own = [line for line in rest if not line.decides]
    now = [line for line in own if line.due_on == today]
    week = [line for line in own if line.due_on is not None and today < line.due_on <= end_of_week]
    later = [line for line in own if line.due_on is None or line.due_on > end_of_week]
    found = [
        Section("late", t("today.late"), late),
        Section("appointments", t("today.appointments"), appointments(v, lines)),
        Section("decide", t("today.decide"), deciding),
        Section("now", t("today.today"), now),
        Section("week", t("today.week"), week),
        Section("later", t("today.later"), later),
    ]
    return [each._replace(counted=str(len(each.items)), items=gathered(t, each.items)) for each in found if each.items]


def appointments(v: Visitor, lines: list[Line]) -> list[Line]:
    """The appointments of the coming seven days, the first hour first: apart from the days on which work is due."""
    until = v.today + 7 * ONE_DAY
    found = []
    for line in lines:
        if line.appointment is not None and v.today <= line.appointment.astimezone(v.zone).date() <= until:
            moment = line.appointment.astimezone(v.zone)
            when = f"{weekday_and_day(moment.date(), v.t.language, v.today)}, {moment:%H:%M}"
            due = v.t("today.due_by", day=line.when.lower()) if line.due_on else ""
            found.append(replace(line, tone="today", when=when, more=(due,) if due else (), button="", step=line.href))
    return sorted(found, key=lambda line: line.appointment or v.now)


def calm(v: Visitor, shown: list[Section]) -> str:
    """What is *not* to be done, in one sentence or two."""
    there = {section.key for section in shown}
    words = [("late", "today.none_late"), ("now", "today.none_today")]
    return " ".join(v.t(word) for key, word in words if key not in there)


@router.get("/tasks")
def today(v: Visitor = Depends(member), page: int = Query(1, alias="from", ge=1, le=MOST_PAGES)) -> Response:
    found = tasks_for(v.db, v.actor, page, v.now)
    shown = sections(v, Liner(v, found.tasks).lines())
    waiting = [task for task in case_lists.waiting_for_second(v.db, v.actor, v.now).tasks if page == 1]
    mine = {(task.ref, task.id) for task in found.tasks}
    waiting = [task for task in waiting if (task.ref, task.id) not in mine]
    if waiting:
        shown.append(_waiting(v, waiting))
    heading = v.t("today.title", day=long_day(v.today, v.t.language))
    return v.page(
        "today.html",
        heading=heading,
        calm=calm(v, shown) if page == 1 else "",
        sections=shown,
        more=page + 1 if found.more else None,
        stands_in=stand_ins(v),
    )


def stand_ins(v: Visitor) -> list[str]:
    """For whom this person stands in, in words; the deputy of a case is told at each task."""
    found = {one.staff: one.until for one in v.stands_in if one.role in v.actor.roles}
    words = ((v.names.get(who, v.t.of("who", "unknown")), until) for who, until in found.items())
    return [v.t("today.standing_in", who=who, until=short_day(until, v.t.language, v.today)) for who, until in words]


def _waiting(v: Visitor, tasks: list[Task]) -> Section:
    lines = Liner(v, tasks, buttons=False).lines()
    return Section("waiting", v.t("today.waiting"), lines, counted=str(len(lines)))


@router.get("/late")
def late(v: Visitor = Depends(member), page: int = Query(1, alias="from", ge=1, le=MOST_PAGES)) -> Response:
    must_have(v, "/late")
    found = late_work(v.db, v.actor, page, v.now)
    lines = Liner(v, found.tasks, buttons=False).lines(names=True)
    section = Section("late", v.t("overview.late"), lines, v.t("today.none_late"), found.count)
    more = page + 1 if found.more else None
    return v.page("today.html", heading=v.t("overview.late"), calm="", sections=[section], more=more, stands_in=[])


def case_row(v: Visitor, line: CaseLine) -> Row:
    t, language = v.t, v.t.language
    if line.actual_release is not None:
        release, certainty = t("cases.released", day=short_day(line.actual_release, language, v.today)), ""
    elif line.planned_release is not None:
        release = short_day(line.planned_release, language, v.today)
        certainty = t.of("certainty", line.certainty) if line.certainty else ""
    else:
        release, certainty = t("cases.date_unknown"), ""
    following = ""
    if line.next is not None:
        day = f" · {short_day(line.next.due_on, language, v.today)}" if line.next.due_on else ""
        following = t.text(line.next.name) + day
    return Row(
        href=f"/cases/{line.ref}",
        ref=line.ref,
        release=release,
        certainty=certainty,
        type=t.text(line.release_type),
        phase=t.text(line.phase),
        lead=v.names.get(line.lead or "", ""),
        late=t("cases.late_steps", n=line.late) if line.late else "",
        next=following,
    )


@router.get("/cases")
def cases(v: Visitor = Depends(member), page: int = Query(1, alias="from", ge=1, le=MOST_PAGES)) -> Response:
    must_have(v, "/cases")
    found = case_lists.by_release(v.db, v.actor, page, v.now)
    rows = [case_row(v, line) for line in found.cases]
    more = page + 1 if found.more else None
    return v.page(
        "cases.html", heading=v.t("cases.by_release"), lead="", cases=rows, more=more, takes_over=v.has("coordinator")
    )


@router.get("/my-cases")
def my_cases(v: Visitor = Depends(member), page: int = Query(1, alias="from", ge=1, le=MOST_PAGES)) -> Response:
    found = case_lists.own(v.db, v.actor, page, v.now)
    rows = [case_row(v, line) for line in found.cases]
    more = page + 1 if found.more else None
    return v.page("cases.html", heading=v.t("cases.mine"), lead="", cases=rows, more=more, takes_over=False)


@router.get("/announced")
def announced(v: Visitor = Depends(member), page: int = Query(1, alias="from", ge=1, le=MOST_PAGES)) -> Response:
    must_have(v, "/announced")
    found = case_lists.announced(v.db, v.actor, page, v.now)
    tasks = Liner(v, tasks_for(v.db, v.actor, 1, v.now).tasks).lines() if page == 1 else []
    more = page + 1 if found.more else None
    return v.page("announced.html", rows=[_announced(v, line) for line in found.cases], tasks=tasks, more=more)


def _announced(v: Visitor, line: CaseLine) -> Announced:
    """Dates, and *handled*: nothing of what was decided."""
    t = v.t
    release: dt.date | None = line.actual_release or line.planned_release
    return Announced(
        href=f"/cases/{line.ref}",
        ref=line.ref,
        announced=moment_words(line.opened_at, t.language, v.zone),
        release=short_day(release, t.language, v.today) if release else t("cases.date_unknown"),
        became=t("announced.handled") if line.handled else t("announced.in_hand"),
        tone="done" if line.handled else "plain",
    )
