"""The page of one step: complete it, decide second, waive, move, assign, make an appointment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import drafts, priorities, prisons
from casework.cases import perform
from casework.errors import NotAllowed, NotFound
from casework.subject_access import REQUEST
from protocol import commands as c
from protocol.errors import Problem, Refused
from web import classified, refusals, rendering, task_more
from web.corrections import may_mend
from web.dates import read_day
from web.forms import summary, typed_in
from web.menu import READS_PRISONS, has_tasks
from web.security import SCRIPTED
from web.view_case import sees_own_part_only
from web.view_task import Said, TaskView, Typed, problems_of
from web.view_tasks import occurrence_id
from web.visitor import TOKEN_LENGTH, Visitor, member, posted

router = APIRouter(prefix="/cases/{ref}/steps/{step}")
OWN_CONTROLS = ("occurred_on", "agree", "field", "to", "staff", "reason", "at")
"""names that are no fields of a protocol's form"""
DAY_LENGTH = 20


def _page(view: TaskView, typed: Typed, refused: Said | None = None, status: int = 200) -> Response:
    completing, deciding, others = view.completing(typed), view.deciding(typed), task_more.others(view, typed)
    if completing:  # what is typed is kept as a draft while somebody types
        view.v.request.scope["state"][SCRIPTED] = True
    shown = [*(completing.controls if completing else ()), *(deciding.controls if deciding else ())]
    shown += [control for other in others for control in other.controls]
    wrong = summary(shown)
    if typed.problems and not wrong and refused is None:
        refused = Said(view.t("error.refused"), typed.problems[0].remedy)
    return view.v.page(
        "task.html",
        status=status,
        task=view.heading(),
        complete=completing,
        decide=deciding,
        others=others,
        proposals=task_more.proposed_people(view),
        checks=task_more.checks(view),
        said="" if completing or deciding else _said(view),
        mend=f"{view.href}/correct" if may_mend(view) else "",
        problems=wrong,
        refused=refused,
        copy_href=_copy(view),
        practical=_practical(view),
        htmx=rendering.address("htmx.js"),
    )


def _practical(view: TaskView) -> tuple[str, str] | None:
    """Where hours and numbers of the prison stand, for those who may know where the person is."""
    name = view.case.prison
    if not name or not view.occurrence.open or not view.v.has(*READS_PRISONS) or sees_own_part_only(view.v, view.case):
        return None
    known = prisons.id_of(view.v.db, name)
    return (f"/prisons/{known}", view.t("prisons.practical", name=name)) if known else None


def _copy(view: TaskView) -> str:
    """Where the copy of the person's file is made, while their access request is being answered."""
    asked = view.occurrence.open and view.occurrence.trigger == REQUEST and view.may("complete")
    return f"/cases/{view.case.ref}/copy" if asked else ""


def _said(view: TaskView) -> str:
    """Why there is nothing to fill in."""
    if not view.occurrence.open:
        return view.t("task.settled_already")
    return view.t("task.waits_second") if view.occurrence.status == "proposed" else view.t("task.not_yours")


@router.get("")
def show(ref: str, step: str, v: Visitor = Depends(member)) -> Response:
    return _page(TaskView(v, ref, step), Typed())


Make = Callable[[str], Any]
"""From the id of an occurrence to a command; raises _Unfit."""


def _sent(form: FormData, action: str, values: dict[str, Any], problems: tuple[Problem, ...], grown: str = "") -> Typed:
    return Typed(action, values, problems, grown, str(form.get("command") or "")[:TOKEN_LENGTH])


def _do(
    v: Visitor, ref: str, step: str, form: FormData, action: str, values: dict[str, Any], make: Make,
    then: Callable[[], None] | None = None,
) -> Response:  # fmt: skip
    """Carry a form out; what is refused is shown again with what was typed. `then` follows what was done now."""
    try:
        performed = perform(v.db, v.actor, ref, make(occurrence_id(step)), v.command_id(form), v.now)
        if then is not None and not performed.repeated:
            then()
    except _Unfit as unfit:
        return _page(TaskView(v, ref, step), _sent(form, action, values, unfit.problems), status=422)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        if refusals.is_conflict(refusal):
            raise
        view, problems = TaskView(v, ref, step), problems_of(refusal)
        on_form = any(_is_control(problem.field, view) for problem in problems)
        said = None if on_form else Said(*refusals.words(v.t, refusal))
        return _page(view, _sent(form, action, values, problems), said, 422)
    return _away(v, action)


def _away(v: Visitor, done: str) -> Response:
    return v.to("/tasks" if has_tasks(v) else "/", done)


def _is_control(field: str, view: TaskView) -> bool:
    return field in OWN_CONTROLS or field.partition(".")[0] in {each.key for each in view.form.fields}


class _Unfit(Exception):
    """What was typed makes no command."""

    def __init__(self, *fields: str, rule: str = "form.required") -> None:
        super().__init__()
        self.problems = tuple(Problem(field, rule, "") for field in fields)


