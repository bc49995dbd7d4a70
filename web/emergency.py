"""Emergency access: the number of the case and why it cannot wait. It is told at once, reviewed, and ends by itself."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import emergency
from casework.errors import NotAllowed, NotFound
from casework.search import case_number
from protocol.errors import Problem, Refused
from protocol.language import Form
from web import refusals
from web.forms import Control, Maker, summary, typed_in
from web.view_task import Said, problems_of
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/emergency"


def _form(v: Visitor) -> Form:
    found = emergency.form_for(v.protocol, v.actor)
    if found is None:
        raise NotAllowed("the protocol gives none of your roles access to this")
    return found


def _page(
    v: Visitor, typed: dict[str, object], problems: tuple[Problem, ...] = (), refused: Said | None = None
) -> Response:
    t, form = v.t, _form(v)
    wrong = {problem.field for problem in problems}
    number = Control(
        "ref", "ref", "text", t("emergency.number"), t("emergency.number_hint"), value=str(typed.get("ref", "")),
        problem=t("emergency.unknown") if "ref" in wrong else "", autocomplete="off",
    )  # fmt: skip
    controls = [number, *Maker(t, v.protocol.tracks, [], typed, problems).controls(form.fields)]
    found = summary(controls)
    status = 422 if found or refused else 200
    return v.page(
        "emergency.html", status=status, controls=controls, problems=found, refused=refused, command=v.new_command()
    )


@router.get(PAGE)
def ask(v: Visitor = Depends(member)) -> Response:
    return _page(v, {})


@router.post(PAGE)
def open_access(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    fields = typed_in(_form(v).fields, form, v.protocol.tracks)
    typed = {**fields, "ref": str(form.get("ref") or "")[:20]}
    ref = case_number(typed["ref"])
    missing: tuple[Problem, ...] = () if ref is not None else (Problem("ref", "form.number", ""),)
    missing += tuple(Problem(key, "form.required", "") for key, value in fields.items() if not value)
    if ref is None or missing:
        return _page(v, typed, missing)
    try:
        emergency.open_access(v.db, v.actor, ref, fields, v.command_id(form), v.now)
    except NotAllowed:
        raise
    except NotFound:
        return _page(v, typed, (Problem("ref", "form.number", ""),))
    except Refused as refusal:
        if refusal.rule == emergency.NEEDLESS:
            return v.to(f"/cases/{ref}")
        problems = problems_of(refusal)
        said = None if problems else Said(*refusals.words(v.t, refusal))
        return _page(v, typed, problems, said)
    return v.to(f"/cases/{ref}", "emergency")
