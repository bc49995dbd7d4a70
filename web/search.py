"""Finding a case. What is typed travels in the body of the request: a name never stands in an address."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import reading, search
from casework.emergency import event_for
from casework.errors import NotFound
from casework.search import Found
from protocol.errors import Refused
from web.visitor import Visitor, member, posted

router = APIRouter()
LONGEST = 80


def _page(v: Visitor, typed: str = "", found: list[Found] | None = None, unknown: str = "") -> Response:
    offered = v.has_protocol and event_for(v.protocol, v.actor) is not None
    return v.page(
        "search.html", status=404 if unknown else 200, typed=typed, found=found, unknown=unknown, emergency=offered
    )


@router.get("/search")
def ask(v: Visitor = Depends(member)) -> Response:
    return _page(v)


@router.post("/search")
def find(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """A case number leads to the case; anything else is looked for in the names of one's own cases."""
    typed = str(form.get("q") or "").strip()[:LONGEST]
    number = search.case_number(typed)
    if number is not None:
        return v.to(f"/cases/{number}") if _there(v, number) else _page(v, typed, unknown=number)
    return _page(v, typed, search.by_name(v.db, v.actor, typed, v.now))


def _there(v: Visitor, number: str) -> bool:
    """Whether this person has a page of that case. A case one may not see is answered as one that is not there."""
    try:
        reading.case_for(v.db, v.actor, number, v.now)
    except NotFound:
        return False
    except Refused:
        return True
    return True
