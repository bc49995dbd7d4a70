"""The browser that asks: its session, the token of its forms, and the cookie that the answer carries."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartParser
from starlette.responses import Response

from casework import clock, passkeys, second_factor, sessions, throttle
from casework.db import Database
from casework.sessions import Current
from web.security import UPLOAD_LIMIT, TooLarge, same_origin
from web.session import LASTS, Before, Signer, cookie_name, set_cookie

# A file that is sent stays in memory: nothing unsealed is written to the disk.
MultiPartParser.spool_max_size = UPLOAD_LIMIT
CODE_FIELD = "step_up_code"
PASSKEY_FIELD = "step_up_passkey"
"""of any form: the second factor, given with it"""


class SignInFirst(Exception):
    """Nobody is signed in."""


class StepUpFirst(Exception):
    """The second factor was not given lately. `problem`: a word of `stepup` about the code that was given."""

    def __init__(self, problem: str = "", seconds: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.seconds = seconds


class FormRefused(Exception):
    """The form does not come from our own page, or its page is too old."""


class Asked:
    """What a request says about who asks: found once per request, also when several parts of it want to know."""

    def __init__(self, request: Request) -> None:
        self.db: Database = request.app.state.db
        self.signer: Signer = request.app.state.signer
        self.real = clock.real_now()
        self.public_url = self.db.settings.public_url
        self.cookie = request.cookies.get(cookie_name(self.public_url))
        self.fresh: str | None = None
        """what the answer's cookie will hold, where it changes"""
        self.form: FormData | None = None

    @property
    def had_session(self) -> bool:
        """Whether the browser holds the id of a session, be it over or not."""
        return 20 < len(self.cookie or "") < 100 and "." not in (self.cookie or "")

    @cached_property
    def session(self) -> Current | None:
        """The session that holds now, whatever its stage."""
        return sessions.find(self.db, self.cookie or "", self.real) if self.had_session else None

    @cached_property
    def before(self) -> Before:
        """The browser itself, while nobody is signed in."""
        wall = int(self.real.timestamp())
        found = self.signer.read(self.cookie, wall)
        if found is None:
            found = self.signer.new(wall)
            self.fresh = self.fresh or self.signer.cookie(found)
        return found

    @property
    def nonce(self) -> str:
        """What the token of this browser's forms is made of."""
        return self.session.form if self.session else self.before.nonce

    @property
    def language(self) -> str | None:
        """The language that was chosen in this browser; None: none yet."""
        return self.session.language if self.session else self.before.language

    def become(self, secret: str) -> None:
        """From now on the browser holds this session."""
        self.cookie = self.fresh = secret
        self.__dict__.pop("session", None)

    def leave(self, language: str | None) -> None:
        """From now on the browser holds no session."""
        before = self.signer.new(int(self.real.timestamp()), language)
        self.cookie = self.fresh = self.signer.cookie(before)
        self.__dict__.pop("before", None)
        self.__dict__["session"] = None


def asked(request: Request) -> Asked:
    """The one `Asked` of this request."""
    found: Asked | None = getattr(request.state, "asked", None)
    if found is None:
        found = request.state.asked = Asked(request)
    return found


def with_cookie(request: Request, response: Response) -> Response:
    """The answer, with the cookie where it changed."""
    found = asked(request)
    _ = found.nonce
    if found.fresh is not None:
        seconds = found.db.settings.session_hours * 3600 if "." not in found.fresh else LASTS
        set_cookie(response, found.fresh, found.public_url, seconds)
    return response


async def posted(request: Request) -> FormData:
    """Dependency of every form: sent from our own page, in this session. A code for a step-up in it is used."""
    return await _taken(request, most_files=0)


async def uploaded(request: Request) -> FormData:
    """Dependency of the forms that bring one file."""
    return await _taken(request, most_files=1)


async def _taken(request: Request, most_files: int) -> FormData:
    found = asked(request)
    if found.form is not None:
        return found.form
    if request.scope.get("sluis.too_large"):
        raise TooLarge
    form = await request.form(max_files=most_files, max_fields=600)
    nonce = await run_in_threadpool(lambda: found.nonce)
    if found.had_session and found.session is None:
        raise SignInFirst
    if found.fresh is not None or not found.signer.is_token(nonce, str(form.get("token") or "")):
        raise FormRefused
    if not same_origin(request.headers.get("origin"), request.headers.get("host"), found.public_url):
        raise FormRefused
    found.form = form
    if (form.get(CODE_FIELD) or form.get(PASSKEY_FIELD)) and found.session is not None:
        await run_in_threadpool(_confirm, found, form)
    return form


def _confirm(found: Asked, form: FormData) -> None:
    """A code came with a form: where it is right the session counts as confirmed, under a new id."""
    session = found.session
    if session is None or session.stage != "open" or session.is_confirmed(found.real):
        return
    try:
        give_factor(found.db, session, form, CODE_FIELD, real=found.real)
    except second_factor.WrongCode:
        raise StepUpFirst("wrong") from None
    except throttle.Wait as wait:
        raise StepUpFirst("wait", wait.seconds) from None
    secret = sessions.confirm(found.db, session.digest, found.real)
    if secret is None:
        raise SignInFirst
    found.become(secret)


def give_factor(db: Database, session: Current, form: FormData, field: str, *, real: dt.datetime) -> None:
    """The second factor of a form: a passkey, or a code in this field. Raises WrongCode, throttle.Wait."""
    passkey, at = str(form.get(PASSKEY_FIELD) or ""), clock.now()
    if passkey:
        passkeys.confirm(db, session, passkey, at=at, real=real)
    else:
        second_factor.confirm(db, session.member.id, str(form.get(field) or ""), at=at, real=real)
