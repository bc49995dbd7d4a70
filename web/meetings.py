"""The coming meetings and their agenda: one line per case, from which its decision is recorded."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework import agenda
from web.dates import long_day
from web.lists import Row, case_row, must_have
from web.view_tasks import task_path
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/meetings"


class Item(NamedTuple):
    case: Row
    href: str


class Meeting(NamedTuple):
    key: str
    name: str
    day: str
    items: list[Item]
    whole: bool


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    found = [
        Meeting(
            f"{each.series}-{each.held_on}",
            v.t.text(each.name),
            long_day(each.held_on, v.t.language, year=True),
            [Item(case_row(v, item.case), task_path(item.case.ref, item.occurrence)) for item in each.items],
            each.whole,
        )
        for each in agenda.coming(v.db, v.actor, v.now)
    ]
    return v.page("meetings.html", meetings=found)
