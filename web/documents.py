"""The documents of a case: the list with why one sees each, adding a file, fetching it, removing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from casework import documents
from casework.document_files import MOST_BYTES, FileRefused
from casework.documents import CODES, PURPOSE_LENGTH, TITLE_LENGTH, Listed, Listing
from casework.errors import NotAllowed, NotFound
from casework.reading import case_for
from protocol.errors import Problem, Refused
from protocol.language import Protocol
from web import refusals
from web.audience import of_documents
from web.browser import uploaded
from web.classified import RULE, confirmation, in_text
from web.dates import moment_words
from web.forms import Control, Option, problem_words, summary
from web.view_task import Said
from web.visitor import Visitor, member, posted

router = APIRouter(prefix="/cases/{ref}/documents")
KILO, MEGA = 1000, 1_000_000


class Line(NamedTuple):
    href: str
    title: str
    name: str
    size: str
    purpose: str
    item: str
    handling: str
    who: str
    at: str
    why: str
    remove: str


def size_words(size: int) -> str:
    return f"{size / MEGA:.1f} MB" if size >= MEGA else f"{max(1, round(size / KILO))} kB"


def _line(v: Visitor, found: Listing, each: Listed) -> Line:
    href = f"/cases/{found.ref}/documents/{each.id}"
    return Line(
        href=href,
        title=each.title,
        name=each.name,
        size=size_words(each.size),
        purpose=each.purpose,
        item=v.t.text(found.protocol.item_kinds[each.item]),
        handling=_code_words(v, each.handling),
        who=v.names.get(each.author, v.t.of("who", "unknown")),
        at=moment_words(each.recorded_at, v.t.language, v.zone),
        why=_why(v, found.protocol, each.why),
        remove=f"{href}/remove" if each.may_remove else "",
    )


def _why(v: Visitor, protocol: Protocol, reason: str) -> str:
    """The reason in the language of the page: the protocol file has it in each."""
    said = next((rule.why for rule in protocol.visibility if rule.why.get("en") == reason), None)
    return v.t.text(said) if said else v.t.sentence(reason)


def _code_words(v: Visitor, code: str) -> str:
    return {
        "case_team": v.t("documents.case_team"),
        "named_only": v.t("documents.named_only"),
        "safety": v.t("documents.safety"),
        "withheld_from_person": v.t("documents.withheld_from_person"),
    }[code]


def _problem(v: Visitor, problems: Mapping[str, Problem], field: str) -> str:
    found = problems.get(field)
    if found is None:
        return ""
    if found.rule == RULE:
        return problem_words(v.t, found)
    said = {
        "file": v.t("documents.bad_file"),
        "named": v.t("documents.bad_named"),
        "handling": v.t("documents.bad_handling"),
    }
    return said.get(field, v.t("documents.bad_text"))


def _controls(v: Visitor, found: Listing, typed: FormData | None, said: tuple[Problem, ...]) -> list[Control]:
    t, problems = v.t, {problem.field: problem for problem in said}
    given = typed or FormData()

    def value(name: str) -> str:
        held = given.get(name)
        return held if isinstance(held, str) else ""

    def control(name: str, kind: str, label: str, hint: str = "", **more: object) -> Control:
        problem = _problem(v, problems, name)
        return Control(name, f"d-{name}", kind, label, hint, problem=problem, **more)  # type: ignore[arg-type]

    items = tuple(
        Option(item, t.text(found.protocol.item_kinds[item]), value("item") == item or len(found.items) == 1)
        for item in found.items
    )
    code = value("handling") or "case_team"
    codes = tuple(Option(each, _code_words(v, each), each == code) for each in CODES)
    chosen = set(given.getlist("named"))
    people = sorted(((who, name) for who, name in v.names.items() if who != v.actor.id), key=lambda pair: pair[1])
    named = tuple(Option(who, name, who in chosen) for who, name in people)
    return [
        control("file", "file", t("documents.file"), t("documents.file_hint", most=MOST_BYTES // 1024 // 1024)),
        control("title", "text", t("documents.title"), t("documents.title_hint"), value=value("title"), limits={"maxlength": TITLE_LENGTH}),
        control("purpose", "text", t("documents.purpose"), t("documents.purpose_hint"), value=value("purpose"), limits={"maxlength": PURPOSE_LENGTH}),
        control("item", "radios", t("documents.item"), t("documents.item_hint"), options=items),
        control("handling", "radios", t("documents.handling"), options=codes),
        control("named", "checks", t("documents.named"), t("documents.named_hint"), options=named, required=False),
    ]  # fmt: skip


def _page(v: Visitor, ref: str, typed: FormData | None = None, refusal: Refused | None = None) -> Response:
    found = documents.listed(v.db, v.actor, ref, v.now)
    problems = refusal.problems if refusal else ()
    controls = [*_controls(v, found, typed, problems), *confirmation(v.t, problems)] if found.items else []
    wrong = summary(controls)
    said = None
    if refusal is not None and (not wrong or isinstance(refusal, FileRefused)):
        said = Said(*refusals.words(v.t, refusal))
    return v.page(
        "documents.html",
        status=422 if refusal else 200,
        ref=ref,
        lines=[_line(v, found, each) for each in found.documents],
        controls=controls,
        seen_by=of_documents(v, case_for(v.db, v.actor, ref, v.now), found.items) if found.items else [],
        problems=wrong,
        refused=said,
        command=v.new_command(),
    )


@router.get("")
def show(ref: str, v: Visitor = Depends(member)) -> Response:
    return _page(v, ref)


@router.post("")
async def add(ref: str, v: Visitor = Depends(member), form: FormData = Depends(uploaded)) -> Response:
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "") if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_add, v, ref, form, name, content)


def _add(v: Visitor, ref: str, form: FormData, name: str, content: bytes) -> Response:
    def text(field: str) -> str:
        return str(form.get(field) or "").strip()

    named = tuple(str(who) for who in form.getlist("named"))
    new = documents.New(text("title"), text("purpose"), text("item"), text("handling"), named)
    warned = [problem for name in ("title", "purpose") for problem in in_text(v.protocol, name, text(name), form)]
    if warned:
        said = Refused(RULE, "a word of classified information", "take it out, or confirm", "title", tuple(warned))
        return _page(v, ref, form, said)
    try:
        documents.add(v.db, v.actor, ref, new, name, content, v.command_id(form), v.now)
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        if refusal.rule == "case.erased":
            raise
        return _page(v, ref, form, refusal)
    return v.to(f"/cases/{ref}/documents", "document")


@router.get("/{document}")
def fetch(ref: str, document: str, v: Visitor = Depends(member)) -> Response:
    """Always as an attachment: the browser saves it and shows nothing of it inside our pages."""
    found = documents.opened(v.db, v.actor, ref, document, v.now)
    plain = found.name.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}"
    return v.answer(Response(found.content, media_type=found.media_type, headers={"content-disposition": disposition}))


@router.post("/{document}/remove")
def remove(ref: str, document: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    documents.remove(v.db, v.actor, ref, document, v.command_id(form), v.now)
    return v.to(f"/cases/{ref}/documents", "document_removed")
