"""News of a case: an exceptional event with its form, a date that became known or moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework.cases import perform
from casework.errors import NotAllowed, NotFound
from casework.reading import CaseView, case_for
from protocol.commands import RecordAnchor, ReportEvent
from protocol.errors import Problem, Refused
from protocol.language import Event
from protocol.visibility import may
from web import refusals
from web.announce import CERTAINTIES
from web.audience import Audience, of_event
from web.classified import confirmation, unconfirmed
from web.dates import read_day
from web.disputed import about
from web.forms import Control, Maker, Option, summary, typed_in
from web.view_task import Said, Typed, day_control, problems_of
from web.view_tasks import task_path
from web.visitor import TOKEN_LENGTH, Visitor, member, posted

router = APIRouter(prefix="/cases/{ref}")


@dataclass(frozen=True)
class Ask:
    """A page with one form."""

    title: str
    lead: str
    action: str
    back: str
    back_words: str
    button: str
    command: str
    controls: list[Control]
    seen_by: Audience | None = None
    """who will read what is typed; None: nothing is"""


def _must(v: Visitor, case: CaseView, action: str, event: str = "") -> None:
    decision = may(case.protocol, v.actor, action, event, case.relation)
    if not decision.allowed:
        raise NotAllowed(decision.reason)


def _page(v: Visitor, ask: Ask, typed: Typed, refused: Said | None = None) -> Response:
    wrong = summary(ask.controls)
    if typed.problems and not wrong and refused is None:
        refused = Said(v.t("error.refused"), v.t.sentence(typed.problems[0].remedy))
    status = 422 if wrong or refused else 200
    return v.page("ask.html", status=status, ask=ask, problems=wrong, refused=refused)


def _command(v: Visitor, typed: Typed) -> str:
    return typed.command or v.new_command()


# an exceptional event


def _event(case: CaseView, key: str) -> Event:
    found = case.protocol.events.get(key)
    if found is None:
        raise NotFound
    return found


def _event_page(v: Visitor, case: CaseView, key: str, typed: Typed, refused: Said | None = None) -> Response:
    event = _event(case, key)
    people = sorted(v.names.items(), key=lambda pair: pair[1])
    maker = Maker(v.t, case.protocol.tracks, people, typed.values, typed.problems, typed.grown)
    ask = Ask(
        title=v.t.text(event.name),
        lead=v.t("contacts.form_lead") if event.log else v.t("date.report_lead"),
        action=f"/cases/{case.ref}/report/{key}",
        back=f"/cases/{case.ref}",
        back_words=v.t("case.number_title", ref=case.ref),
        button=v.t("contacts.save") if event.log else v.t("date.report_save"),
        command=_command(v, typed),
        controls=[
            *maker.controls(event.form.fields),
            *about(v, case, event, typed),
            day_control(v, typed),
            *confirmation(v.t, typed.problems),
        ],
        seen_by=of_event(v, case, event),
    )
    return _page(v, ask, typed, refused)


@router.get("/report/{key}")
def ask_event(ref: str, key: str, v: Visitor = Depends(member)) -> Response:
    case = case_for(v.db, v.actor, ref, v.now)
    _event(case, key)
    _must(v, case, "report", key)
    current = {"lead": case.lead, "deputy": case.deputy}
    named = {each.key: current.get(each.key) for each in _event(case, key).form.fields if each.type == "staff"}
    return _event_page(v, case, key, Typed(values=named))


@router.post("/report/{key}")
def report_event(ref: str, key: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    case = case_for(v.db, v.actor, ref, v.now)
    fields = typed_in(_event(case, key).form.fields, form, case.protocol.tracks)
    values: dict[str, Any] = {**fields, "occurred_on": str(form.get("occurred_on") or "")}
    command = str(form.get("command") or "")[:TOKEN_LENGTH]
    values["about"] = [str(each) for each in form.getlist("about")]
    if form.get("add"):
        return _event_page(v, case, key, Typed("", values, (), str(form.get("add")), command))
    warned = unconfirmed(case.protocol, _event(case, key).form.fields, fields, form)
    if warned:
        return _event_page(v, case, key, Typed("", values, warned, "", command))
    try:
        day = dt.date.fromisoformat(read_day(values["occurred_on"]))
    except ValueError:
        problem = Problem("occurred_on", "form.date", "")
        return _event_page(v, case, key, Typed("", values, (problem,), "", command))
    try:
        news = ReportEvent(event=key, occurred_on=day, fields=fields, about=tuple(values["about"]))
        performed = perform(v.db, v.actor, ref, news, v.command_id(form), v.now)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        problems = problems_of(refusal)
        said = None if problems else Said(*refusals.words(v.t, refusal))
        return _event_page(v, case, key, Typed("", values, problems, "", command), said)
    if any(each.type == "staff" for each in _event(case, key).form.fields):
        return v.to("/tasks", "report")  # who handed the case over may not open it any more
    mine = next((each.id for each in performed.events if each.kind == "step_assigned" and each.staff == v.actor.id), "")
    if mine:  # what was asked for is theirs to write now
        return v.to(task_path(ref, mine), "report")
    return v.to(f"/cases/{ref}/contacts", "contact") if _event(case, key).log else v.to(f"/cases/{ref}", "report")


# a date


def _anchors(case: CaseView) -> dict[str, str]:
    """Dates that people record; the one that opened the case stands."""
    return {key: key for key in case.protocol.anchors if key != case.protocol.opens_with}


def _date_controls(
    v: Visitor, case: CaseView, values: Mapping[str, Any], problems: tuple[Problem, ...]
) -> list[Control]:
    t, wrong = v.t, {problem.field for problem in problems}
    anchors = case.protocol.anchors
    which, certainty = str(values.get("anchor", "")), str(values.get("certainty", "confirmed"))
    bad_day = wrong & {"on", which} if which else wrong & {"on"}
    words = t("problem.form_date") if any(p.rule == "form.date" for p in problems) else t("refusal.date_future_remedy")
    return [
        Control(
            "anchor", "anchor", "radios", t("date.which"),
            options=tuple(Option(key, t.text(anchors[key].name), key == which) for key in _anchors(case)),
            problem=t("problem.form_required") if "anchor" in wrong else "",
        ),
        Control(
            "on", "on", "date", t("date.on"), hint=t("date.on_hint"), required=False, value=str(values.get("on", "")),
            problem=words if bad_day else "",
        ),
        Control(
            "certainty", "certainty", "radios", t("date.certainty"),
            options=tuple(Option(k, t.of("certainty", k).capitalize(), k == certainty) for k in CERTAINTIES),
        ),
    ]  # fmt: skip


def _date_page(v: Visitor, case: CaseView, typed: Typed, refused: Said | None = None) -> Response:
    ask = Ask(
        title=v.t("date.title"),
        lead=v.t("date.lead"),
        action=f"/cases/{case.ref}/dates",
        back=f"/cases/{case.ref}",
        back_words=v.t("case.number_title", ref=case.ref),
        button=v.t("date.save"),
        command=_command(v, typed),
        controls=_date_controls(v, case, typed.values, typed.problems),
    )
    return _page(v, ask, typed, refused)


@router.get("/dates")
def ask_date(ref: str, v: Visitor = Depends(member)) -> Response:
    case = case_for(v.db, v.actor, ref, v.now)
    _must(v, case, "record_date")
    return _date_page(v, case, Typed())


@router.post("/dates")
def record_date(ref: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    case = case_for(v.db, v.actor, ref, v.now)
    values = {name: str(form.get(name) or "") for name in ("anchor", "on", "certainty")}
    command = str(form.get("command") or "")[:TOKEN_LENGTH]
    if values["anchor"] not in _anchors(case):
        return _date_page(v, case, Typed("", values, (Problem("anchor", "form.required", ""),), "", command))
    try:
        day = dt.date.fromisoformat(read_day(values["on"])) if values["on"] else None
    except ValueError:
        return _date_page(v, case, Typed("", values, (Problem("on", "form.date", ""),), "", command))
    certainty = values["certainty"] if values["certainty"] in CERTAINTIES else "confirmed"
    try:
        news = RecordAnchor(anchor=values["anchor"], on=day, certainty=certainty)
        perform(v.db, v.actor, ref, news, v.command_id(form), v.now)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        problems = problems_of(refusal)
        said = None if problems else Said(*refusals.words(v.t, refusal))
        return _date_page(v, case, Typed("", values, problems, "", command), said)
    return v.to(f"/cases/{ref}", "date")
