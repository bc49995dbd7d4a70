"""My account: where I am signed in, password, second factor, recovery codes, language."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import accounts, own_account, passkeys, second_factor, sessions
from protocol.errors import Refused
from web import calendar, refusals
from web.dates import moment_words
from web.forms import summary
from web.invitation import codes_page, matching
from web.signin import control
from web.visitor import Visitor, member, posted
from web.words import LANGUAGES

router = APIRouter(prefix="/account")


class SessionRow(NamedTuple):
    ref: str
    device: str
    started: str
    seen: str
    here: bool


@router.get("")
def show(v: Visitor = Depends(member)) -> Response:
    return _page(v)


def _page(v: Visitor, refusal: Refused | None = None) -> Response:
    assert v.session is not None
    said = {refusal.field: " ".join(refusals.words(v.t, refusal))} if refusal else {}
    how = accounts.state(v.db, v.me.id)
    controls = [
        control(v, "new", "password", "signin.new_password", "new-password", hint=v.t("signin.password_hint"),
                problem=said.get("new", "")),
        control(v, "again", "password", "signin.again", "new-password", problem=said.get("again", "")),
    ]  # fmt: skip
    return v.page(
        "account.html",
        status=422 if refusal else 200,
        facts=[(v.t("account.name"), v.me.name), (v.t("account.roles"), v.role_names(v.me.roles)),
               (v.t("signin.email"), v.me.email or v.t("account.no_email"))],
        rows=[_row(v, line) for line in sessions.of(v.db, v.me.id, v.real)],
        absences=f"/absences/{v.me.id}",
        calendar=calendar.standing(v),
        own=v.session.how == "password",
        spoken=v.me.language,
        app=how.app,
        passkeys=how.passkeys,
        left=second_factor.recovery_codes_left(v.db, v.me.id),
        controls=controls,
        problems=summary(controls),
    )  # fmt: skip


def _row(v: Visitor, line: sessions.Line) -> SessionRow:
    assert v.session is not None

    def when(moment: object) -> str:
        return moment_words(moment, v.t.language, v.zone)  # type: ignore[arg-type]

    device = line.device or v.t("account.unknown_device")
    return SessionRow(line.ref, device, when(line.started_at), when(line.seen_at), line.ref == v.session.ref)


@router.post("/language")
def speak(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """The language of the pages, and of the mails."""
    wanted = str(form.get("language") or "")
    if wanted in LANGUAGES:
        own_account.speak(v.db, v.me.id, wanted, v.now)
        v.speak(wanted)
    return v.to("/account", "language_set")


@router.post("/sessions/end")
def end_one(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    sessions.end_one(v.db, v.me.id, str(form.get("session") or "")[:40])
    return v.to("/account", "session_ended")


@router.post("/sessions/end-all")
def end_all(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """Everywhere means here too."""
    own_account.sign_out_everywhere(v.db, v.me.id, b"", v.now)
    v.leave()
    return v.to("/signed-out")


@router.post("/password")
def change_password(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    v.must_step_up()
    assert v.session is not None
    if v.session.how != "password":
        return v.to("/account")
    try:
        own_account.change_password(v.db, v.me, matching(form), v.session.digest, v.now)
    except Refused as refusal:
        return _page(v, refusal)
    return v.to("/account", "password_changed")


@router.post("/passkeys/remove")
def remove_passkeys(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """Only where the app is left: nobody may lock themselves out."""
    v.must_step_up()
    if accounts.state(v.db, v.me.id).app:
        passkeys.remove_all(v.db, v.me.id, v.now)
    return v.to("/account", "passkeys_removed")


@router.post("/recovery-codes")
def renew_codes(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    v.must_step_up()
    assert v.session is not None
    if v.session.how == "demo":
        return v.to("/account")
    return codes_page(v, own_account.renew_recovery_codes(v.db, v.me.id, v.now))
