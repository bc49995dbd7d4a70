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

from casework import clock, notices, partnership, protocols, sessions, staff
from casework.sessions import Current
from casework.staff import StandIn
from models.people import Staff
from protocol.commands import Actor
from protocol.language import Protocol
from protocol.workdays import WorkCalendar
from web import rendering
from web.browser import FormRefused, SignInFirst, StepUpFirst, asked, posted, with_cookie
from web.words import LANGUAGE_NAMES, LANGUAGES, Words

__all__ = [
    "TOKEN_LENGTH", "FormRefused", "Link", "Me", "SignInFirst", "StepUpFirst", "Visitor", "member", "own_path", "posted",
    "visitor",
]  # fmt: skip
TOKEN_LENGTH = 40


class Link(NamedTuple):
    href: str
    label: str
    current: bool = False


class Me(NamedTuple):
    name: str
    role: str


class Visitor:
    """One request: the session, the acting person, the words of the page, the moment."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.asked = asked(request)
        self.db = self.asked.db
        self.signer = self.asked.signer
        self.now = clock.now()
        self.real = self.asked.real
        self.approved = False
        """whether the newest protocol is signed; known once it was read"""

    # who

    @cached_property
    def demo(self) -> bool:
        return partnership.is_demo(self.db)

    @property
    def session(self) -> Current | None:
        """The session, also one in which the sign-in is not finished."""
        return self.asked.session

    @property
    def staff(self) -> Staff | None:
        """Who is signed in, with the roles held now. Only a demo lets one be chosen."""
        found = self.session
        if found is None or found.stage != "open" or (found.how == "demo" and not self.demo):
            return None
        return found.member

    @property
    def me(self) -> Staff:
        if self.staff is None:
            raise SignInFirst
        return self.staff

    @cached_property
    def actor(self) -> Actor:
        """The acting person; the roles and the work of absent colleagues come with it while they are away."""
        return staff.actor_of(self.db, self.me, self.stands_in)

    @cached_property
    def stands_in(self) -> list[StandIn]:
        return staff.standing_in(self.db, self.me, self.now)

    def has(self, *roles: str) -> bool:
        return self.staff is not None and bool(set(roles) & set(self.actor.roles))

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
            self.approved = found is not None and protocols.status(tx, found) == "approved"
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

    @cached_property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    # words

    @cached_property
    def t(self) -> Words:
        wanted = self.asked.language or (self.session.member.language if self.session else None)
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
        from web.guidance import sentences
        from web.menu import menus

        nav, more_nav = menus(self) if self.staff else ([], [])
        done = self.request.query_params.get("done", "")
        return {
            "t": self.t,
            "me": Me(self.staff.name, self.role_names(self.staff.roles[:1])) if self.staff else None,
            "unseen": notices.unseen(self.db, self.actor, self.now) if self.staff else 0,
            "guidance": sentences(self),
            "nav": nav,
            "more_nav": more_nav,
            "token": self.signer.token(self.asked.nonce),
            "path": self.request.url.path,
            "languages": list(LANGUAGE_NAMES.items()),
            "demo": self.demo,
            "signed_in": self.staff is not None,
            "informal": self.has_protocol and not self.approved,
            "done": self.t.of("done", done) if done and self.t.known("done", done) else "",
        }

    def to(self, path: str, done: str = "") -> Response:
        """See other: a reload never sends a form again."""
        return self.answer(RedirectResponse(f"{path}?done={done}" if done else path, status_code=303))

    def become(self, secret: str) -> None:
        """The browser gets another session: a new id, so that an old one is worth nothing and old forms die."""
        old = self.session
        if old is not None:
            sessions.end(self.db, old.digest)
        self.asked.become(secret)
        self.__dict__.pop("t", None)

    def leave(self) -> None:
        """The browser has no session any more; the language stays."""
        self.asked.leave(self.t.language)

    def speak(self, language: str) -> None:
        """The language of the pages from now on."""
        if self.session is not None:
            sessions.speak(self.db, self.session.digest, language)
        else:
            self.asked.leave(language)

    def must_step_up(self) -> None:
        """Go on only with a second factor given in the last ten minutes; else the page that asks for it comes first.

        For what is decided inside a page; routes that always need it stand in `web.step_up.NEEDS`.
        """
        found = self.session
        if found is None or self.staff is None:
            raise SignInFirst
        if not found.is_confirmed(self.real):
            raise StepUpFirst

    def answer(self, response: Response) -> Response:
        return with_cookie(self.request, response)


def visitor(request: Request) -> Visitor:
    """Dependency: whoever asks."""
    return Visitor(request)


def member(request: Request) -> Visitor:
    """Dependency: somebody of the staff; else the page to sign in."""
    found = Visitor(request)
    _ = found.me
    return found


def own_path(path: str) -> str:
    """A path of ours to go back to; anything else leads to the first page."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"
