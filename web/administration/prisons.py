"""Prisons: what somebody in the car park needs (hours, numbers, how to get in), and the form that keeps it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import prisons, staff
from models.prisons import Prison
from protocol.errors import Refused
from web.administration.asking import Ask, Asker, typed
from web.dates import short_day
from web.forms import summary
from web.lists import must_have
from web.menu import ADMINISTERS
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/prisons"
ASKS = (
    Ask("name", limit=80),
    Ask("hours", "textarea", 600, required=False),
    Ask("phones", required=False, columns=(Ask("what", limit=60, required=False), Ask("number", "tel", 30))),
    Ask("address", "textarea", 300, required=False),
    Ask("entry", "textarea", 1200, required=False),
    Ask(
        "contacts",
        required=False,
        columns=(
            Ask("name", limit=80),
            Ask("function", limit=80, required=False),
            Ask("phone", "tel", 30, required=False),
            Ask("email", "email", 200, required=False),
        ),
    ),
)


class Number(NamedTuple):
    """A telephone number as it is read, and as a phone dials it."""

    words: str
    href: str


class Contact(NamedTuple):
    name: str
    function: str
    phone: Number | None
    email: str


def number(written: str) -> Number | None:
    """`+32 (0)15 20 30 40` → `tel:+3215203040`."""
    if not written:
        return None
    plain = written.replace("(0)", "")
    return Number(written, "tel:" + ("+" if plain.startswith("+") else "") + re.sub(r"\D", "", plain))


def _administers(v: Visitor) -> bool:
    return v.has(*ADMINISTERS)


@router.get(PAGE)
def every(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    rows = [
        (f"{PAGE}/{each.id}", each.name, each.hours.partition("\n")[0], _first(each)) for each in prisons.every(v.db)
    ]
    return v.page("prisons.html", rows=rows, may_change=_administers(v))


def _first(prison: Prison) -> Number | None:
    return number(prison.phones[0]["number"]) if prison.phones else None


# --- the form


def _form_page(
    v: Visitor, where: str, given: dict[str, Any], refused: Refused | None = None, grown: str = "", name: str = ""
) -> Response:
    controls = Asker(v.t, "prisons", given, refused).controls(ASKS, grown)
    new = where.endswith("/new")
    return v.page(
        "prison_form.html", status=422 if refused else 200, heading=name or v.t("prisons.add"),
        action=where, controls=controls, problems=summary(controls), back=PAGE if new else where.rpartition("/")[0],
    )  # fmt: skip


def _save(v: Visitor, form: FormData, where: str, prison_id: str | None = None, name: str = "") -> Response:
    given = typed(ASKS, form)
    if form.get("add"):
        return _form_page(v, where, given, grown=str(form.get("add")), name=name)
    try:
        kept = prisons.save(v.db, v.actor, given, v.now, prison_id)
    except Refused as refused:
        return _form_page(v, where, given, refused, name=name)
    return v.to(f"{PAGE}/{kept}", "prison")


def _must_administer(v: Visitor) -> None:
    must_have(v, "/prisons/new")


@router.get("/prisons/new")
def ask_new(v: Visitor = Depends(member)) -> Response:
    _must_administer(v)
    return _form_page(v, "/prisons/new", {})


@router.post("/prisons/new")
def add(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    return _save(v, form, "/prisons/new")


@router.get("/prisons/{prison}/change")
def ask_change(prison: str, v: Visitor = Depends(member)) -> Response:
    _must_administer(v)
    known = prisons.find(v.db, prison)
    return _form_page(v, f"{PAGE}/{prison}/change", known.model_dump(), name=known.name)


@router.post("/prisons/{prison}/change")
def change(prison: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    return _save(v, form, f"{PAGE}/{prison}/change", prison, prisons.find(v.db, prison).name)


@router.post("/prisons/{prison}/remove")
def remove(prison: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    prisons.remove(v.db, v.actor, prison, v.now)
    return v.to(PAGE, "prison_removed")


# --- one prison


@router.get("/prisons/{prison}")
def one(prison: str, v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    found = prisons.find(v.db, prison)
    contacts = [
        Contact(each["name"], each["function"], number(each["phone"]), each["email"]) for each in found.contacts
    ]
    return v.page(
        "prison.html", one=found, hours=found.hours.splitlines(), address=found.address.splitlines(),
        entry=found.entry.splitlines(), phones=[(each["what"], number(each["number"])) for each in found.phones],
        contacts=contacts, liaisons=_liaisons(v, found), may_change=_administers(v),
        changed=short_day(found.changed_at.astimezone(v.zone).date(), v.t.language),
    )  # fmt: skip


def _liaisons(v: Visitor, prison: Prison) -> list[Contact]:
    """The liaisons who work with sluis in this prison."""
    there = [each for each in staff.everybody(v.db, "liaison") if prisons.same(each.prison, prison.name)]
    return [Contact(each.name, v.role_names(["liaison"]), number(each.phone), each.email) for each in there]
