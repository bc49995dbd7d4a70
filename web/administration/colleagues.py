"""Colleagues: who works with sluis, in which role, and how they sign in."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import accounts, members, staff
from casework.accounts import Invitation, State
from casework.errors import NotFound, StaffUnknown
from models.people import Staff
from protocol.errors import Problem, Refused
from web import refusals
from web.dates import short_day
from web.forms import Control, Option, summary
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/staff"
SUBSTITUTES = 2
"""substitutes that the form asks for each role; the protocol wants two"""


class Row(NamedTuple):
    href: str
    name: str
    roles: str
    service: str
    away: str
    account: str
    tone: str


def _found(v: Visitor, staff_id: str) -> Staff:
    try:
        return staff.find(v.db, staff_id)
    except StaffUnknown:
        raise NotFound from None


@router.get(PAGE)
def everybody(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    away = {each.staff: each.until_on for each in staff.absences(v.db) if each.from_on <= v.today <= each.until_on}
    states = accounts.states(v.db)
    rows = [
        Row(
            f"{PAGE}/{each.id}",
            each.name,
            v.role_names(each.roles),
            v.t.of("service", each.service),
            v.t("staff.away_until", day=short_day(away[each.id], v.t.language, v.today)) if each.id in away else "",
            *_account(v, states.get(each.id)),
        )
        for each in sorted(staff.everybody(v.db), key=lambda one: one.name)
    ]
    gone = [Row(f"{PAGE}/{each.id}", each.name, "", "", "", "", "") for each in staff.left(v.db)]
    return v.page("staff.html", rows=rows, gone=gone, may_change=_administers(v))


def _administers(v: Visitor) -> bool:
    return v.has("administrator")


def _account(v: Visitor, found: State | None) -> tuple[str, str]:
    if v.demo:
        return "", ""
    status = found.status if found else "none"
    return v.t.of("account_state", status), {"active": "done", "deactivated": "plain"}.get(status, "")


# --- the form


def _given(form: FormData, v: Visitor) -> dict[str, Any]:
    """What was typed, by field."""
    plain = ("name", "email", "phone", "language", "service", "manager", "prison", "hours_per_week", "languages")
    found: dict[str, Any] = {name: str(form.get(name) or "").strip() for name in plain}
    found["roles"] = [str(one) for one in form.getlist("roles")]
    found["substitutes"] = {
        role: [str(form.get(f"substitute.{role}.{n}") or "") for n in range(1, SUBSTITUTES + 1)]
        for role in v.protocol.roles
    }
    return found


def _of(one: Staff) -> dict[str, Any]:
    hours = f"{one.hours_per_week:g}"
    return {**one.model_dump(), "languages": ", ".join(one.languages), "hours_per_week": hours}


class Form:
    """The questions about a colleague, in one language, with what was typed and what is wrong."""

    def __init__(self, v: Visitor, given: dict[str, Any], problems: tuple[Problem, ...], themselves: str = "") -> None:
        self.v, self.t, self.given = v, v.t, given
        self.problems = {each.field: each for each in problems}
        self.people = sorted((m for m in staff.everybody(v.db) if m.id != themselves), key=lambda m: m.name)
        self.roles = {key: role for key, role in v.protocol.roles.items() if role.staff}

    def _control(self, name: str, kind: str = "text", **more: Any) -> Control:
        problem = self.problems.get(name)
        said = (
            refusals.sentence(self.t, problem.rule) + " " + refusals.sentence(self.t, problem.remedy) if problem else ""
        )
        hint = self.t("staff." + name + "_hint") if self.t.known("staff", f"{name}_hint") else ""
        value = "" if kind in ("checks", "select") else str(self.given.get(name) or "")
        label = self.t.of("staff", name)
        return Control(name, name, kind, label, hint=hint, value=value, problem=said, **more)

    def _people(self, chosen: str) -> tuple[Option, ...]:
        return tuple(Option(one.id, one.name, one.id == chosen) for one in self.people)

    def controls(self) -> list[Control]:
        chosen = set(self.given.get("roles") or ())
        roles = tuple(Option(key, self.t.text(role.name), key in chosen) for key, role in self.roles.items())
        spoken = tuple(
            Option(code, name, code == (self.given.get("language") or "nl"))
            for code, name in (("nl", "Nederlands"), ("fr", "Français"), ("en", "English"))
        )
        return [
            self._control("name", limits={"maxlength": 80}),
            self._control("roles", "checks", options=roles),
            self._control("service", limits={"maxlength": 40}),
            self._control("email", "email", required=False, limits={"maxlength": 200}),
            self._control("phone", "tel", required=False, limits={"maxlength": 30}),
            self._control("language", "radios", options=spoken),
            self._control("prison", required=False, limits={"maxlength": 80}),
            self._control("hours_per_week", limits={"maxlength": 5}),
            self._control("languages", required=False, limits={"maxlength": 80}),
            self._control(
                "manager", "select", required=False, options=self._people(str(self.given.get("manager") or ""))
            ),
        ]

    def substitutes(self) -> list[Control]:
        """For each role that somebody has: who takes over, in order."""
        found = []
        given = self.given.get("substitutes") or {}
        for role in self.given.get("roles") or ():
            if role not in self.roles:
                continue
            who = [*given.get(role, ()), *[""] * SUBSTITUTES][:SUBSTITUTES]
            for n, one in enumerate(who, start=1):
                label = self.t("staff.substitute", n=n, role=self.t.text(self.roles[role].name))
                name = f"substitute.{role}.{n}"
                found.append(Control(name, name, "select", label, required=False, options=self._people(one)))
        return found


def _form_page(
    v: Visitor, title: str, action: str, given: dict[str, Any], problems: tuple[Problem, ...] = (), themselves: str = ""
) -> Response:
    form = Form(v, given, problems, themselves)
    controls = form.controls()
    return v.page(
        "colleague_form.html", status=422 if problems else 200, heading=title, action=action, controls=controls,
        substitutes=form.substitutes(), problems=summary(controls), back=PAGE if not themselves else f"{PAGE}/{themselves}",
    )  # fmt: skip


def _must_administer(v: Visitor) -> None:
    must_have(v, "/administration")


@router.get("/staff/new")
def ask_new(v: Visitor = Depends(member)) -> Response:
    _must_administer(v)
    return _form_page(v, v.t("staff.add"), "/staff/new", {"hours_per_week": "38", "language": "nl"})


@router.post("/staff/new")
def add(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    given = _given(form, v)
    try:
        made = members.add(v.db, v.actor, given, v.now)
    except Refused as refused:
        return _form_page(v, v.t("staff.add"), "/staff/new", given, _problems(refused))
    return v.to(f"{PAGE}/{made}", "staff_added")


def _problems(refused: Refused) -> tuple[Problem, ...]:
    return refused.problems or (Problem(refused.field or "name", refused.reason, refused.remedy),)


@router.get("/staff/{staff_id}/change")
def ask_change(staff_id: str, v: Visitor = Depends(member)) -> Response:
    _must_administer(v)
    one = _found(v, staff_id)
    return _form_page(v, one.name, f"{PAGE}/{staff_id}/change", _of(one), themselves=staff_id)


@router.post("/staff/{staff_id}/change")
def change(staff_id: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_administer(v)
    one, given = _found(v, staff_id), _given(form, v)
    try:
        members.change(v.db, v.actor, staff_id, given, v.now)
    except Refused as refused:
        return _form_page(v, one.name, f"{PAGE}/{staff_id}/change", given, _problems(refused), staff_id)
    return v.to(f"{PAGE}/{staff_id}", "staff_changed")


# --- one colleague


@router.get("/staff/{staff_id}")
def one(staff_id: str, v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _card(v, _found(v, staff_id))


def _card(v: Visitor, one: Staff, link: Invitation | None = None, refused: Refused | None = None) -> Response:
    t, names = v.t, v.names
    facts = [
        (t("staff.roles"), v.role_names(one.roles)),
        (t("staff.service"), t.of("service", one.service)),
        (t("staff.email"), one.email or t("staff.unknown")),
        (t("staff.phone"), one.phone or t("staff.unknown")),
        (t("staff.hours_per_week"), f"{one.hours_per_week:g}"),
        (t("staff.languages"), ", ".join(one.languages) or t("staff.unknown")),
        *([(t("staff.prison"), one.prison)] if one.prison else []),
        *([(t("staff.manager"), names.get(one.manager, ""))] if one.manager in names else []),
    ]
    subs = [
        (v.role_names([role]), ", ".join(names.get(who, "") for who in people if who in names))
        for role, people in one.substitutes.items()
    ]
    away = [
        (each.id, t("staff.from_until", first=short_day(each.from_on, t.language), last=short_day(each.until_on, t.language)))
        for each in staff.absences(v.db, one.id)
        if each.until_on >= v.today
    ]  # fmt: skip
    state = accounts.state(v.db, one.id)
    return v.page(
        "colleague.html", status=422 if refused else 200, one=one, facts=facts, substitutes=subs, away=away,
        state=t.of("account_state", state.status), status_key=state.status, held=members.held_by(v.db, one.id),
        may_change=_administers(v), gone=one.left_at is not None,
        link=v.db.settings.public_url.rstrip("/") + link.path if link else "", mailed=bool(link and link.mailed),
        refused=refusals.words(t, refused) if refused else None, today=v.today.isoformat(),
    )  # fmt: skip


@router.post("/staff/{staff_id}/account")
def account(staff_id: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """Invite, give a new link, stop, take back."""
    _must_administer(v)
    one = _found(v, staff_id)
    ways = {"invite": accounts.invite, "reset": accounts.reset}
    what = str(form.get("what") or "")
    try:
        if what in ways:
            return _card(v, one, ways[what](v.db, v.actor, staff_id, v.now))
        if what == "stop":
            accounts.deactivate(v.db, v.actor, staff_id, v.now)
        elif what == "back":
            accounts.take_back(v.db, v.actor, staff_id, v.now)
    except Refused as refused:
        return _card(v, one, refused=refused)
    return v.to(f"{PAGE}/{staff_id}", "staff_changed")
