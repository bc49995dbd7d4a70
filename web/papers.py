"""On paper for the person concerned: the plan and the leaflet on their rights, in their language."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from casework import papers, reading
from casework.automatic.facts import step_named
from casework.errors import NotFound
from casework.papers import Agreed, Plan
from protocol.state import Occurrence
from web import rendering
from web.dates import hour, long_day
from web.visitor import Visitor, member
from web.words import LANGUAGE_NAMES, LANGUAGES, Words
from web.written import Written

router = APIRouter(prefix="/cases/{ref}/paper")


class Row(NamedTuple):
    track: str
    answers: list[tuple[str, str]]


class Meeting(NamedTuple):
    name: str
    when: str


def _words(language: str) -> Words:
    return Words(language if language in LANGUAGES else LANGUAGES[0])


@router.get("")
def ask(ref: str, v: Visitor = Depends(member)) -> Response:
    """What can be printed, and in which language; the person's own comes first."""
    case = reading.case_for(v.db, v.actor, ref, v.now)
    own = case.person.language if case.person else ""
    languages = sorted(LANGUAGE_NAMES.items(), key=lambda pair: pair[0] != own)
    sees = case.sees.get(papers.PLAN)
    return v.page(
        "papers.html",
        ref=ref,
        languages_of_paper=languages,
        other_language=bool(own) and own not in LANGUAGES,
        plan=sees is not None and sees.allowed,
        leaflet=case.protocol.leaflet is not None,
    )


@router.get("/plan.pdf")
def plan(ref: str, v: Visitor = Depends(member), language: str = Query("nl", max_length=2)) -> Response:
    found, t = papers.plan_of(v.db, v.actor, ref, v.now), _words(language)
    content = rendering.pdf("plan_print.html", {"t": t, **_told(v, t, found)})
    return _pdf(v, content, f"plan-{ref}.pdf")


@router.get("/leaflet.pdf")
def leaflet(ref: str, v: Visitor = Depends(member), language: str = Query("nl", max_length=2)) -> Response:
    case, t = reading.case_for(v.db, v.actor, ref, v.now), _words(language)
    found = case.protocol.leaflet
    if found is None:
        raise NotFound
    parts = [(t.text(part.heading), t.text(part.words)) for part in found.parts]
    content = rendering.pdf("leaflet_print.html", {"t": t, "title": t.text(found.title), "parts": parts})
    return _pdf(v, content, "leaflet.pdf")


def _pdf(v: Visitor, content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return v.answer(Response(content, media_type="application/pdf", headers=headers))


def _told(v: Visitor, t: Words, found: Plan) -> dict[str, object]:
    person, lead = found.person, found.lead
    release = found.case.state.anchors.get("actual_release") or found.case.state.anchors.get("planned_release")
    return {
        "name": f"{person.given_names} {person.family_name}" if person else "",
        "agreed": long_day(found.agreed_on, t.language, year=True) if found.agreed_on else "",
        "release": long_day(release.on, t.language, year=True) if release else "",
        "sure": release is not None and release.certainty == "confirmed",
        "rows": [_row(v, t, found, one) for one in found.lines],
        "meetings": [_meeting(v, t, found, each) for each in found.meetings],
        "lead": lead.name if lead else "",
        "phone": lead.phone if lead else "",
        "made": long_day(v.today, t.language, year=True),
    }


def _row(v: Visitor, t: Words, found: Plan, one: Agreed) -> Row:
    words = Written(t, found.case.protocol, v.names)
    return Row(t.text(one.track), words.answers(one.columns, one.row))


def _meeting(v: Visitor, t: Words, found: Plan, each: Occurrence) -> Meeting:
    step = step_named(found.case.protocol, each.step)
    if each.appointment is not None:
        day = long_day(each.appointment.astimezone(v.zone).date(), t.language)
        when = t("paper.at", day=day, hour=hour(each.appointment, v.zone))
    else:
        when = t("paper.by", day=long_day(each.due, t.language)) if each.due else t("case.no_date")
    return Meeting(t.text(step.name) if step else each.step, when)
