"""A one-time link: its owner sets a password, then the second factor, and gets recovery codes. Also: another app."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import segno
from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import own_account, passkeys, second_factor, sessions
from casework.own_account import LinkOwner
from casework.statements import Tx
from protocol.errors import Refused
from web import errors, passkey, refusals
from web.browser import PASSKEY_FIELD
from web.forms import summary
from web.signin import control, enter
from web.visitor import SignInFirst, Visitor, posted, visitor

router = APIRouter()
PASSWORD_WORDS = {"new": "new-password", "again": "new-password", "email": "username"}


@router.get("/invitation/{secret}")
def show(secret: str, v: Visitor = Depends(visitor)) -> Response:
    owner = own_account.of_link(v.db, secret, v.real)
    return _page(v, owner, secret) if owner else _over(v)


def _over(v: Visitor) -> Response:
    """Used, replaced, too old or never made: the answer is the same."""
    said = [v.t("signin.link_over_said"), v.t("signin.ask_administrator")]
    return errors.error_page(v, 410, v.t("signin.link_over"), said)


def _page(v: Visitor, owner: LinkOwner, secret: str, refusal: Refused | None = None, email: str = "") -> Response:
    problem = refusals.words(v.t, refusal) if refusal else ("", "")
    said = {refusal.field: " ".join(problem)} if refusal else {}
    controls = [
        control(v, "new", "password", "signin.new_password", "new-password", hint=v.t("signin.password_hint"),
                problem=said.get("new", "")),
        control(v, "again", "password", "signin.again", "new-password", problem=said.get("again", "")),
    ]  # fmt: skip
    if not owner.member.email:
        first = control(v, "email", "email", "signin.email", "username", value=email, problem=said.get("email", ""))
        controls.insert(0, first)
    return v.page(
        "invitation.html", status=422 if refusal else 200, controls=controls, problems=summary(controls), secret=secret,
        owner=owner.member, email=owner.member.email,
    )  # fmt: skip


@router.post("/invitation")
def set_password(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    secret, email = str(form.get("link") or ""), str(form.get("email") or "")[:200]
    owner = own_account.of_link(v.db, secret, v.real)
    if owner is None:
        return _over(v)
    try:
        own_account.set_first_password(v.db, owner, matching(form), email, v.now)
    except Refused as refusal:
        return _page(v, owner, secret, refusal, email)
    language = v.asked.language or owner.member.language
    v.become(
        sessions.begin(v.db, owner.member, "password", stage="enrol", link=owner.digest, real=v.real, language=language)
    )
    return v.to("/second-factor/new")


def matching(form: FormData) -> str:
    """The new password, typed twice. Raises Refused."""
    new, again = str(form.get("new") or ""), str(form.get("again") or "")
    if new != again:
        raise Refused("password.again", "both passwords must be the same", "type it twice", "again")
    return new


# --- the second factor


def _setting(v: Visitor) -> sessions.Current:
    """The session of somebody who may set the second factor now."""
    found = v.session
    if found is None or found.stage == "factor" or found.how == "demo":
        raise SignInFirst
    if found.stage == "open":
        v.must_step_up()
    return found


@router.get("/second-factor/new")
def ask_app(v: Visitor = Depends(visitor)) -> Response:
    return _app_page(v, _setting(v))


def _app_page(v: Visitor, setting: sessions.Current, problem: str = "") -> Response:
    secret = second_factor.new_secret(v.db, setting.member.id)
    code = segno.make(second_factor.address(secret, setting.member.email), error="m")
    asked = control(v, "code", "text", "signin.first_code", "one-time-code", problem=problem)
    return v.page(
        "app.html",
        status=422 if problem else 200,
        picture=Markup(code.svg_inline(scale=4, light="#fff", title=v.t("signin.qr"))),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        controls=(asked,),
        problems=summary([asked]),
        passkey=passkey.to_make(v, setting),
    )


@router.post("/second-factor/new")
def take_app(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    setting = _setting(v)
    code = str(form.get("code") or "")

    def set_app(tx: Tx) -> None:
        second_factor.set_app(v.db, tx, setting.member.id, code, v.real)

    return _finished(v, setting, "app", set_app)


@router.post("/second-factor/passkey")
def set_passkey(v: Visitor = Depends(visitor), form: FormData = Depends(posted)) -> Response:
    setting = _setting(v)
    try:
        row = passkeys.new(v.db, setting, str(form.get(PASSKEY_FIELD) or ""), v.now)
    except second_factor.WrongCode:
        return _app_page(v, setting, v.t("signin.passkey_failed"))
    return _finished(v, setting, "passkey", lambda tx: passkeys.add(tx, row))


def _finished(v: Visitor, setting: sessions.Current, kind: str, set_factor: Callable[[Tx], None]) -> Response:
    """The second factor is set: signed in, with recovery codes on the screen."""
    link = setting.link if setting.stage == "enrol" else None
    try:
        codes = own_account.finish(v.db, setting.member.id, link, kind, set_factor, v.now)
    except second_factor.WrongCode:
        return _app_page(v, setting, v.t("signin.wrong_code"))
    except Refused:
        v.leave()
        return _over(v)
    if setting.stage == "enrol":
        enter(v, setting)
    return codes_page(v, codes)


def codes_page(v: Visitor, codes: list[str]) -> Response:
    return v.page("recovery_codes.html", codes=codes, day=dt.date.isoformat(v.today))
