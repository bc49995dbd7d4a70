"""Workload of lead workers in points against capacity, absences, and the cases that nobody leads yet with proposals."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework import workload
from casework.automatic.assignment import AHEAD
from casework.workload import Load, Unassigned
from web.dates import decimal, short_day
from web.lists import must_have
from web.task_more import load_words
from web.view_tasks import Line, Liner
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/workload"
MOST_PROPOSED = 3
WIDE = 100.0
"""of the bar; the longest of all points and capacities fills it"""


class Row(NamedTuple):
    href: str
    name: str
    points: str
    capacity: str
    hours: str
    cases: str
    away: list[str]
    room: float
    """width of what can be carried"""
    work: float
    """width of what is carried, as far as it fits"""
    over: float
    """width of what is carried beyond it"""
    words: str


class Waiting(NamedTuple):
    line: Line
    proposals: list[tuple[str, str]]
    """name, reasons"""


def _days(v: Visitor, first: dt.date, last: dt.date) -> str:
    begin, end = (short_day(day, v.t.language, v.today) for day in (first, last))
    return begin if first == last else f"{begin} – {end}"


def row(v: Visitor, one: Load, most: float) -> Row:
    t = v.t
    carried, able = one.points, one.capacity
    share = WIDE / most if most else 0.0
    full = carried > able
    return Row(
        href=f"/staff/{one.staff}",
        name=one.name,
        points=decimal(carried, t.language),
        capacity=decimal(able, t.language),
        hours=decimal(one.hours, t.language),
        cases=t("workload.cases", leads=one.leads, deputies=one.deputies),
        away=[_days(v, each.from_on, each.until_on) for each in one.absences],
        room=round(able * share, 1),
        work=round(min(carried, able) * share, 1),
        over=round(max(0.0, carried - able) * share, 1),
        words=t("workload.full") if full else t("workload.room", points=decimal(able - carried, t.language)),
    )


def waiting(v: Visitor, found: list[Unassigned]) -> list[Waiting]:
    lines = Liner(v, [one.task for one in found]).lines()
    return [
        Waiting(line, [_proposal(v, each) for each in one.proposed[:MOST_PROPOSED]])
        for line, one in zip(lines, found, strict=True)
    ]


def _proposal(v: Visitor, one: dict[str, object]) -> tuple[str, str]:
    t, reasons = v.t, one["reasons"]
    assert isinstance(reasons, list)
    load = load_words(v, one)
    name = v.names.get(str(one["staff"]), t.of("who", "unknown"))
    return name, ", ".join([*(t.of("reason", str(key)) for key in reasons), load])


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    found = workload.loads(v.db, v.actor, v.now)
    most = max((max(one.points, one.capacity) for one in found), default=0.0)
    return v.page(
        "workload.html",
        rows=[row(v, one, most) for one in found],
        waiting=waiting(v, workload.unassigned(v.db, v.actor, v.now)),
        until=short_day(v.today + AHEAD, v.t.language, v.today),
    )