def _day(form: FormData, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(read_day(str(form.get(name) or "")))
    except ValueError:
        raise _Unfit(name, rule="form.date") from None


@router.post("/complete")
def complete(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    try:
        view = TaskView(v, ref, step)
    except NotFound:
        return _sent_before(v, ref, step, form)
    fields = typed_in(view.form.fields, form, view.case.protocol.tracks)
    values = {**fields, "occurred_on": str(form.get("occurred_on") or "")}
    if form.get("add"):
        return _page(view, _sent(form, "complete", values, (), str(form.get("add"))))
    warned = classified.unconfirmed(view.case.protocol, view.form.fields, fields, form)
    if warned:
        return _page(view, _sent(form, "complete", values, warned), status=422)

    def make(id: str) -> c.CompleteStep:
        return c.CompleteStep(id=id, occurred_on=_day(form, "occurred_on"), fields=fields)

    def sent() -> None:
        drafts.drop(v.db, v.actor, view.case.id, view.occurrence.id)

    return _do(v, ref, step, form, "complete", values, make, sent)


@router.post("/draft")
def draft(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """What was typed so far is kept as it is: nothing is checked before the form is sent."""
    view = TaskView(v, ref, step)
    values = {
        **typed_in(view.form.fields, form, view.case.protocol.tracks),
        "occurred_on": str(form.get("occurred_on") or "")[:DAY_LENGTH],
    }
    drafts.save(v.db, v.actor, ref, view.occurrence.id, values, v.now)
    if v.request.headers.get("hx-request"):
        return v.page("parts/draft.html", said=view.draft_words(v.now))
    return _away(v, "draft")


@router.post("/draft/drop")
def drop_draft(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    view = TaskView(v, ref, step)
    drafts.drop(v.db, v.actor, view.case.id, view.occurrence.id)
    return v.to(view.href, "draft_dropped")


def _sent_before(v: Visitor, ref: str, step: str, form: FormData) -> Response:
    """Sent a second time by somebody who may not see the case any more now that the step is done."""
    again = c.CompleteStep(id=occurrence_id(step), occurred_on=v.today)
    try:
        perform(v.db, v.actor, ref, again, v.command_id(form), v.now)
    except Refused:
        raise NotFound from None
    return _away(v, "complete")


@router.post("/decide")
def decide(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    narrowed = _narrowed(v, ref, step, form)
    values = {**narrowed, **{name: str(form.get(name) or "") for name in ("agree", "field", "priority")}}
    if narrowed and values["agree"] == "yes":
        view = TaskView(v, ref, step)
        warned = classified.unconfirmed(view.case.protocol, view.narrowing_fields(), narrowed, form)
        if warned:
            return _page(view, _sent(form, "decide", values, warned), status=422)

    def make(id: str) -> c.DecideSecond:
        if values["agree"] not in ("yes", "no"):
            raise _Unfit("agree")
        agree = values["agree"] == "yes"
        field = None if agree else values["field"] or None
        return c.DecideSecond(id=id, agree=agree, field=field, occurred_on=v.today, narrowed=narrowed if agree else {})

    def count() -> None:
        if values["agree"] == "yes" and values["priority"]:
            priorities.count_one(v.db, values["priority"], v.today)

    return _do(v, ref, step, form, "decide", values, make, count)


def _narrowed(v: Visitor, ref: str, step: str, form: FormData) -> dict[str, Any]:
    """What the second person wants to share, where the step shares something; empty: the form did not ask."""
    if not any(name.startswith("f.") for name in form):
        return {}
    try:
        view = TaskView(v, ref, step)
    except NotFound:
        return {}
    return typed_in(view.narrowing_fields(), form, view.case.protocol.tracks)


@router.post("/waive")
def waive(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    reason = str(form.get("reason") or "")

    def make(id: str) -> c.WaiveStep:
        if reason not in task_more.WAIVER_REASONS:
            raise _Unfit("reason")
        return c.WaiveStep(id=id, reason=reason, occurred_on=v.today)

    return _do(v, ref, step, form, "waive", {"reason": reason}, make)


@router.post("/move")
def move(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    def make(id: str) -> c.MoveOccurrence:
        return c.MoveOccurrence(id=id, to=_day(form, "to"))

    return _do(v, ref, step, form, "move", {"to": str(form.get("to") or "")}, make)


@router.post("/assign")
def assign(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    chosen = str(form.get("staff") or "")

    def make(id: str) -> c.AssignStep:
        if chosen not in v.names:
            raise _Unfit("staff")
        return c.AssignStep(id=id, staff=chosen)

    return _do(v, ref, step, form, "assign", {"staff": chosen}, make)


@router.post("/appoint")
def appoint(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    at = str(form.get("at") or "")

    def make(id: str) -> c.Appoint:
        if not at:
            return c.Appoint(id=id, at=None)
        try:
            moment = dt.datetime.fromisoformat(at)
        except ValueError:
            raise _Unfit("at", rule="form.datetime") from None
        return c.Appoint(id=id, at=moment.replace(tzinfo=v.zone).astimezone(dt.UTC))

    return _do(v, ref, step, form, "appoint", {"at": at}, make)
