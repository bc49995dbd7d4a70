"""Choosing a demo person, the language, and the first page."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import staff
from models.people import Staff
from web.menu import first_page
from web.visitor import Visitor, own_path, posted, visitor
from web.words import LANGUAGES

router = APIRouter()
ORDER = (
    "liaison", "lead_worker", "coordinator", "deputy_coordinator", "info_officer", "second_member", "second_police",
    "mayor", "partner_worker", "youth_worker", "data_manager", "dpo", "auditor", "administrator",
)  # fmt: skip


class Person(NamedTuple):
    id: str
    name: str
    roles: str


@router.get("/")
def first(v: Visitor = Depends(visitor)) -> Response:
    return v.to(first_page(v)) if v.staff else v.to("/choose")


@router.get("/choose")
def choose(v: Visitor = Depends(visitor)) -> Response:
    if not v.demo:
        return v.page("nobody.html")
    return v.page("choose.html", people=_people(v))


def _people(v: Visitor) -> list[Person]:
    """Everybody, in the order in which a release passes them."""

    def place(each: Staff) -> tuple[int, str]:
        return min((ORDER.index(role) for role in each.roles if role in ORDER), default=len(ORDER)), each.name

    return [Person(each.id, each.name, v.role_names(each.roles)) for each in sorted(staff.everybody(v.db), key=place)]


@router.post("/choose")
def become(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    wanted = str(form.get("staff") or "")
    if not v.demo or wanted not in v.names:
        return v.to("/choose")
    v.become(wanted, fresh=True)
    return v.to("/")


@router.post("/language")
def language(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    wanted = str(form.get("language") or "")
    if wanted in LANGUAGES:
        v.become(v.session.staff, wanted)
    return v.to(own_path(str(form.get("back") or "/")))
