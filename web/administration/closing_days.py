"""Closing days of the partnership. What moves is shown before anything is kept."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import partnership
from casework.moving import Change, change_closing_days
from protocol.errors import Refused
from web import refusals
from web.dates import long_day, read_day, short_day
from web.forms import Control, summary
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/closing-days"
SHOWN = 40
AHEAD = 5 * 366
"""calendar days; further off is a mistake in the year"""


class Row(NamedTuple):
    iso: str
    day: str
    name: str
    coming: bool


class Moves(NamedTuple):
    """What would move, before it is decided."""

    day: str
    iso: str
    name: str
    remove: bool
    rows: list[tuple[str, str, str, str]]
    more: int
    cases: int


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _page(v)


def _page(
    v: Visitor, typed: dict[str, str] | None = None, wrong: dict[str, str] | None = None, moves: Moves | None = None
) -> Response:
    t, typed, wrong = v.t, typed or {}, wrong or {}
    rows = [
        Row(day.isoformat(), said[:1].upper() + said[1:], name, day >= v.today)
        for day, name in partnership.closing_days(v.db)
        for said in (long_day(day, t.language, year=True),)
    ]
    controls = [
        Control("day", "day", "date", t("closing.day"), value=typed.get("day", ""), problem=wrong.get("day", "")),
        Control("name", "name", "text", t("closing.name"), required=False, value=typed.get("name", ""),
                limits={"maxlength": 60}, problem=wrong.get("name", "")),
    ]  # fmt: skip
    return v.page(
        "closing_days.html", status=422 if wrong else 200, rows=rows, controls=controls, problems=summary(controls),
        moves=moves,
    )  # fmt: skip


@router.post(PAGE)
def change(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """First shows what moves; with `sure` it is done."""
    must_have(v, PAGE)
    typed = {name: str(form.get(name) or "").strip() for name in ("day", "name")}
    remove, sure = form.get("remove") is not None, form.get("sure") is not None
    try:
        day = dt.date.fromisoformat(read_day(typed["day"]))
    except ValueError:
        return _page(v, typed, {"day": v.t.of("problem", "form_date")})
    known = {found for found, _ in partnership.closing_days(v.db)}
    if not remove and day in known:
        return _page(v, typed, {"day": v.t("closing.known")})
    if not 0 <= (day - v.today).days <= AHEAD:
        return _page(v, typed, {"day": v.t("closing.range")})
    add, gone = ({}, (day,)) if remove else ({day: typed["name"][:60]}, ())
    try:
        moved = change_closing_days(v.db, v.actor, add, gone, dry_run=not sure, at=v.now)
    except Refused as refused:
        return _page(v, typed, {"day": " ".join(refusals.words(v.t, refused))})
    if sure:
        return v.to(PAGE, "closing_day")
    return _page(v, typed, moves=_moves(v, day, typed["name"], moved, remove=remove))


def _moves(v: Visitor, day: dt.date, name: str, moved: list[Change], *, remove: bool) -> Moves:
    """Case numbers and steps only for those who see cases; an administrator sees how much moves."""
    sees = v.has("coordinator", "deputy_coordinator")

    def on(found: dt.date | None) -> str:
        return short_day(found, v.t.language, v.today) if found else v.t("case.no_date")

    rows = []
    for each in moved[:SHOWN] if sees else ():
        step = v.protocol.steps.get(each.step.partition("#")[0].partition("~")[0])
        rows.append((each.case, v.t.text(step.name) if step else each.step, on(each.was), on(each.now)))
    cases = len({each.case for each in moved})
    said = long_day(day, v.t.language, year=True)
    return Moves(said, day.isoformat(), name, remove, rows, len(moved) - len(rows), cases)
