"""A fresh second factor before what weighs most. A page that is opened asks first; a form that is sent is kept.

The page that asks carries everything that was typed along, and sends it again together with the code.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from casework import accounts, protocols, throttle
from web import passkey
from web.browser import CODE_FIELD, PASSKEY_FIELD, asked, with_cookie
from web.forms import summary
from web.signin import control, waits
from web.view_tasks import occurrence_id
from web.visitor import SignInFirst, StepUpFirst, Visitor, member, own_path, posted

router = APIRouter()


class Need(NamedTuple):
    """Forms that are taken only with a fresh second factor."""

    what: str
    route: re.Pattern[str]
    """of a route's path"""
    by_protocol: bool = False
    """only for the steps that the protocol file marks with `step_up`"""


NEEDS = (
    Need("the steps that share, close and erase", re.compile(r"/cases/\{ref\}/steps/\{step\}/(complete|decide)"), True),
    Need("sharing", re.compile(r".*/shar(e|ing)(/.*)?")),
    Need("emergency access", re.compile(r"/emergency")),
    Need("erasure", re.compile(r".*/(retention|eras(e|ure|ures))(/.*)?")),
    Need(
        "administration",
        re.compile(
            r"/(staff|prisons|duty|closing-days|administration|priorities|protocols(?!/new$)|api-clients)(/.*)?"
        ),
    ),
    Need("my account", re.compile(r"/account/(password|recovery-codes|passkeys/remove)|/calendar")),
)
NOT_KEPT = frozenset({"token", CODE_FIELD, PASSKEY_FIELD})


@router.get("/step-up")
def ask(v: Visitor = Depends(member), next: str = Query("/")) -> Response:
    assert v.session is not None
    if v.session.is_confirmed(v.real):
        return v.to(own_path(next))
    return page(v, "/step-up", [("next", own_path(next))])


@router.post("/step-up")
def given(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    v.must_step_up()
    return v.to(own_path(str(form.get("next") or "/")))


def page(v: Visitor, action: str, kept: list[tuple[str, str]], why: StepUpFirst | None = None) -> Response:
    problem = ""
    if why is not None and why.problem:
        problem = waits(v, throttle.Wait(why.seconds)) if why.problem == "wait" else v.t("signin.wrong_code")
    assert v.session is not None
    by_provider = v.session.how == "oidc"
    own = accounts.state(v.db, v.session.member.id)
    hint = v.t("signin.code_hint")
    code = control(v, CODE_FIELD, "text", "signin.code", "one-time-code", hint=hint, problem=problem)
    controls = (code,) if own.app or not by_provider else ()
    status = 429 if why is not None and why.problem == "wait" else 403 if why is not None else 200
    back = dict(kept).get("next", "/") if action == "/step-up" else "/account"
    return v.page(
        "step_up.html", status=status, action=action, kept=kept, controls=controls, problems=summary(controls),
        passkey=passkey.to_give(v, v.session), kept_form=action != "/step-up", provider=f"/oidc/start?next={quote(back)}" if by_provider else "",
    )  # fmt: skip


def first(request: Request, why: StepUpFirst) -> Response:
    """The answer to a request that came without a fresh second factor."""
    path = request.url.path
    if request.method == "GET":
        where = path + (f"?{request.url.query}" if request.url.query else "")
        return with_cookie(request, RedirectResponse(f"/step-up?next={quote(where)}", status_code=303))
    form = asked(request).form or FormData()
    kept = [(name, str(value)) for name, value in form.multi_items() if name not in NOT_KEPT]
    return page(Visitor(request), path, kept, why)


# --- which forms ask for it


def need_of(route: str) -> Need | None:
    """What asks for a second factor on a route, if anything does."""
    return next((need for need in NEEDS if need.route.fullmatch(route)), None)


async def fresh_where_needed(request: Request) -> None:
    """Dependency of every page: a form of the table is taken only with a fresh second factor."""
    if request.method != "POST":
        return
    need = need_of(request.scope["route"].path)
    if need is None:
        return
    await posted(request)
    await run_in_threadpool(_must_be_fresh, request, need)


def _must_be_fresh(request: Request, need: Need) -> None:
    v = Visitor(request)
    if v.staff is None:
        raise SignInFirst
    if not need.by_protocol or _is_marked(v, request.path_params["step"]):
        v.must_step_up()


def _is_marked(v: Visitor, occurrence: str) -> bool:
    """Whether any protocol in force marks this step: which one a case follows is not told before it is read."""
    key = re.split("[~#]", occurrence_id(occurrence))[0]
    with v.db.read() as tx:
        found = [each.steps.get(key) for each in protocols.all_in_force(tx, v.db)]
    return any(step is not None and step.step_up for step in found)
