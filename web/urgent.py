"""Urgent calls: late work that cannot wait, to be acknowledged by whoever takes it up."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework.automatic.deadlines import PhoneNow, acknowledge, phone_now
from web.dates import moment_words
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()


class Call(NamedTuple):
    when: str
    title: str
    ref: str
    why: str
    action: str
    command: str


@router.get("/urgent")
def calls(v: Visitor = Depends(member)) -> Response:
    must_have(v, "/urgent")
    return v.page("urgent.html", calls=[call(v, found) for found in phone_now(v.db, v.me.id)])


def call(v: Visitor, found: PhoneNow) -> Call:
    step = v.protocol.steps.get(found.occurrence.partition("#")[0].partition("~")[0])
    since = moment_words(found.since, v.t.language, v.zone)
    return Call(
        when=since,
        title=v.t.text(step.name) if step else found.occurrence,
        ref=found.case,
        why=v.t("urgent.why", since=since),
        action=f"/urgent/{found.message}",
        command=v.new_command(),
    )


@router.post("/urgent/{message}")
def taken_up(message: int, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    must_have(v, "/urgent")
    acknowledge(v.db, v.actor, message, v.now)
    return v.to("/urgent", "acknowledge")
