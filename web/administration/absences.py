"""Absences: one's own, or a colleague's. Why somebody is away is nobody's business."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import members, staff
from casework.errors import NotAllowed, NotFound, StaffUnknown
from protocol.errors import Refused
from web import refusals
from web.dates import read_day, short_day
from web.forms import Control, summary
from web.visitor import Visitor, member, posted

router = APIRouter()
LONGEST = 730
"""calendar days; longer is a mistake in the year"""


def _must(v: Visitor, staff_id: str) -> None:
    if staff_id != v.me.id and not v.has("administrator", "coordinator", "deputy_coordinator"):
        raise NotAllowed("the administrator keeps staff, calendar and settings")
    try:
        staff.find(v.db, staff_id)
    except StaffUnknown:
        raise NotFound from None


@router.get("/absences/{staff_id}")
def show(staff_id: str, v: Visitor = Depends(member)) -> Response:
    _must(v, staff_id)
    return _page(v, staff_id)


def _page(
    v: Visitor, staff_id: str, typed: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> Response:
    t, typed, wrong = v.t, typed or {}, wrong or {}
    controls = [
        Control(name, name, "date", t("absence." + name), value=typed.get(name, ""), problem=wrong.get(name, ""))
        for name in ("from_on", "until_on")
    ]
    rows = [
        (each.id, short_day(each.from_on, t.language, v.today), short_day(each.until_on, t.language, v.today),
         each.from_on <= v.today)
        for each in staff.absences(v.db, staff_id)
        if each.until_on >= v.today
    ]  # fmt: skip
    own = staff_id == v.me.id
    return v.page(
        "absences.html", status=422 if wrong else 200, controls=controls, problems=summary(controls), rows=rows,
        who=v.names.get(staff_id, ""), own=own, action=f"/absences/{staff_id}", back="/account" if own else f"/staff/{staff_id}",
    )  # fmt: skip


@router.post("/absences/{staff_id}")
def add(staff_id: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must(v, staff_id)
    typed = {name: str(form.get(name) or "").strip() for name in ("from_on", "until_on")}
    days: dict[str, dt.date] = {}
    wrong: dict[str, str] = {}
    for name, text in typed.items():
        try:
            days[name] = dt.date.fromisoformat(read_day(text))
        except ValueError:
            wrong[name] = v.t.of("problem", "form_date")
    if not wrong and days["until_on"] < days["from_on"]:
        wrong["until_on"] = v.t("absence.order")
    if not wrong and ((days["until_on"] - days["from_on"]).days > LONGEST or days["until_on"] < v.today):
        wrong["until_on"] = v.t("absence.range")
    if wrong:
        return _page(v, staff_id, typed, wrong)
    try:
        staff.record_absence(v.db, staff_id, days["from_on"], days["until_on"], v.actor, at=v.now)
    except Refused as refused:
        return _page(v, staff_id, typed, {"from_on": " ".join(refusals.words(v.t, refused))})
    return v.to(f"/absences/{staff_id}", "absence")


@router.post("/absences/{staff_id}/end")
def end(staff_id: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must(v, staff_id)
    chosen = str(form.get("absence") or "")
    mine = {str(each.id): each for each in staff.absences(v.db, staff_id)}
    if chosen not in mine:
        raise NotFound
    yesterday = v.today - dt.timedelta(days=1)
    members.end_absence(v.db, v.actor, int(chosen), yesterday, v.now)
    return v.to(f"/absences/{staff_id}", "absence_ended")
