"""Announcing a release: the liaison's form, with the refused fields beside what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import cases, clock
from casework.errors import NotAllowed
from casework.notification_files import Row
from casework.notifications import READERS, FieldProblem, read_notification
from protocol.visibility import may
from web import refusals
from web.dates import read_day
from web.forms import Control, Option, summary
from web.visitor import Visitor, member, posted
from web.words import Words

router = APIRouter()
SOURCE = "web"
GROUPS = (
    ("who", ("prison", "reference", "family_name", "given_names", "birth_date", "language")),
    ("release", ("release_type", "conditions", "planned_release", "certainty", "actual_release", "planned_return")),
    ("notice", ("source",)),
)
KINDS = {
    "birth_date": "date", "planned_release": "date", "actual_release": "date", "planned_return": "date",
    "release_type": "select", "conditions": "radios", "certainty": "radios",
}  # fmt: skip
MAY_BE_EMPTY = frozenset({"planned_release", "actual_release", "planned_return", "conditions"})
CERTAINTIES = ("confirmed", "expected", "unconfirmed")


class Group(NamedTuple):
    title: str
    controls: list[Control]


def _must_announce(v: Visitor) -> None:
    decision = may(v.protocol, v.actor, "open", "", frozenset())
    if not decision.allowed:
        raise NotAllowed(decision.reason)


def _options(v: Visitor, name: str, value: str) -> tuple[Option, ...]:
    t = v.t
    if name == "release_type":
        found = [(key, t.text(kind.name)) for key, kind in v.protocol.release_types.items()]
    elif name == "conditions":
        found = [(key, t.of("answer", key)) for key in ("yes", "no", "unknown")]
    elif name == "certainty":
        found = [(key, t.of("certainty", key).capitalize()) for key in CERTAINTIES]
    else:
        return ()
    return tuple(Option(key, label, key == value) for key, label in found)


def _problem(t: Words, name: str, problems: tuple[FieldProblem, ...]) -> str:
    found = next((each for each in problems if each.field == name), None)
    return refusals.field_words(t, found) if found else ""


def _control(v: Visitor, name: str, typed: Mapping[str, str], problems: tuple[FieldProblem, ...]) -> Control:
    t, value = v.t, typed.get(name, "")
    hint = f"announce.{name}_hint"
    return Control(
        name=name,
        id=name.replace("_", "-"),
        kind=KINDS.get(name, "text"),
        label=t(f"announce.{name}"),
        hint=t.of("announce", f"{name}_hint") if t.known(*hint.split(".")) else "",
        required=name not in MAY_BE_EMPTY,
        value=value,
        options=_options(v, name, value),
        problem=_problem(t, name, problems),
    )


def _page(v: Visitor, typed: Mapping[str, str], problems: tuple[FieldProblem, ...], status: int = 200) -> Response:
    groups = [
        Group(v.t(f"announce.{title}"), [_control(v, name, typed, problems) for name in names])
        for title, names in GROUPS
    ]
    wrong = summary([control for group in groups for control in group.controls])
    wrong += [("", refusals.field_words(v.t, each)) for each in problems if each.field not in READERS]
    return v.page("announce.html", status=status, groups=groups, problems=wrong, command=v.new_command())


@router.get("/announce")
def ask(v: Visitor = Depends(member)) -> Response:
    _must_announce(v)
    return _page(v, {"prison": v.me.prison or "", "language": "nl", "certainty": "", "conditions": ""}, ())


@router.post("/announce")
def announce(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    _must_announce(v)
    typed = {name: str(form.get(name) or "").strip() for _, names in GROUPS for name in names}
    raw = {name: read_day(text) if KINDS.get(name) == "date" else text for name, text in typed.items() if text}
    now = clock.now()
    notification, problems = read_notification({**raw, "notified_at": now}, now)
    if notification is None:
        return _page(v, typed, problems, 422)
    (report,) = cases.receive(v.db, [Row(1, notification, ())], SOURCE, v.actor, at=now)
    if report["outcome"] == "refused":
        problem = FieldProblem(report["field"] or "notification", report["rule"] or "", report["remedy"] or "")
        return _page(v, typed, (problem,), 422)
    return v.to("/announced", report["outcome"])
