"""A fresh second factor before what weighs most. A page that is opened asks first; a form that is sent is kept.

The page that asks carries everything that was typed along, and sends it again together with the code.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from casework import throttle
from web.browser import CODE_FIELD, asked, with_cookie
from web.forms import summary
from web.signin import control, waits
from web.visitor import StepUpFirst, Visitor, member, own_path, posted

router = APIRouter()
NOT_KEPT = frozenset({"token", CODE_FIELD})


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
    hint = v.t("signin.code_hint")
    code = control(v, CODE_FIELD, "text", "signin.code", "one-time-code", hint=hint, problem=problem)
    status = 429 if why is not None and why.problem == "wait" else 403 if why is not None else 200
    return v.page("step_up.html", status=status, action=action, kept=kept, controls=(code,), problems=summary([code]))


def first(request: Request, why: StepUpFirst) -> Response:
    """The answer to a request that came without a fresh second factor."""
    path = request.url.path
    if request.method == "GET":
        where = path + (f"?{request.url.query}" if request.url.query else "")
        return with_cookie(request, RedirectResponse(f"/step-up?next={quote(where)}", status_code=303))
    form = asked(request).form or FormData()
    kept = [(name, str(value)) for name, value in form.multi_items() if name not in NOT_KEPT]
    return page(Visitor(request), path, kept, why)
