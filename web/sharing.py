"""What was shared with this person, and what they shared: the text as decided, who read it, and taking it back."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import sharing
from casework.errors import NotAllowed
from casework.sharing import Opened, Shared
from protocol.language import Protocol
from web import rendering
from web.dates import moment_words, short_day
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/shared"


class Line(NamedTuple):
    href: str
    ref: str
    kind: str
    who: str
    shared: str
    until: str
    state: str
    tone: str


def _line(v: Visitor, item: Shared) -> Line:
    t = v.t
    return Line(
        href=f"{PAGE}/{item.id}",
        ref=item.ref,
        kind=t.text(item.protocol.item_kinds[item.kind]),
        who=v.names.get(item.author, t.of("who", "unknown")),
        shared=moment_words(item.shared_at, t.language, v.zone),
        until=short_day(item.expires_at.astimezone(v.zone).date(), t.language, v.today),
        state=t.of("shared_state", item.state),
        tone={"running": "done", "restricted": "late"}.get(item.state, "plain"),
    )


@router.get(PAGE)
def lists(v: Visitor = Depends(member)) -> Response:
    given = [_line(v, item) for item in sharing.with_me(v.db, v.actor, v.now)]
    own = [_line(v, item) for item in sharing.by_me(v.db, v.actor, v.now)]
    return v.page("shared.html", given=given, own=own)


def _facts(v: Visitor, found: Opened) -> list[tuple[str, str]]:
    t = v.t
    return [
        (t("shared.by"), v.names.get(found.item.author, t.of("who", "unknown"))),
        (t("shared.with"), ", ".join(v.names.get(who, t.of("who", "unknown")) for who in found.item.named)),
        (t("shared.ground"), _ground(v, found.item)),
        (t("shared.code"), t.text(found.item.protocol.handling_codes[found.item.handling])),
        (t("shared.until"), short_day(found.item.expires_at.astimezone(v.zone).date(), t.language, v.today)),
    ]


@router.get("/shared/{item}")
def one(item: int, v: Visitor = Depends(member)) -> Response:
    found = sharing.opened(v.db, v.actor, item, v.now)
    t = v.t
    saw = [(v.names.get(who, t.of("who", "unknown")), moment_words(at, t.language, v.zone)) for who, at in found.saw]
    return v.page(
        "shared_item.html", line=_line(v, found.item), text=found.text, why=_why(v, found.item.protocol, found.why),
        facts=_facts(v, found), saw=saw, may_print=found.may_print, may_recall=found.may_recall, shared_it=bool(found.may_recall or saw),
        command=v.new_command(), notice=_notice(v, found.item),
    )  # fmt: skip


def _notice(v: Visitor, item: Shared) -> str:
    """What a reader must know of a request of the person concerned."""
    if item.state == "restricted":
        return v.t("shared.restricted")
    if item.state == "erased":
        return v.t("shared.erased")
    if item.corrected_at is not None:
        return v.t("shared.corrected", at=moment_words(item.corrected_at, v.t.language, v.zone))
    return ""


@router.get("/shared/{item}/print.pdf")
def on_paper(item: int, v: Visitor = Depends(member)) -> Response:
    """On paper, where the handling code allows it; who printed it and when stands on the page."""
    found = sharing.opened(v.db, v.actor, item, v.now)
    if not found.may_print:
        raise NotAllowed("the handling code does not allow printing this")
    t, line = v.t, _line(v, found.item)
    printed = t("shared.printed", who=v.me.name, at=moment_words(v.now, t.language, v.zone))
    told = {
        "t": t,
        "kind": line.kind,
        "ref": line.ref,
        "text": found.text,
        "facts": _facts(v, found),
        "printed": printed,
    }
    headers = {"content-disposition": f'inline; filename="shared-{item}.pdf"'}
    return v.answer(Response(rendering.pdf("shared_print.html", told), media_type="application/pdf", headers=headers))


def _ground(v: Visitor, item: Shared) -> str:
    """The ground in the words of the form in which it was chosen."""
    for step in item.protocol.steps.values():
        if step.shares is not None:
            field = next(each for each in step.form.fields if each.key == step.shares.ground)
            return v.t.text((field.options or {}).get(item.ground)) or item.ground
    return item.ground


def _why(v: Visitor, protocol: Protocol, reason: str) -> str:
    said = next((rule.why for rule in protocol.visibility if rule.why.get("en") == reason), None)
    return v.t.text(said) if said else v.t.sentence(reason)


@router.post("/shared/{item}/recall")
def recall(item: int, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    v.must_step_up()
    sharing.recall(v.db, v.actor, item, v.command_id(form), v.now)
    return v.to(f"{PAGE}/{item}", "recalled")
