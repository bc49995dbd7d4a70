"""The list of agreed priorities: what is in force, since when and by whose decision; and figures without cases."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import priorities
from models.priorities import Priority
from protocol.errors import Refused
from web import refusals
from web.administration.asking import Ask, Asker, typed
from web.dates import long_day, read_day, short_day
from web.forms import summary
from web.lists import must_have
from web.menu import ADMINISTERS
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/priorities"
ASKS = (
    Ask("nl", limit=80),
    Ask("fr", limit=80),
    Ask("en", limit=80),
    Ask("from_on", "date"),
    Ask("until_on", "date", required=False),
    Ask("decided_by", limit=120),
)


class Line(NamedTuple):
    """A priority of the list."""

    id: str
    name: str
    since: str
    until: str
    decided_by: str
    state: str
    tone: str
    may_end: bool


class Figures(NamedTuple):
    quarter: str
    counts: list[tuple[str, str]]


def quarter_words(v: Visitor, quarter: str) -> str:
    year, _, number = quarter.partition("-Q")
    return v.t("priorities.quarter", n=number, year=year)


def figures(v: Visitor) -> list[Figures]:
    """How often each priority applied, per finished quarter; small figures are not told."""
    names = {each.id: v.t.text(each.name) for each in priorities.every(v.db)}
    few = v.t("priorities.few")
    return [
        Figures(
            quarter_words(v, quarter),
            [(names[key], few if n is None else str(n)) for key, n in found.items() if key in names],
        )
        for quarter, found in priorities.counts(v.db, v.today).items()
    ]


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _page(v)


def _page(
    v: Visitor, given: dict[str, Any] | None = None, refused: Refused | None = None, ending: str = ""
) -> Response:
    known = priorities.every(v.db)
    in_force = next(iter(priorities.versions(known, v.today)), None)
    lines = [_line(v, each) for each in known]
    controls = Asker(v.t, "priorities", given or {}, None if ending else refused).controls(ASKS)
    said = " ".join(refusals.words(v.t, refused)) if refused and ending else ""
    return v.page(
        "priorities.html", status=422 if refused else 200, lines=lines, controls=controls, problems=summary(controls),
        version=in_force.name if in_force else "", since=long_day(in_force.since, v.t.language, year=True) if in_force else "",
        may_change=v.has(*ADMINISTERS), figures=figures(v), said=said, today=v.today.isoformat(),
        proposed=[] if known else [v.t.text(each) for each in v.protocol.priorities],
    )  # fmt: skip


def _line(v: Visitor, one: Priority) -> Line:
    over, coming = one.until_on is not None and one.until_on < v.today, one.from_on > v.today
    state, tone = ("over", "plain") if over else ("coming", "") if coming else ("in_force", "done")
    until = short_day(one.until_on, v.t.language) if one.until_on else ""
    words = {"over": v.t("priorities.over"), "coming": v.t("priorities.coming"), "in_force": v.t("priorities.in_force")}
    return Line(
        one.id, v.t.text(one.name), short_day(one.from_on, v.t.language), until, one.decided_by, words[state], tone,
        not over,
    )  # fmt: skip


@router.post(PAGE)
def add(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    must_have(v, "/priorities/change")
    given = typed(ASKS, form)
    days = {name: read_day(given[name]) for name in ("from_on", "until_on")}
    try:
        priorities.add(v.db, v.actor, {**given, **days}, v.now)
    except Refused as refused:
        return _page(v, given, refused)
    return v.to(PAGE, "priority")


@router.post("/priorities/{priority}/end")
def end(priority: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    must_have(v, "/priorities/change")
    try:
        last = dt.date.fromisoformat(read_day(str(form.get("until_on") or "")))
    except ValueError:
        fault = Refused("priority.day", "must be an existing date", "correct the year", "until_on")
        return _page(v, refused=fault, ending=priority)
    try:
        priorities.end(v.db, v.actor, priority, last, v.today, v.now)
    except Refused as refused:
        if refused.field != "until_on":
            raise
        return _page(v, refused=refused, ending=priority)
    return v.to(PAGE, "priority")
