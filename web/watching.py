"""Who read what: the page of the data protection officer. Looking is noted, like any other reading."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from casework import watching
from casework.watching import Reading, Readings
from web.dates import moment_words, read_day
from web.forms import Control, Option, summary
from web.lists import must_have
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/reading"
LATELY = dt.timedelta(days=31)


class Line(NamedTuple):
    at: str
    who: str
    case: str
    what: str
    why: str
    refused: bool


@router.get(PAGE)
def ask(
    v: Visitor = Depends(member),
    case: str = Query("", max_length=20),
    who: str = Query("", max_length=40),
    since: str = Query("", max_length=10),
    until: str = Query("", max_length=10),
    page: int = Query(1, alias="from", ge=1, le=400),
) -> Response:
    """Without a question only what is unusual; with a case number or a colleague the lines of the log."""
    must_have(v, PAGE)
    t, wrong = v.t, {}
    days = {"since": v.today - LATELY, "until": v.today}
    for name, text in (("since", since), ("until", until)):
        if text:
            try:
                days[name] = dt.date.fromisoformat(read_day(text))
            except ValueError:
                wrong[name] = t.of("problem", "form_date")
    found: Readings | None = None
    if not wrong and case.strip():
        found = watching.of_case(v.db, v.actor, case.strip(), days["since"], days["until"], page)
    elif not wrong and who in v.names:
        found = watching.by_staff(v.db, v.actor, who, days["since"], days["until"], page)
    people = tuple(Option(id, name, id == who) for id, name in sorted(v.names.items(), key=lambda pair: pair[1]))
    controls = [
        Control("case", "case", "text", t("watching.case"), required=False, value=case, limits={"maxlength": 20}),
        Control("who", "who", "select", t("watching.who"), required=False, options=people),
        Control("since", "since", "date", t("watching.since"), value=days["since"].isoformat(), problem=wrong.get("since", "")),
        Control("until", "until", "date", t("watching.until"), value=days["until"].isoformat(), problem=wrong.get("until", "")),
    ]  # fmt: skip
    many = [(v.names.get(one, one), n) for one, n in watching.unusual(v.db, v.actor, v.now)]
    return v.page(
        "watching.html", status=422 if wrong else 200, controls=controls, problems=summary(controls), many=many,
        asked=found is not None, lines=[_line(v, each) for each in found.lines] if found else [],
        more=f"?case={case.strip()}&who={who}&since={days['since']}&until={days['until']}&from={page + 1}" if found and found.more else "",
    )  # fmt: skip


def _line(v: Visitor, one: Reading) -> Line:
    kind, _, rest = one.what.partition(":")
    words = v.t.of("read_what", kind.replace(" ", "_"))
    if kind == "form":
        step = v.protocol.steps.get(rest.partition("#")[0].partition("~")[0])
        words += f": {v.t.text(step.name)}" if step else ""
    return Line(
        at=moment_words(one.at, v.t.language, v.zone),
        who=v.names.get(one.staff, v.t.of("who", "unknown")),
        case=one.case or "",
        what=words,
        why=v.t.sentence(one.why),
        refused=not one.allowed,
    )
