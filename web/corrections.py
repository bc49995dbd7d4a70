"""Mending a mistake: a step recorded wrongly, a date that is not right. What changes is shown before it is saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework.cases import perform
from casework.corrections import Correction, Preview, preview
from casework.errors import NotAllowed, NotFound
from casework.reading import CaseView, case_for
from protocol.commands import CorrectAnchor, CorrectStep, UndoStep
from protocol.errors import Problem, Refused
from protocol.visibility import may
from web import refusals
from web.dates import long_day, read_day, short_day
from web.forms import Control, Option, summary
from web.told import Teller
from web.view_case import names_for
from web.view_task import Said, TaskView, Typed, problems_of
from web.view_tasks import occurrence_id
from web.visitor import TOKEN_LENGTH, Visitor, member, posted

router = APIRouter(prefix="/cases/{ref}")
DAY = "wrong_date"
STEP_MISTAKES = {
    DAY: "correction.step_wrong_date",
    "wrong_answer": "correction.step_wrong_answer",
    "by_accident": "correction.step_by_accident",
    "wrong_case": "correction.step_wrong_case",
}
DATE_MISTAKES = {
    DAY: "correction.date_wrong_date",
    "by_accident": "correction.date_by_accident",
    "wrong_case": "correction.date_wrong_case",
}
TOLD_APART = frozenset(
    {"anchor_known", "notice_chosen", "milestone_reached", "milestone_lost", "phase_entered", "step_corrected"}
)
"""Events told as they are; what becomes of steps is told from how they stand before and after."""


class Shown(NamedTuple):
    """What the correction would change, and what must come back with the form that saves it."""

    lines: list[str]
    kept: list[tuple[str, str]]
    command: str


class Correcting(NamedTuple):
    title: str
    lead: str
    action: str
    back: str
    back_words: str
    controls: list[Control]
    elsewhere: str = ""
    """another page that may be meant"""


class _Unfit(Exception):
    def __init__(self, field: str, rule: str = "form.required") -> None:
        super().__init__()
        self.problem = Problem(field, rule, "")


def may_mend(view: TaskView) -> bool:
    """Whether there is something to mend in a step, and this person may."""
    return view.occurrence.status in ("done", "waived") and view.may("mend")


def may_correct_dates(v: Visitor, case: CaseView) -> bool:
    known = any(key in case.state.anchors for key in case.protocol.anchors if key != case.protocol.opens_with)
    return known and may(case.protocol, v.actor, "correct", "", case.relation).allowed


def _day(form: FormData, name: str) -> dt.date:
    typed = str(form.get(name) or "")
    if not typed:
        raise _Unfit(name)
    try:
        return dt.date.fromisoformat(read_day(typed))
    except ValueError:
        raise _Unfit(name, "form.date") from None


def _mistake(form: FormData, known: Mapping[str, str]) -> str:
    what = str(form.get("what") or "")
    if what not in known:
        raise _Unfit("what")
    return what


# questions


def _said(v: Visitor, problems: tuple[Problem, ...], *fields: str) -> str:
    found = next((problem for problem in problems if problem.field in fields), None)
    if found is None:
        return ""
    key = found.rule.replace(".", "_").replace("-", "_")
    return v.t.of("problem", key) if v.t.known("problem", key) else v.t.of("refusal", f"{key}_remedy")


def _what(v: Visitor, typed: Typed, known: Mapping[str, str]) -> Control:
    chosen = str(typed.values.get("what", ""))
    options = tuple(Option(key, v.t(words), key == chosen) for key, words in known.items())
    problem = _said(v, typed.problems, "what")
    return Control("what", "what", "radios", v.t("correction.what"), options=options, problem=problem)


def _right_day(v: Visitor, typed: Typed, also: str = "") -> Control:
    fields = ("on", "occurred_on", also)
    return Control(
        "on", "on", "date", v.t("correction.right_day"), hint=v.t("correction.right_day_hint"), required=False,
        sometimes=True, value=str(typed.values.get("on", "")), problem=_said(v, typed.problems, *fields),
    )  # fmt: skip


# a step


def _step_page(v: Visitor, view: TaskView, typed: Typed, **more: Any) -> Response:
    far = not view.may_be_undone()
    page = Correcting(
        title=v.t("correction.title", what=view.title),
        lead=v.t("correction.step_lead", day=long_day(view.occurrence.settled_on or v.today, v.t.language, year=True)),
        action=f"{view.href}/correct",
        back=view.href,
        back_words=view.title,
        controls=[_what(v, typed, STEP_MISTAKES), _right_day(v, typed)],
        elsewhere=f"/cases/{view.case.ref}/dates/correct" if far and may_correct_dates(v, view.case) else "",
    )
    return _page(v, page, typed, **more)


def _mendable(v: Visitor, ref: str, step: str) -> TaskView:
    view = TaskView(v, ref, step)
    if not view.may("mend"):
        raise NotAllowed(view.why_not("mend"))
    return view


@router.get("/steps/{step}/correct")
def ask_step(ref: str, step: str, v: Visitor = Depends(member)) -> Response:
    return _step_page(v, _mendable(v, ref, step), Typed())


@router.post("/steps/{step}/correct")
def correct_step(ref: str, step: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    view = _mendable(v, ref, step)
    id = occurrence_id(step)

    def make() -> Correction:
        what = _mistake(form, STEP_MISTAKES)
        if what == DAY:
            return CorrectStep(id=id, occurred_on=_day(form, "on"), reason=what)
        return UndoStep(id=id, reason=what)

    def page(typed: Typed, **more: Any) -> Response:
        return _step_page(v, view, typed, **more)

    return _mend(v, view.case, form, make, page)


# a date


def _anchors(case: CaseView) -> list[str]:
    """Dates that are known; the one that opened the case stands."""
    return [key for key in case.protocol.anchors if key != case.protocol.opens_with and key in case.state.anchors]


def _date_page(v: Visitor, case: CaseView, typed: Typed, **more: Any) -> Response:
    t, chosen = v.t, str(typed.values.get("anchor", ""))
    known = _anchors(case)
    days = {key: long_day(case.state.anchors[key].on, t.language, year=True) for key in known}
    options = tuple(
        Option(key, f"{t.text(case.protocol.anchors[key].name)}: {days[key]}", key == chosen or len(known) == 1)
        for key in known
    )
    problem = _said(v, typed.problems, "anchor")
    which = Control("anchor", "anchor", "radios", t("correction.which_date"), options=options, problem=problem)
    page = Correcting(
        title=t("correction.date_title"),
        lead=t("correction.date_lead"),
        action=f"/cases/{case.ref}/dates/correct",
        back=f"/cases/{case.ref}",
        back_words=t("case.number_title", ref=case.ref),
        controls=[which, _what(v, typed, DATE_MISTAKES), _right_day(v, typed, chosen)] if known else [],
    )
    return _page(v, page, typed, **more)


def _dated(v: Visitor, ref: str) -> CaseView:
    case = case_for(v.db, v.actor, ref, v.now)
    decision = may(case.protocol, v.actor, "correct", "", case.relation)
    if not decision.allowed:
        raise NotAllowed(decision.reason)
    return case


@router.get("/dates/correct")
def ask_date(ref: str, v: Visitor = Depends(member)) -> Response:
    return _date_page(v, _dated(v, ref), Typed())


@router.post("/dates/correct")
def correct_date(ref: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    case = _dated(v, ref)

    def make() -> Correction:
        anchor = str(form.get("anchor") or "")
        if anchor not in case.protocol.anchors or anchor == case.protocol.opens_with:
            raise _Unfit("anchor")
        what = _mistake(form, DATE_MISTAKES)
        return CorrectAnchor(anchor=anchor, on=_day(form, "on") if what == DAY else None, reason=what)

    def page(typed: Typed, **more: Any) -> Response:
        return _date_page(v, case, typed, **more)

    return _mend(v, case, form, make, page)


# both


def _page(
    v: Visitor, page: Correcting, typed: Typed, shown: Shown | None = None, refused: Said | None = None, moved: str = ""
) -> Response:
    wrong = summary(page.controls)
    if typed.problems and not wrong and refused is None:
        refused = Said(v.t("error.refused"), v.t.sentence(typed.problems[0].remedy))
    status = 422 if wrong or refused else 200
    return v.page("correction.html", status=status, ask=page, shown=shown, problems=wrong, refused=refused, moved=moved)


def _mend(v: Visitor, case: CaseView, form: FormData, make: Any, page: Any) -> Response:
    """Show what would change; save it when it was seen, and the case did not move on in between."""
    values = {name: str(form.get(name) or "") for name in ("what", "on", "anchor") if form.get(name)}
    command = str(form.get("command") or "")[:TOKEN_LENGTH] or v.new_command()
    try:
        wanted: Correction = make()
        found = preview(v.db, v.actor, case.ref, wanted, v.command_id(form), v.now)
        saves, seen = bool(form.get("save")), str(form.get("seen") or "") == str(found.seq)
        if found.repeated or (saves and seen):
            perform(v.db, v.actor, case.ref, wanted, v.command_id(form), v.now)
            return v.to(f"/cases/{case.ref}", "corrected")
    except _Unfit as unfit:
        return page(Typed("", values, (unfit.problem,)))
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        problems = problems_of(refusal)
        said = None if problems else Said(*refusals.words(v.t, refusal))
        return page(Typed("", values, problems), refused=said)
    kept = [*values.items(), ("seen", str(found.seq)), ("save", "yes")]
    shown = Shown(_lines(v, case, found), kept, command)
    return page(Typed("", values), shown=shown, moved=v.t("correction.moved_on") if saves else "")


def _lines(v: Visitor, case: CaseView, found: Preview) -> list[str]:
    """What becomes of dates and steps, a sentence each."""
    teller = Teller(v.t, case.protocol, found.state, names_for(v, case))
    said = [teller.sentence(event) for event in found.events if event.kind in TOLD_APART]
    lines = [sentence.words for sentence in said if sentence is not None]
    t = v.t
    for change in found.changes:
        step = teller.step(change.step)
        was, now = (short_day(day, t.language) if day else t("case.no_date") for day in (change.was, change.now))
        words = {
            "due": "correction.line_due",
            "opened": "correction.line_opened",
            "reopened": "correction.line_reopened",
            "cancelled": "correction.line_cancelled",
        }[change.what]
        lines.append(t(words, step=step, was=was, now=now))
    return lines
