"""The first page, the language, and, in a demonstration only, choosing who one is."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import sessions, staff
from casework.errors import NotFound
from models.people import Staff
from web.menu import first_page
from web.signin import device_of
from web.visitor import SignInFirst, Visitor, own_path, posted, visitor
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
    if v.staff is None:
        raise SignInFirst
    return v.to(first_page(v))


@router.get("/choose")
def choose(v: Visitor = Depends(visitor)) -> Response:
    if not v.demo:
        raise NotFound
    return v.page("choose.html", people=_people(v))


def _people(v: Visitor) -> list[Person]:
    """Everybody, in the order in which a release passes them."""

    def place(each: Staff) -> tuple[int, str]:
        return min((ORDER.index(role) for role in each.roles if role in ORDER), default=len(ORDER)), each.name

    return [Person(each.id, each.name, v.role_names(each.roles)) for each in sorted(staff.everybody(v.db), key=place)]


@router.post("/choose")
def become(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    if not v.demo:
        raise NotFound
    wanted = str(form.get("staff") or "")
    if wanted not in v.names:
        return v.to("/choose")
    device = device_of(v.request.headers.get("user-agent", ""))
    v.become(sessions.begin(v.db, staff.find(v.db, wanted), "demo", real=v.real, device=device))
    return v.to("/")


@router.post("/language")
def language(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    wanted = str(form.get("language") or "")
    if wanted in LANGUAGES:
        v.speak(wanted)
    return v.to(own_path(str(form.get("back") or "/")))
