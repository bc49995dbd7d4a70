"""Signing in with the account of one's own organisation: to its provider, and back."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query
from starlette.responses import RedirectResponse, Response

from casework import accounts, clock, oidc, oidc_accounts, sessions
from casework.errors import NotFound
from casework.oidc_accounts import Came
from web import errors
from web.signin import device_of, enter
from web.visitor import Link, Visitor, own_path, visitor

router = APIRouter(prefix="/oidc")


@router.get("/start")
def start(v: Visitor = Depends(visitor), next: str = Query("/")) -> Response:
    """To the provider; of somebody who is signed in, to confirm that it is still them."""
    if not oidc.is_set_up(v.db.settings):
        raise NotFound
    purpose = "step_up" if v.staff is not None else "sign_in"
    try:
        where = oidc_accounts.send(v.db, v.asked.nonce, own_path(next), purpose=purpose, real=v.real)
    except oidc.ProviderAway:
        return _away(v)
    return v.answer(RedirectResponse(where, status_code=303))


@router.get("/callback")
def back(
    v: Visitor = Depends(visitor),
    state: str = Query("", max_length=4000),
    code: str = Query("", max_length=4000),
    iss: str = Query("", max_length=4000),
) -> Response:
    if not oidc.is_set_up(v.db.settings):
        raise NotFound
    try:
        came = oidc_accounts.came_back(v.db, v.asked.nonce, state, code, iss, real=v.real)
    except oidc.ProviderAway:
        return _away(v)
    except (oidc_accounts.Interrupted, oidc.NotProved):
        return _said(v, 400, "signin.interrupted", "signin.interrupted_said")
    if came.purpose == "step_up":
        return _stepped_up(v, came)
    try:
        member = oidc_accounts.member_of(v.db, came.identity, at=v.now)
    except oidc_accounts.Unknown:
        return _said(v, 403, "signin.unknown", "signin.unknown_said")
    return _entered(v, came, member.id)


def _entered(v: Visitor, came: Came, staff_id: str) -> Response:
    """Signed in, or half-way: the second factor is asked here where the provider's does not count."""
    with v.db.read() as tx:
        member = accounts.member_of(tx, staff_id)
    counts = oidc_accounts.counts_as_second_factor(v.db, came.identity)
    own = accounts.state(v.db, staff_id)
    stage = "factor" if counts or own.app or own.passkeys else "enrol"
    device = device_of(v.request.headers.get("user-agent", ""))
    v.become(sessions.begin(v.db, member, "oidc", stage=stage, real=v.real, language=v.asked.language, device=device))
    if not counts:
        return v.to("/sign-in/code" if stage == "factor" else "/second-factor/new")
    assert v.session is not None
    enter(v, v.session)
    return v.to(own_path(came.back or "/"))


def _stepped_up(v: Visitor, came: Came) -> Response:
    """The provider asked once more, and it is the same person."""
    session, moment = v.session, came.identity.signed_in_at
    fresh = moment is not None and clock.real_now() - moment < sessions.STEP_UP
    if session is None or v.staff is None or not fresh or not oidc_accounts.is_same(v.db, v.staff.id, came.identity):
        return _said(v, 403, "signin.interrupted", "signin.interrupted_said")
    if not oidc_accounts.counts_as_second_factor(v.db, came.identity):
        return _said(v, 403, "signin.interrupted", "signin.no_second_factor")
    secret = sessions.confirm(v.db, session.digest, v.real)
    if secret is None:
        return _said(v, 403, "signin.interrupted", "signin.interrupted_said")
    v.asked.become(secret)
    return v.to(own_path(came.back or "/"))


def _said(v: Visitor, status: int, title: str, words: str) -> Response:
    link = Link("/sign-in", v.t("signin.title")) if v.staff is None else None
    return errors.error_page(v, status, v.t(title), [v.t(words)], link)


def _away(v: Visitor) -> Response:
    return _said(v, 503, "signin.provider_away", "signin.provider_away_said")
