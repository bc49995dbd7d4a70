"""The coordinator's calendar: the releases planned in the coming twelve weeks, week by week, and as a list."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework import case_lists
from casework.case_lists import CaseLine
from protocol.workdays import ONE_DAY
from web.dates import MONTHS, WEEKDAYS, short_day
from web.lists import case_row, must_have
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/releases"
WEEKS = 12
"""the pre-release window. Source: domain, section 5"""
WEEK = dt.timedelta(days=7)


class Release(NamedTuple):
    href: str
    ref: str
    sure: bool
    """the date is confirmed"""
    late: bool
    words: str
    """for who does not see the mark: certainty, and whether work is late"""


class Day(NamedTuple):
    name: str
    number: str
    closed: str
    """why nobody works, or nothing"""
    weekend: bool
    today: bool
    past: bool
    releases: list[Release]


class Week(NamedTuple):
    title: str
    days: list[Day]
    releases: int


def _release(v: Visitor, line: CaseLine) -> Release:
    certainty = v.t.of("certainty", line.certainty) if line.certainty else ""
    late = v.t("cases.late_steps", n=line.late) if line.late else ""
    words = ", ".join(word for word in (certainty, late) if word)
    return Release(f"/cases/{line.ref}", line.ref, line.certainty == "confirmed", bool(line.late), words)


def _day(v: Visitor, day: dt.date, lines: list[CaseLine]) -> Day:
    language = v.t.language
    weekend = day.weekday() >= 5
    number = short_day(day, language, v.today) if day.day == 1 or day.weekday() == 0 else str(day.day)
    why = None if weekend else v.calendar.why_closed(day, language)
    closed = v.t("releases.closing_day") if why == "closing day" else why or ""
    name = WEEKDAYS[language][day.weekday()]
    return Day(name, number, closed, weekend, day == v.today, day < v.today, [_release(v, line) for line in lines])


def weeks(v: Visitor, first: dt.date, lines: list[CaseLine]) -> list[Week]:
    """Twelve weeks from the Monday `first`, seven days each."""
    by_day: dict[dt.date, list[CaseLine]] = {}
    for line in lines:
        if line.planned_release is not None:
            by_day.setdefault(line.planned_release, []).append(line)
    found = []
    for n in range(WEEKS):
        monday = first + n * WEEK
        days = [monday + k * ONE_DAY for k in range(7)]
        title = v.t("releases.week", n=monday.isocalendar().week, month=MONTHS[v.t.language][monday.month - 1])
        total = sum(len(by_day.get(day, ())) for day in days)
        found.append(Week(title, [_day(v, day, by_day.get(day, [])) for day in days], total))
    return found


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    first = v.today - v.today.weekday() * ONE_DAY
    until = first + WEEKS * WEEK - ONE_DAY
    found = case_lists.releases(v.db, v.actor, first, until, v.now)
    return v.page(
        "releases.html",
        weeks=weeks(v, first, found.cases),
        weekdays=[name.capitalize() for name in WEEKDAYS[v.t.language]],
        cases=[case_row(v, line) for line in found.cases],
        more=found.more,
    )
