"""Choosing a demo person, the language, and the first page."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import staff
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


class Group(NamedTuple):
    name: str
    people: list[Person]


@router.get("/")
def first(v: Visitor = Depends(visitor)) -> Response:
    return v.to(first_page(v)) if v.staff else v.to("/choose")


@router.get("/choose")
def choose(v: Visitor = Depends(visitor)) -> Response:
    if not v.demo:
        return v.page("nobody.html")
    return v.page("choose.html", groups=_groups(v))


def _groups(v: Visitor) -> list[Group]:
    """Everybody once, under the first of their roles."""
    found: dict[str, list[Person]] = {}
    for each in staff.everybody(v.db):
        role = next((role for role in ORDER if role in each.roles), "")
        found.setdefault(role, []).append(Person(each.id, each.name, v.role_names(each.roles)))
    names = {role: v.role_names([role]) if role else v.t("choose.others") for role in found}
    return [Group(names[role], found[role]) for role in (*ORDER, "") if role in found]


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
