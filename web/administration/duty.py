"""The duty rota: who is phoned now, who in the coming weeks, and the two forms that keep it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import duty, staff
from casework.automatic.recipients import Directory
from protocol.errors import Refused
from web.administration.asking import problems_of
from web.administration.prisons import Number, number
from web.dates import short_day
from web.forms import Control, Option, Row, summary
from web.lists import must_have
from web.menu import ADMINISTERS
from web.refusals import sentence
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/duty"
AHEAD = 12
"""weeks shown, this one included"""
PLACES = 6
"""of the phone list, in the form"""
WORDS = {"weeks": ("duty.change_weeks", "duty.weeks_lead"), "list": ("duty.change_list", "duty.list_lead")}
WEEK = dt.timedelta(days=7)
ONE_DAY = dt.timedelta(days=1)


class Callee(NamedTuple):
    """Somebody in the order of calls."""

    when: str
    name: str
    phone: Number | None
    away: str


class Line(NamedTuple):
    """A week of the rota."""

    days: str
    first: str
    second: str
    care: str
    now: bool


def _mondays(v: Visitor) -> list[dt.date]:
    this = duty.monday_of(v.today)
    return [this + n * WEEK for n in range(AHEAD)]


def _days(v: Visitor, monday: dt.date) -> str:
    last = monday + WEEK - ONE_DAY
    return v.t("duty.days", first=short_day(monday, v.t.language, v.today), last=short_day(last, v.t.language, v.today))


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    mondays = _mondays(v)
    kept = duty.weeks(v.db, mondays[0], mondays[-1])
    rows = [_line(v, monday, kept.get(monday)) for monday in mondays]
    people = {each.id: each for each in staff.everybody(v.db)}
    return v.page(
        "duty.html", now=_now(v), rows=rows, may_change=v.has(*ADMINISTERS), emergency=number(duty.emergency_number(v.db)),
        phones=[(people[one].name, number(people[one].phone)) for one in duty.phone_list(v.db) if one in people],
        empty=sum(not row.first for row in rows), mind=any(row.care for row in rows),
    )  # fmt: skip


def _now(v: Visitor) -> list[Callee]:
    """The calls of today, as the escalation makes them."""
    directory = Directory(v.db, v.today)
    found = []
    for n, one in enumerate(directory.in_order(v.protocol)[:2]):
        who = directory.people[one]
        away = v.t("duty.away") if one in directory.absent else ""
        found.append(
            Callee(v.t("duty.at_once") if n == 0 else v.t("duty.after", n=4 * n), who.name, number(who.phone), away)
        )
    return found


def _line(v: Visitor, monday: dt.date, week: duty.Week | None) -> Line:
    names = [v.names.get(one or "", "") for one in (week.first, week.second)] if week else ["", ""]
    away = _away(v, monday)
    absent = [v.names[one] for one in (week.first, week.second) if one in away and one in v.names] if week else []
    care = v.t("duty.is_away", who=", ".join(absent)) if absent else ""
    return Line(_days(v, monday), names[0], names[1], care, monday <= v.today < monday + WEEK)


def _away(v: Visitor, monday: dt.date) -> set[str]:
    """Who is away on some day of a week."""
    last = monday + WEEK - ONE_DAY
    return {each.staff for each in staff.absences(v.db) if each.from_on <= last and each.until_on >= monday}


# --- the forms


def _people(v: Visitor, chosen: str) -> tuple[Option, ...]:
    return tuple(
        Option(each.id, f"{each.name} ({v.role_names(each.roles[:1])})", each.id == chosen)
        for each in duty.callable_people(v.db)
    )


def _said(v: Visitor, refused: Refused | None) -> dict[str, str]:
    return {each.field: f"{sentence(v.t, each.rule)} {sentence(v.t, each.remedy)}" for each in problems_of(refused)}


def _form_page(v: Visitor, what: str, controls: list[Control], refused: Refused | None) -> Response:
    return v.page(
        "duty_form.html", status=422 if refused else 200, heading=v.t(WORDS[what][0]), lead=v.t(WORDS[what][1]),
        action=f"{PAGE}/{what}", controls=controls, problems=summary(controls),
    )  # fmt: skip


def _must_administer(v: Visitor) -> None:
    must_have(v, "/duty/weeks")


def _weeks_form(v: Visitor, given: dict[dt.date, tuple[str, str]], refused: Refused | None = None) -> Response:
    said = _said(v, refused)
    rows = []
    for monday in _mondays(v):
        pair = given.get(monday, ("", ""))
        cells = [
            Control(f"{monday}.{name}", f"w{monday}-{name}", "select", v.t(word), required=False,
                    options=_people(v, one), problem=said.get(f"{monday}.{name}", ""))
            for name, word, one in zip(("first", "second"), ("duty.first", "duty.second"), pair, strict=True)
        ]  # fmt: skip
        rows.append(Row(_days(v, monday), tuple(cells)))
    return _form_page(
        v, "weeks", [Control("weeks", "weeks", "rows", v.t("duty.weeks"), rows=tuple(rows), required=True)], refused
    )


@router.get("/duty/weeks")
def ask_weeks(v: Visitor = Depends(member)) -> Response:
    _must_administer(v)
    mondays = _mondays(v)
    kept = duty.weeks(v.db, mondays[0], mondays[-1])
    return _weeks_form(v, {monday: (week.first, week.second or "") for monday, week in kept.items()})


@router.post("/duty/weeks")
def change_weeks(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    given = {
        monday: (str(form.get(f"{monday}.first") or ""), str(form.get(f"{monday}.second") or ""))
        for monday in _mondays(v)
        if f"{monday}.first" in form  # a form that was open over the weekend holds no answer for the newest week
    }
    try:
        duty.save_weeks(v.db, v.actor, given, v.now)
    except Refused as refused:
        return _weeks_form(v, given, refused)
    return v.to(PAGE, "duty")


def _list_form(v: Visitor, people: list[str], number: str, refused: Refused | None = None) -> Response:
    said = _said(v, refused)
    controls = [
        Control(f"list.{n}", f"list-{n}", "select", v.t("duty.place", n=n), required=False, options=_people(v, one),
                problem=said.get(f"list.{n}", ""))
        for n, one in enumerate([*people, *[""] * PLACES][:max(PLACES, len(people))], 1)
    ]  # fmt: skip
    controls.append(
        Control("number", "number", "tel", v.t("duty.number"), v.t("duty.number_hint"), required=False, value=number,
                limits={"maxlength": 30}, problem=said.get("number", ""))
    )  # fmt: skip
    return _form_page(v, "list", controls, refused)


@router.get("/duty/list")
def ask_list(v: Visitor = Depends(member)) -> Response:
    _must_administer(v)
    return _list_form(v, duty.phone_list(v.db), duty.emergency_number(v.db))


@router.post("/duty/list")
def change_list(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    people = [str(form.get(f"list.{n}") or "") for n in range(1, duty.MOST + 1)]
    number = str(form.get("number") or "").strip()
    try:
        duty.save_phone_list(v.db, v.actor, people, number, v.now)
    except Refused as refused:
        return _list_form(v, people[:PLACES], number, refused)
    return v.to(PAGE, "duty")
