"""Notices inside the application: what one was told, newest first, until one puts them away."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import notices
from casework.notices import Notice
from web.dates import moment_words
from web.lists import MOST_PAGES
from web.view_tasks import task_path
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/notices"
RECEIVED = frozenset({"disputed", "lifted", "corrected", "erased"})
"""news of what was shared with this person"""


class Line(NamedTuple):
    when: str
    what: str
    step: str
    href: str
    ref: str
    new: bool
    urgent: bool


def _line(v: Visitor, one: Notice) -> Line:
    t = v.t
    href = task_path(one.ref, one.occurrence) if one.step is not None else f"/cases/{one.ref}"
    if one.what in RECEIVED:  # whoever was given something may not see the case
        href = "/shared"
    if one.what == "unusual_reading":
        href = "/reading"
    what = t.of("notice", one.what).capitalize()
    return Line(
        moment_words(one.at, t.language, v.zone), what, t.text(one.step), href, one.ref, one.new, one.urgent and one.new
    )


@router.get(PAGE)
def show(v: Visitor = Depends(member), page: int = Query(1, alias="from", ge=1, le=MOST_PAGES)) -> Response:
    found = notices.for_me(v.db, v.actor, page, v.now)
    return v.page(
        "notices.html",
        lines=[_line(v, one) for one in found.lines],
        fresh=any(one.new for one in found.lines),
        until=found.lines[0].at.isoformat() if found.lines else "",
        more=page + 1 if found.more else None,
    )


@router.post(PAGE)
def put_away(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """All that stood on the page is seen; what came in meanwhile stays new."""
    try:
        until = dt.datetime.fromisoformat(str(form.get("until") or ""))
    except ValueError:
        until = v.now
    if until.tzinfo is None or until > v.now:
        until = v.now
    notices.looked_at(v.db, v.actor, until, v.now)
    return v.to(PAGE, "notices_seen")
