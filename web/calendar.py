"""A calendar to subscribe to: one's own due days and appointments, by case number and step, never with a name."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import icalendar
from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import calendar_links, clock, protocols, staff
from casework.db import Database
from casework.errors import NotFound
from casework.lists import Task, in_calendar
from models.people import Staff
from web.dates import moment_words
from web.view_tasks import task_path, title
from web.visitor import Visitor, member, posted
from web.words import LANGUAGES, Words

router = APIRouter()
APPOINTMENT = dt.timedelta(hours=1)
"""how long an appointment is drawn: nobody says how long it will take"""
AGAIN = dt.timedelta(hours=1)
"""how often a calendar program should fetch it"""


@router.post("/calendar")
def change(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """A new address, shown this once; or none any more."""
    if form.get("stop"):
        calendar_links.stop(v.db, v.me.id, v.now)
        return v.to("/account", "calendar_stopped")
    secret = calendar_links.make(v.db, v.me.id, v.now, v.real)
    address = f"{v.db.settings.public_url.rstrip('/')}/calendar/{secret}.ics"
    return v.page("calendar.html", address=address)


def standing(v: Visitor) -> str:
    """What the page of the account says about the address; empty: there is none."""
    found = calendar_links.of(v.db, v.me.id)
    if found is None:
        return ""
    made = moment_words(found.made_at, v.t.language, v.zone)
    if found.used_at is None:
        return v.t("calendar.never_used", made=made)
    return v.t("calendar.used", made=made, used=moment_words(found.used_at, v.t.language, v.zone))


@router.get("/calendar/{secret}.ics")
def fetch(secret: str, request: Request) -> Response:
    """For a calendar program, which does not sign in: the address itself is the secret."""
    db: Database = request.app.state.db
    owner = calendar_links.whose(db, secret, clock.real_now())
    if owner is None:
        raise NotFound
    return Response(written(db, owner, clock.now()), media_type="text/calendar; charset=utf-8")


def written(db: Database, owner: Staff, at: dt.datetime) -> bytes:
    """The calendar as it stands at `at`."""
    t = Words(owner.language if owner.language in LANGUAGES else LANGUAGES[0])
    made = icalendar.Calendar()
    made.add("prodid", "-//sluis//sluis//")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "sluis")
    made.add("refresh-interval", AGAIN, parameters={"value": "DURATION"})
    for task in in_calendar(db, staff.actor_of(db, owner, staff.standing_in(db, owner, at)), at):
        for event in _events(db, t, task, at):
            made.add_component(event)
    return bytes(made.to_ical())


def _events(db: Database, t: Words, task: Task, at: dt.datetime) -> list[icalendar.Event]:
    """The day on which it is due, and the appointment that was made."""
    with db.read() as tx:
        protocol = protocols.version(tx, db, task.protocol, task.version)
    name = title(t, protocol, task.step, task.n, t.text(task.name))
    words = f"{t('case.number', ref=task.ref)} · {name}"
    found = []
    if task.due_on is not None:
        due = _event(db, task, at, "due", t("calendar.due", what=words))
        due.add("dtstart", task.due_on)
        due.add("transp", "TRANSPARENT")  # a due day keeps nobody busy
        found.append(due)
    if task.appointment is not None:
        start = task.appointment.astimezone(ZoneInfo("UTC"))
        met = _event(db, task, at, "appointment", words)
        met.add("dtstart", start)
        met.add("dtend", start + APPOINTMENT)
        found.append(met)
    return found


def _event(db: Database, task: Task, at: dt.datetime, kind: str, words: str) -> icalendar.Event:
    address = db.settings.public_url.rstrip("/")
    made = icalendar.Event()
    made.add("uid", f"{kind}-{task.ref}-{task.id}@{address.partition('://')[2]}")
    made.add("dtstamp", at)
    made.add("summary", words)
    made.add("url", f"{address}{task_path(task.ref, task.id)}")
    made.add("class", "PRIVATE")
    return made
