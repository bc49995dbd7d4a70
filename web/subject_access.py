"""The person's own file: a page to read it through, and the same as PDF and as JSON. It is stored nowhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from casework import subject_access
from casework.subject_access import Copy
from web import rendering
from web.dates import language_name, long_day, moment_words, short_day
from web.visitor import Visitor, member, posted
from web.written import Written

router = APIRouter(prefix="/cases/{ref}/copy")


def told(v: Visitor, copy: Copy) -> dict[str, Any]:
    """The copy in words, in the language of the page."""
    t, protocol = v.t, copy.protocol
    words = Written(t, protocol, v.names)

    def step_name(key: str, n: int = 1) -> str:
        step = protocol.steps.get(key) or protocol.events.get(key)
        name = t.text(step.name) if step else key
        return f"{name} {n}" if n > 1 else name

    def kind(key: str) -> str:
        return t.text(protocol.item_kinds[key]) if key in protocol.item_kinds else step_name(key)

    person = copy.person
    return {
        "ref": copy.ref,
        "made": moment_words(copy.made_at, t.language, v.zone),
        "person": [
            (t("case.name"), f"{person.given_names} {person.family_name}"),
            (t("case.birth_date"), short_day(person.birth_date, t.language)),
            (t("case.language"), language_name(person.language, t.language)),
            (t("case.prison"), person.prison),
            (t("case.reference"), person.reference),
        ] if person else [],
        "dates": [
            (t.text(protocol.anchors[key].name), long_day(value.on, t.language, year=True))
            for key, value in copy.state.anchors.items()
        ],
        "steps": [
            (step_name(each.step, each.n), t.of("status", each.status), _on(v, each.settled_on or each.due))
            for each in copy.state.steps.values()
            if not (protocol.steps.get(each.step) and protocol.steps[each.step].settled_on_due_day)
        ],
        "written": [
            (step_name(one.step, one.n), long_day(one.occurred_on, t.language, year=True) if one.occurred_on else "",
             t.of("service", one.service), words.answers(one.fields, one.values))
            for one in copy.written
        ],
        "received": [(kind(item), t.of("service", service), _day(v, at)) for item, service, at in copy.received],
        "documents": [(kind(item), t.text(protocol.handling_codes[code]), _day(v, at)) for item, code, at in copy.documents],
        "reads": [(t.of("service", service), count) for service, count in copy.reads.items()],
        "withheld": [
            (kind(one.kind), t.of("ground", one.ground), v.role_names([one.decider]), short_day(one.review_on, t.language))
            for one in copy.withheld
        ],
    }  # fmt: skip


def _on(v: Visitor, day: dt.date | None) -> str:
    return short_day(day, v.t.language) if day else ""


def _day(v: Visitor, at: dt.datetime) -> str:
    return short_day(at.astimezone(v.zone).date(), v.t.language)


@router.get("")
def ask(ref: str, v: Visitor = Depends(member)) -> Response:
    """What it is, before it is made: making it is noted."""
    v.must_step_up()
    return v.page("copy_ask.html", ref=ref)


@router.post("")
def make(ref: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """As PDF to print and hand over, as JSON to take along, or to read here."""
    v.must_step_up()
    copy = subject_access.copy_of(v.db, v.actor, ref, v.now)
    found = told(v, copy)
    what = str(form.get("as") or "page")
    if what == "json":
        name = f"copy-{ref}.json"
        answer: Response = JSONResponse(found, headers={"content-disposition": f'attachment; filename="{name}"'})
    elif what == "pdf":
        name = f"copy-{ref}.pdf"
        answer = Response(
            rendering.pdf("copy_print.html", {"copy": found, "t": v.t}), media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="{name}"'},
        )  # fmt: skip
    else:
        return v.page("copy.html", copy=found)
    return v.answer(answer)
