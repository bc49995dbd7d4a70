"""Who asks, in which language, at what moment: what every page needs before it can show anything."""

from __future__ import annotations

import datetime as dt
import secrets
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from casework import clock, partnership, protocols, staff
from casework.db import Database
from casework.errors import StaffUnknown
from models.people import Staff
from protocol.commands import Actor
from protocol.language import Protocol
from protocol.workdays import WorkCalendar
from web import rendering
from web.security import TooLarge, same_origin
from web.session import COOKIE, LASTS, Session, Signer
from web.words import LANGUAGE_NAMES, LANGUAGES, Words

TOKEN_LENGTH = 40


class Link(NamedTuple):
    href: str
    label: str
    current: bool = False


class Me(NamedTuple):
    name: str
    role: str


class SignInFirst(Exception):
    """Nobody was chosen yet."""


class FormRefused(Exception):
    """The form does not come from our own page, or its page is too old."""


class Visitor:
    """One request: the session, the acting person, the words of the page, the moment."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.db: Database = request.app.state.db
        self.signer: Signer = request.app.state.signer
        self.now = clock.now()
        self._wall = int(clock.real_now().timestamp())
        found = self.signer.read(request.cookies.get(COOKIE), self._wall)
        self.session: Session = found or self.signer.new(self._wall)
        self.is_new = found is None

    # who

    @cached_property
    def demo(self) -> bool:
        return partnership.is_demo(self.db)

    @cached_property
    def staff(self) -> Staff | None:
        """The chosen person; only a demo lets one choose."""
        if self.session.staff is None or not self.demo:
            return None
        try:
            found = staff.find(self.db, self.session.staff)
        except StaffUnknown:
            return None
        return found if found.left_at is None else None

    @property
    def me(self) -> Staff:
        if self.staff is None:
            raise SignInFirst
        return self.staff

    @cached_property
    def actor(self) -> Actor:
        return Actor(id=self.me.id, roles=tuple(self.me.roles), service=self.me.service)

    def has(self, *roles: str) -> bool:
        return self.staff is not None and bool(set(roles) & set(self.staff.roles))

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of those who work here, by id."""
        return {member.id: member.name for member in staff.everybody(self.db)}

    # which protocol

    @cached_property
    def _protocol(self) -> tuple[Protocol | None, WorkCalendar | None]:
        with self.db.read() as tx:
            found = next(iter(protocols.all_newest(tx, self.db)), None)
            if found is not None and found.about != "person":
                found = next((each for each in protocols.all_newest(tx, self.db) if each.about == "person"), found)
            return found, protocols.calendar(tx, self.db, found) if found else None

    @property
    def protocol(self) -> Protocol:
        """The newest protocol about persons: for roles, lists and the words of forms that belong to no case yet."""
        found = self._protocol[0]
        assert found is not None
        return found

    @property
    def calendar(self) -> WorkCalendar:
        found = self._protocol[1]
        assert found is not None
        return found

    @property
    def has_protocol(self) -> bool:
        return self._protocol[0] is not None

    @cached_property
    def zone(self) -> ZoneInfo:
        return self.calendar.zone if self.has_protocol else ZoneInfo("Europe/Brussels")

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    # words

    @cached_property
    def t(self) -> Words:
        wanted = self.session.language or (self.staff.language if self.staff else None)
        return Words(wanted if wanted in LANGUAGES else self._browser_language())

    def _browser_language(self) -> str:
        accepted = self.request.headers.get("accept-language", "")[:200].lower()
        codes = [part.partition(";")[0].strip()[:2] for part in accepted.split(",")]
        return next((code for code in codes if code in LANGUAGES), LANGUAGES[0])

    def role_names(self, roles: list[str]) -> str:
        known = self.protocol.roles if self.has_protocol else {}
        return ", ".join(self.t.text(known[role].name) if role in known else role for role in roles)

    def new_command(self) -> str:
        """The id of what a form will do: sent twice, it has its effect once."""
        return secrets.token_urlsafe(16)

    def command_id(self, form: FormData) -> str:
        """The command id of a form, bound to this person."""
        token = str(form.get("command") or "")[:TOKEN_LENGTH]
        return f"web:{self.me.id}:{token}" if token else f"web:{self.me.id}:{self.new_command()}"

    # answers

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        return self.answer(rendering.page(template, {**self.frame(), **context}, status))

    def frame(self) -> dict[str, Any]:
        """What the frame of every page needs."""
        from web.menu import menus

        nav, more_nav = menus(self) if self.staff else ([], [])
        done = self.request.query_params.get("done", "")
        return {
            "t": self.t,
            "me": Me(self.staff.name, self.role_names(self.staff.roles[:1])) if self.staff else None,
            "nav": nav,
            "more_nav": more_nav,
            "token": self.signer.token(self.session),
            "path": self.request.url.path,
            "languages": list(LANGUAGE_NAMES.items()),
            "demo": self.demo,
            "informal": self.has_protocol and self.protocol.status != "approved",
            "done": self.t.of("done", done) if done and self.t.known("done", done) else "",
        }

    def to(self, path: str, done: str = "") -> Response:
        """See other: a reload never sends a form again."""
        return self.answer(RedirectResponse(f"{path}?done={done}" if done else path, status_code=303))

    def become(self, staff_id: str | None = None, language: str | None = None, *, fresh: bool = False) -> None:
        """Change the session: another person gets a new one, so that old forms die with the old person."""
        if fresh:
            self.session = self.signer.new(self._wall, staff_id, language)
        else:
            self.session = self.session._replace(staff=staff_id, language=language)
        self.is_new = True

    def answer(self, response: Response) -> Response:
        if self.is_new:
            secure = self.db.settings.public_url.startswith("https:")
            cookie = self.signer.cookie(self.session)
            response.set_cookie(COOKIE, cookie, max_age=LASTS, httponly=True, samesite="lax", secure=secure, path="/")
        return response


def visitor(request: Request) -> Visitor:
    """Dependency: whoever asks."""
    return Visitor(request)


def member(request: Request) -> Visitor:
    """Dependency: somebody of the staff; else the page to choose a person."""
    found = Visitor(request)
    _ = found.me
    return found


async def posted(request: Request) -> FormData:
    """Dependency of every form: sent from our own page, in this session."""
    if request.scope.get("sluis.too_large"):
        raise TooLarge
    form = await request.form(max_files=0, max_fields=600)
    signer: Signer = request.app.state.signer
    session = signer.read(request.cookies.get(COOKIE), int(clock.real_now().timestamp()))
    headers, public_url = request.headers, request.app.state.db.settings.public_url
    if session is None or not signer.is_token(session, str(form.get("token") or "")):
        raise FormRefused
    if not same_origin(headers.get("origin"), headers.get("host"), public_url):
        raise FormRefused
    return form


def own_path(path: str) -> str:
    """A path of ours to go back to; anything else leads to the first page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"
