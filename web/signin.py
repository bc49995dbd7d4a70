"""Signing in and out: a password, then the second factor. What is wrong is never told more precisely than needed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import oidc, second_factor, sessions, sign_in, throttle
from web import passkey
from web.browser import give_factor
from web.forms import Control, summary
from web.visitor import SignInFirst, Visitor, own_path, posted, visitor

router = APIRouter()
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")
NAMES = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}
LIMIT = {"maxlength": 200}


def device_of(agent: str) -> str:
    """Browser and system in a word each, for the list of one's own sessions; the rest is nobody's business."""
    found = [next((word for word in words if word in agent), "") for words in (BROWSERS, SYSTEMS)]
    return " · ".join(NAMES.get(word, word) for word in found if word)


def control(v: Visitor, name: str, kind: str, word: str, autocomplete: str = "off", **more: Any) -> Control:
    """One question of these pages."""
    return Control(name, name, kind, v.t(word), autocomplete=autocomplete, limits=LIMIT, **more)


def waits(v: Visitor, wait: throttle.Wait) -> str:
    minutes = -(-wait.seconds // 60)
    return v.t.count("signin.wait", minutes)


def client(v: Visitor) -> str:
    return v.request.client.host if v.request.client else ""


# --- the first half


@router.get("/sign-in")
def ask(v: Visitor = Depends(visitor), next: str = Query("")) -> Response:
    if v.staff is not None:
        return v.to(own_path(next or "/"))
    return _page(v, next)


def _page(v: Visitor, back: str, email: str = "", said: str = "", status: int = 200) -> Response:
    controls = (
        control(v, "email", "email", "signin.email", "username", value=email),
        control(v, "password", "password", "signin.password", "current-password"),
    )
    return v.page("sign_in.html", status=status, controls=controls, said=said, back=back, provider=provider(v, back))


def provider(v: Visitor, back: str) -> str:
    """The address of the button that leads to one's own organisation; empty where there is none."""
    return f"/oidc/start{_next(back)}" if oidc.is_set_up(v.db.settings) else ""


@router.post("/sign-in")
def first_half(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    email, back = str(form.get("email") or "")[:200], str(form.get("next") or "")
    try:
        member = sign_in.with_password(v.db, email, str(form.get("password") or ""), client(v), at=v.now, real=v.real)
    except sign_in.Failed:
        return _page(v, back, email, v.t("signin.failed"), 403)
    except throttle.Wait as wait:
        return _page(v, back, email, waits(v, wait), 429)
    v.become(sessions.begin(v.db, member, "password", stage="factor", real=v.real, language=v.asked.language))
    return v.to(f"/sign-in/code{_next(back)}")


def _next(back: str) -> str:
    path = own_path(back or "/")
    return "" if path == "/" else f"?next={quote(path)}"


# --- the second half


def half_way(v: Visitor) -> sessions.Current:
    """The session of somebody who gave the password and not yet the second factor."""
    if v.session is None or v.session.stage != "factor":
        raise SignInFirst
    return v.session


@router.get("/sign-in/code")
def ask_code(v: Visitor = Depends(visitor), next: str = Query("")) -> Response:
    half_way(v)
    return _code_page(v, next)


def _code_page(v: Visitor, back: str, problem: str = "", status: int = 200) -> Response:
    hint = v.t("signin.code_hint")
    asked = control(v, "code", "text", "signin.code", "one-time-code", hint=hint, problem=problem)
    return v.page(
        "code.html",
        status=status,
        controls=(asked,),
        problems=summary([asked]),
        back=back,
        passkey=passkey.to_give(v, half_way(v)),
    )


@router.post("/sign-in/code")
def second_half(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    half, back = half_way(v), str(form.get("next") or "")
    try:
        give_factor(v.db, half, form, "code", real=v.real)
    except second_factor.WrongCode:
        return _code_page(v, back, v.t("signin.wrong_code"), 403)
    except throttle.Wait as wait:
        return _code_page(v, back, waits(v, wait), 429)
    enter(v, half)
    return v.to(own_path(back or "/"))


def enter(v: Visitor, half: sessions.Current) -> None:
    """The sign-in is finished: a session under a new id."""
    device = device_of(v.request.headers.get("user-agent", ""))
    v.become(sign_in.opened(v.db, half.member, half.how, at=v.now, real=v.real, language=half.language, device=device))


# --- out


@router.post("/sign-out")
def leave(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    if v.session is not None:
        sign_in.out(v.db, v.session.member.id, v.session.digest, v.now)
    v.leave()
    return v.to("/signed-out")


@router.get("/signed-out")
def left(v: Visitor = Depends(visitor)) -> Response:
    return v.page("signed_out.html")
