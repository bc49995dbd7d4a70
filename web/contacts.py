"""Contacts of a case: what was noted between the steps, the latest first, and the way to note another."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework import contacts
from casework.contacts import Contact
from casework.reading import CaseView
from protocol.language import Protocol
from web.dates import long_day, moment_words
from web.visitor import Visitor, member
from web.written import Written

router = APIRouter(prefix="/cases/{ref}/contacts")


class Line(NamedTuple):
    day: str
    who: str
    recorded: str
    answers: list[tuple[str, str]]


def sees_contacts(v: Visitor, case: CaseView) -> bool:
    return contacts.may_see(case.protocol, v.actor, case.relation).allowed


@router.get("")
def show(ref: str, v: Visitor = Depends(member)) -> Response:
    found = contacts.noted(v.db, v.actor, ref, v.now)
    return v.page(
        "contacts.html",
        ref=ref,
        lines=[_line(v, found.protocol, each) for each in found.contacts],
        to_note=[(f"/cases/{ref}/report/{key}", v.t.text(name)) for key, name in found.to_note],
    )


def _line(v: Visitor, protocol: Protocol, each: Contact) -> Line:
    t = v.t
    return Line(
        long_day(each.occurred_on, t.language, year=True) if each.occurred_on else "",
        v.names.get(each.by, t.of("who", "unknown")),
        moment_words(each.recorded_at, t.language, v.zone),
        Written(t, protocol, v.names).answers(each.fields, each.values),
    )
