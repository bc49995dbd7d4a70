"""How the system is doing: database, deadlines, outbox, scheduler. Works when the scheduler is away."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from typing import Any, NamedTuple

import httpx
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from casework import clock, heartbeats
from casework.automatic.sending import unsent
from casework.automatic.waiting import waiting
from casework.db import Database
from casework.heartbeats import Beat
from models.base import table_of
from models.outbox import Outbox
from web.visitor import Visitor, visitor
from web.words import Words

router = APIRouter()
SWEEP_MINUTES = 5
"""after this long without a sweep somebody should look"""
STUCK = dt.timedelta(minutes=30)
"""after this long in the outbox somebody should look"""
PATIENCE = 0.8
"""seconds to wait for the scheduler's answer"""
OWN_LINE = frozenset({"sweep", "prefect", "mail"})
"""parts that have a line of their own on the page"""
_OUTBOX = table_of(Outbox)
_DEAD = sa.select(sa.func.count()).select_from(_OUTBOX).where(_OUTBOX.c.dead)


class Health(NamedTuple):
    database: bool
    sweep: Beat | None
    waiting: int
    oldest: dt.datetime | None
    given_up: int
    prefect: bool
    prefect_seen: Beat | None
    silent: tuple[Beat, ...] = ()
    """parts with a schedule that did not do their work in time"""
    mail_set_up: bool = False
    mail_waits: int = 0
    mail_failed: int = 0
    """messages that the mail server did not take yet"""

    @property
    def swept_lately(self) -> bool:
        return self.sweep is not None and self.sweep.minutes_ago < SWEEP_MINUTES and not self.sweep.failing_since

    @property
    def delivers(self) -> bool:
        """Whether nothing was given up and nothing waits for long."""
        late = self.oldest is not None and clock.now() - self.oldest > STUCK
        return not self.given_up and not late

    @property
    def well(self) -> bool:
        runs = self.database and self.swept_lately and self.prefect and not self.silent
        return runs and self.delivers and not self.mail_failed


class Part(NamedTuple):
    """A line of the page. `remedy` says what somebody can do; empty while all is well."""

    name: str
    well: bool
    words: str
    remedy: str = ""


def prefect_answers(url: str) -> bool:
    try:
        return httpx.get(f"{url.rstrip('/')}/health", timeout=PATIENCE).status_code < 500
    except httpx.HTTPError:
        return False


def look(db: Database) -> Health:
    """Never raises: a part that is away is what this page is for."""
    prefect = prefect_answers(db.settings.prefect_api_url)
    try:
        beats = {beat.part: beat for beat in heartbeats.beats(db)}
        found = waiting(db, clock.now(), clock.real_now())
        with db.session() as session:
            dead = int(session.connection().execute(_DEAD).scalar_one())
        mail = unsent(db, clock.now())
    except Exception:
        return Health(False, None, 0, None, 0, prefect, None)
    # without a mail server messages stay in sluis, where they are read: nothing is stuck then
    found = [each for each in found if each.kind != "mail"]
    oldest = min((each.since for each in found), default=None)
    rows = sum(each.rows for each in found)
    silent = tuple(beat for part, beat in sorted(beats.items()) if beat.silent and part not in OWN_LINE)
    mail_set_up = db.settings.smtp_url is not None
    return Health(
        True, beats.get("sweep"), rows, oldest, dead, prefect, beats.get("prefect"), silent, mail_set_up, *mail
    )


def ago(t: Words, minutes: int) -> str:
    return t.count("health.minutes", minutes) if minutes else t("health.just_now")


def sweep_words(t: Words, beat: Beat | None) -> str:
    return t("health.last_sweep", when=ago(t, beat.minutes_ago)) if beat else t("health.never_swept")


def _parts(v: Visitor, health: Health) -> list[Part]:
    from web.dates import moment_words

    t = v.t
    outbox = t.count("health.waiting", health.waiting)
    if health.oldest is not None:
        outbox += ", " + t("health.oldest", when=moment_words(health.oldest, t.language, v.zone))
    if health.given_up:
        outbox += ", " + t("health.given_up", n=health.given_up)
    answers = t("health.answers") if health.prefect else t("health.no_answer")
    if health.prefect_seen is not None and not health.prefect:
        answers += f" ({ago(t, health.prefect_seen.minutes_ago)})"
    rows = [
        ("database", health.database, t("health.answers" if health.database else "health.no_answer")),
        ("sweep", health.swept_lately, sweep_words(t, health.sweep)),
        ("work", not health.silent, _work(t, health)),
        ("outbox", health.delivers, outbox),
        ("mail", not health.mail_failed, _mail(t, health)),
        ("prefect", health.prefect, answers),
    ]
    return [
        Part(t.of("health", name), well, words, "" if well else t.of("health", f"{name}_remedy"))
        for name, well, words in rows
    ]


def _work(t: Words, health: Health) -> str:
    silent = [f"{beat.part} ({ago(t, beat.minutes_ago)})" for beat in health.silent]
    return t("health.silent", parts=", ".join(silent)) if silent else t("health.in_time")


def _mail(t: Words, health: Health) -> str:
    if not health.mail_set_up:
        return t("health.no_mail")
    words = t.count("health.mail_waits", health.mail_waits)
    return words + (", " + t("health.mail_failed", n=health.mail_failed) if health.mail_failed else "")


@router.get("/health")
def page(v: Visitor = Depends(visitor)) -> Response:
    health = look(v.db)
    return v.page(
        "health.html",
        healthy=health.well,
        rows=_parts(v, health),
        administers=v.has("administrator"),
        stands_at=version("sluis"),
    )


@router.get("/health.json")
def for_machines(request: Request) -> JSONResponse:
    """200 as long as the database answers: without the scheduler everything but reminders goes on."""
    health = look(request.app.state.db)
    answer: dict[str, Any] = {
        "database": health.database,
        "well": health.well,
        "last_sweep": health.sweep.at.isoformat() if health.sweep else None,
        "minutes_since_sweep": health.sweep.minutes_ago if health.sweep else None,
        "outbox_waiting": health.waiting,
        "outbox_oldest": health.oldest.isoformat() if health.oldest else None,
        "outbox_given_up": health.given_up,
        "prefect": health.prefect,
        "silent": [beat.part for beat in health.silent],
        "mail_set_up": health.mail_set_up,
        "mail_failed": health.mail_failed,
    }
    return JSONResponse(answer, status_code=200 if health.database else 503)
