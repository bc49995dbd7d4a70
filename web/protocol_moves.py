"""Moving running cases to another version of the protocol: what changes is shown per case, then it is decided."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import versions
from casework.cases import migrate_case
from casework.moving import Change
from protocol.errors import Refused
from web import refusals
from web.dates import short_day
from web.forms import Control, summary
from web.lists import must_have
from web.visitor import TOKEN_LENGTH, Visitor, member, posted

router = APIRouter(prefix="/protocols/{key}/{version}/move")
AT_ONCE = 20
"""cases shown and moved together: for each the change is worked out"""
SHOWN = 6
"""changes of one case that are listed; the others are counted"""


class Moving(NamedTuple):
    """A case that could move, and what would change in it."""

    ref: str
    lines: list[str]
    more: int
    problem: str
    chosen: bool


@router.get("")
def show(key: str, version: str, v: Visitor = Depends(member)) -> Response:
    return _page(v, key, version)


def _page(
    v: Visitor, key: str, version: str, form: FormData | None = None, problem: str = "", none: bool = False
) -> Response:
    must_have(v, "/protocols")
    versions.must_decide(v.actor)
    target = versions.find(v.db, key, version)
    refs = versions.movable(v.db, key, version, AT_ONCE + 1) if target.in_force_at else []
    chosen = {str(each) for each in form.getlist("case")} if form is not None else set()
    cases = [_moving(v, key, version, ref, ref in chosen) for ref in refs[:AT_ONCE]]
    reason = Control(
        "reason", "reason", "text", v.t("protocols.reason"), v.t("protocols.reason_hint"), limits={"maxlength": 200},
        value=str(form.get("reason") or "") if form is not None else "", problem=problem,
    )  # fmt: skip
    return v.page(
        "protocol_move.html", status=422 if problem or none else 200, version=version, path=f"/protocols/{key}/{version}",
        cases=cases, more=len(refs) > AT_ONCE, reason=reason, problems=summary([reason]), none=none,
        command=v.new_command(),
    )  # fmt: skip


def _moving(v: Visitor, key: str, version: str, ref: str, chosen: bool) -> Moving:
    try:
        found = migrate_case(v.db, v.actor, ref, version, "", "", dry_run=True, at=v.now)
    except Refused as refused:
        return Moving(ref, [], 0, " ".join(refusals.words(v.t, refused)), False)
    lines = [_words(v, key, version, each) for each in found]
    return Moving(ref, lines[:SHOWN], max(0, len(lines) - SHOWN), "", chosen)


def _words(v: Visitor, key: str, version: str, change: Change) -> str:
    steps = versions.text_of(v.db, key, version).steps
    step = steps.get(change.step.partition("#")[0].partition("~")[0])
    name = v.t.text(step.name) if step else change.step

    def on(day: dt.date | None) -> str:
        return short_day(day, v.t.language, v.today) if day else v.t("case.no_date")

    if change.what == "cancelled":
        return v.t("protocols.falls_away", step=name)
    if change.what == "due":
        return v.t("protocols.moves", step=name, was=on(change.was), now=on(change.now))
    return v.t("protocols.opens", step=name, now=on(change.now))


@router.post("")
def move(key: str, version: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """Move the chosen cases, one decision each, under the same reason. Sent twice it moves nobody twice."""
    must_have(v, "/protocols")
    versions.must_decide(v.actor)
    target = versions.find(v.db, key, version)
    reason = " ".join(str(form.get("reason") or "").split())[:200]
    chosen = [str(each) for each in form.getlist("case")][:AT_ONCE]
    if not reason:
        return _page(v, key, version, form, v.t("protocols.reason_needed"))
    if not chosen or target.in_force_at is None:
        return _page(v, key, version, form, none=True)
    token = str(form.get("command") or v.new_command())[:TOKEN_LENGTH]
    for ref in chosen:
        migrate_case(v.db, v.actor, ref, version, reason, f"web:{v.me.id}:{token}:{ref}", at=v.now)
    return v.to(f"/protocols/{key}/{version}/move", "moved_version")
