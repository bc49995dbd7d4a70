"""What is disputed: the question which item a request is about, the open requests, and deciding on what is restricted."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import disputes, documents, rights, sharing
from casework.reading import CaseView
from casework.rights import MOST_TEXT, Disputed
from models.sharing import SETTLED
from protocol.errors import Problem, Refused
from protocol.language import Event
from web.classified import RULE, confirmation, in_text
from web.dates import moment_words, short_day
from web.forms import Control, Option, problem_words, summary
from web.view_task import Typed, problems_of
from web.view_tasks import task_path
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/requests"


def about(v: Visitor, case: CaseView, event: Event, typed: Typed) -> list[Control]:
    """Which item a request is about: of what this person knows. Nothing chosen: everything that was shared."""
    if event.restricts is None:
        return []
    t, chosen = v.t, set(typed.values.get("about") or ())
    known = {each.id: each for each in (*sharing.with_me(v.db, v.actor, v.now), *sharing.by_me(v.db, v.actor, v.now))}
    found = [
        (f"{disputes.ITEM}{item.id}", f"{t.text(item.protocol.item_kinds[item.kind])}, {moment_words(item.shared_at, t.language, v.zone)}")
        for item in known.values()
        if item.ref == case.ref
    ]  # fmt: skip
    listing = documents.listed(v.db, v.actor, case.ref, v.now)
    found += [
        (f"{disputes.DOCUMENT}{each.id}", f"{t('requests.document')}: {each.title}") for each in listing.documents
    ]
    hint = t("requests.about_hint") if found else t("requests.about_all")
    options = tuple(Option(value, label, value in chosen) for value, label in found)
    wrong = any(each.field == "about" for each in typed.problems)
    return [
        Control(
            "about", "about", "checks", t("requests.about"), hint=hint, required=False, options=options,
            problem=t("refusal.dispute_unknown_remedy") if wrong else "",
        )
    ]  # fmt: skip


class Line(NamedTuple):
    href: str
    ref: str
    kind: str
    request: str
    who: str
    since: str
    state: str
    tone: str
    recipients: str


class Asked(NamedTuple):
    ref: str
    href: str
    due: str


def _line(v: Visitor, one: Disputed) -> Line:
    t = v.t
    event = one.protocol.events.get(one.request)
    unknown = t.of("who", "unknown")
    return Line(
        href=f"{PAGE}/{one.id}",
        ref=one.ref,
        kind=t.text(one.protocol.item_kinds[one.kind]),
        request=t.text(event.name) if event else one.request,
        who=v.names.get(one.author, unknown),
        since=moment_words(one.since, t.language, v.zone),
        state=t.of("restriction", one.outcome or "running"),
        tone="late" if one.settled_at is None else "done",
        recipients=", ".join(v.names.get(who, unknown) for who in one.named) or "-",
    )


@router.get(PAGE)
def lists(v: Visitor = Depends(member)) -> Response:
    found = rights.of_all(v.db, v.actor, v.now)
    asked = [
        Asked(one.ref, task_path(one.ref, one.occurrence), short_day(one.due, v.t.language, v.today) if one.due else "")
        for one in found.asked
    ]
    return v.page(
        "requests.html",
        asked=asked,
        running=[_line(v, one) for one in found.running],
        settled=[_line(v, one) for one in found.settled],
        may_decide=found.may_decide,
    )


def _page(v: Visitor, one: Disputed, typed: dict[str, str], problems: tuple[Problem, ...] = ()) -> Response:
    t, wrong = v.t, {each.field: each for each in problems}

    def said(field: str) -> str:
        found = wrong.get(field)
        if found is not None and found.rule == RULE:
            return problem_words(t, found)
        return t.of("refusal", found.rule.replace(".", "_") + "_remedy") if found else ""

    outcomes = [how for how in SETTLED if how != "corrected" or one.item is not None]
    options = tuple(Option(how, t.of("restriction", f"to_{how}"), typed.get("how") == how) for how in outcomes)
    controls = [Control("how", "how", "radios", t("requests.how"), options=options, problem=said("how"))]
    if one.item is not None:
        text = Control(
            "text", "text", "textarea", t("requests.text"), hint=t("requests.text_hint"), required=False, sometimes=True,
            value=typed.get("text", ""), limits={"maxlength": MOST_TEXT}, problem=said("text"),
        )  # fmt: skip
        controls += [text, *confirmation(t, problems)]
    shown = ""
    if one.item is not None and not one.is_police and one.settled_at is None:
        shown = sharing.opened(v.db, v.actor, one.item, v.now).text
    return v.page(
        "request.html", status=422 if problems else 200, line=_line(v, one), controls=controls, text=shown,
        problems=summary(controls), police=one.is_police, command=v.new_command(), open=one.settled_at is None,
    )  # fmt: skip


@router.get("/requests/{restriction}")
def ask(restriction: int, v: Visitor = Depends(member)) -> Response:
    v.must_step_up()
    return _page(v, rights.one(v.db, v.actor, restriction), {})


@router.post("/requests/{restriction}")
def decide(restriction: int, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    v.must_step_up()
    typed = {name: str(form.get(name) or "") for name in ("how", "text")}
    one = rights.one(v.db, v.actor, restriction)
    warned = in_text(one.protocol, "text", typed["text"], form) if typed["how"] == "corrected" else ()
    if warned:
        return _page(v, one, typed, warned)
    try:
        rights.decide(v.db, v.actor, restriction, typed["how"], typed["text"], v.command_id(form), v.now)
    except Refused as refusal:
        problems = problems_of(refusal)
        if not problems:
            raise
        return _page(v, rights.one(v.db, v.actor, restriction), typed, problems)
    return v.to(PAGE, "dispute_decided")
