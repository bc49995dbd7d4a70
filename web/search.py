"""Finding a case. What is typed travels in the body of the request: a name never stands in an address."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import reading, search
from casework.errors import NotFound
from protocol.errors import Refused
from web.visitor import Visitor, member, posted

router = APIRouter()
LONGEST = 80


@router.get("/search")
def ask(v: Visitor = Depends(member)) -> Response:
    return v.page("search.html", typed="", found=None, unknown="")


@router.post("/search")
def find(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """A case number leads to the case; anything else is looked for in the names of one's own cases."""
    typed = str(form.get("q") or "").strip()[:LONGEST]
    number = search.case_number(typed)
    if number is not None:
        return v.to(f"/cases/{number}") if _there(v, number) else v.page(
            "search.html", status=404, typed=typed, found=None, unknown=number
        )  # fmt: skip
    return v.page("search.html", typed=typed, found=search.by_name(v.db, v.actor, typed, v.now), unknown="")


def _there(v: Visitor, number: str) -> bool:
    """Whether this person has a page of that case. A case one may not see is answered as one that is not there."""
    try:
        reading.case_for(v.db, v.actor, number, v.now)
    except NotFound:
        return False
    except Refused:
        return True
    return True
