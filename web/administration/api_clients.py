"""Systems of prisons that may send notifications: their keys are shown once, and can be withdrawn."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import api_clients, staff
from models.people import ApiClient
from protocol.errors import Refused
from web import refusals
from web.dates import short_day
from web.forms import Control, Option, summary
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/api-clients"
MONTHS = (3, 6, 12)


class Row(NamedTuple):
    id: str
    name: str
    prison: str
    acts_as: str
    expires: str
    used: str
    state: str
    live: bool


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _page(v)


def _page(v: Visitor, typed: dict[str, str] | None = None, refused: Refused | None = None, key: str = "") -> Response:
    t, typed = v.t, typed or {"months": "12"}
    said = {refused.field or "id": " ".join(refusals.words(t, refused))} if refused else {}
    liaisons = staff.everybody(v.db, "notifier") or staff.everybody(v.db, "liaison")
    controls = [
        Control("id", "id", "text", t("clients.id"), t("clients.id_hint"), value=typed.get("id", ""),
                limits={"maxlength": 40}, problem=said.get("id", "")),
        Control("name", "name", "text", t("clients.name"), value=typed.get("name", ""), limits={"maxlength": 80}),
        Control("acts_as", "acts_as", "select", t("clients.acts_as"), t("clients.acts_as_hint"),
                options=tuple(Option(one.id, one.name, one.id == typed.get("acts_as")) for one in liaisons)),
        Control("months", "months", "radios", t("clients.months"),
                options=tuple(Option(str(n), t("clients.in_months", n=n), str(n) == typed.get("months")) for n in MONTHS)),
    ]  # fmt: skip
    rows = [_row(v, each) for each in api_clients.everybody(v.db)]
    return v.page(
        "api_clients.html",
        status=422 if refused else 200,
        controls=controls,
        problems=summary(controls),
        rows=rows,
        key=key,
    )


def _row(v: Visitor, one: ApiClient) -> Row:
    t = v.t

    def on(moment: dt.datetime | None) -> str:
        return short_day(moment.astimezone(v.zone).date(), t.language, v.today) if moment else ""

    over = one.expires_at is not None and one.expires_at <= v.now
    state = "revoked" if one.revoked_at else "expired" if over else "valid"
    return Row(
        one.id, one.name, one.prison or "", v.names.get(one.acts_as or "", ""), on(one.expires_at),
        on(one.used_at) or t("clients.never"), t.of("key_state", state), state == "valid",
    )  # fmt: skip


@router.post(PAGE)
def add(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    must_have(v, PAGE)
    typed = {name: str(form.get(name) or "").strip() for name in ("id", "name", "acts_as", "months")}
    months = int(typed["months"]) if typed["months"] in map(str, MONTHS) else MONTHS[-1]
    who = next((one for one in staff.everybody(v.db) if one.id == typed["acts_as"]), None)
    client = ApiClient(
        id=typed["id"], name=typed["name"][:80] or typed["id"], key_hash=b"", scopes=[api_clients.WRITE_NOTIFICATIONS],
        prison=who.prison if who else None, acts_as=who.id if who else None, added_at=v.now,
        expires_at=v.now + dt.timedelta(days=months * 30),
    )  # fmt: skip
    try:
        if who is None:
            raise Refused("api-client.acts-as", "a system speaks for a colleague", "choose one", "acts_as")
        key = api_clients.add(v.db, client, v.actor, at=v.now)
    except Refused as refused:
        return _page(v, typed, refused)
    return _page(v, key=key)


@router.post("/api-clients/revoke")
def revoke(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    must_have(v, PAGE)
    try:
        api_clients.revoke(v.db, str(form.get("client") or ""), v.actor, at=v.now)
    except Refused as refused:
        return _page(v, refused=refused)
    return v.to(PAGE, "key_revoked")
