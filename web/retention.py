"""The retention calendar: twelve months, what is erased in each, by which rule, and what is held back."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from casework import retention
from casework.automatic.facts import step_named
from casework.errors import NotFound
from casework.retention import Erasure
from protocol.rule_words import RuleWords
from web.dates import month_name, short_day
from web.lists import MOST_PAGES, must_have
from web.reasons import Reasons
from web.view_tasks import task_path
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/retention"
LATE = "late"
"""instead of a month: what should have been erased"""


HELD = {
    retention.LEGAL_HOLD: "retention.legal_hold",
    retention.DISPUTED: "retention.disputed",
    retention.ASKED: "retention.asked",
}


class Month(NamedTuple):
    href: str
    name: str
    cases: int
    current: bool


class Line(NamedTuple):
    ref: str
    href: str
    due: str
    rule: str
    source: str
    held: list[str]


@router.get(PAGE)
def show(
    v: Visitor = Depends(member),
    month: str = Query("", max_length=7),
    page: int = Query(1, alias="from", ge=1, le=MOST_PAGES),
) -> Response:
    """One month of the next twelve; without one this month."""
    must_have(v, PAGE)
    wanted = None if month == LATE else _month(v, month)
    found = retention.calendar(v.db, v.actor, wanted, page, v.zone, v.now)
    months = [
        Month(f"{PAGE}?month={day:%Y-%m}", month_name(day, v.t.language), count, day == wanted)
        for day, count in found.months
    ]
    return v.page(
        "retention.html",
        months=months,
        late=found.late,
        name=v.t("retention.late") if wanted is None else month_name(wanted, v.t.language),
        lines=[_line(v, one) for one in found.erasures],
        more=f"{PAGE}?month={month or f'{wanted:%Y-%m}'}&from={page + 1}" if found.more else "",
    )


def _month(v: Visitor, text: str) -> dt.date:
    if not text:
        return retention.first_of(v.today)
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise NotFound from None


def _line(v: Visitor, one: Erasure) -> Line:
    rule, source = _rule(v, one)
    decides = v.has("data_manager")
    return Line(
        ref=one.ref,
        href=task_path(one.ref, one.occurrence.id) if decides else "",
        due=short_day(one.due, v.t.language, v.today) if one.due else "",
        rule=rule,
        source=source,
        held=[v.t(HELD[why]) for why in one.held],
    )


def _rule(v: Visitor, one: Erasure) -> tuple[str, str]:
    """The rule by which the day was counted, in words, and its source: of the event that set it, else of the step."""
    event = one.protocol.events.get(one.occurrence.trigger)
    opened = (
        next((each.open for each in event.does if each.open and each.open.step == one.occurrence.step), None)
        if event
        else None
    )
    if event is not None and opened is not None and opened.due is not None:
        words = RuleWords(one.protocol, v.t.language).of(opened.due)
        return f"{v.t.text(event.name)}: {words}", event.source
    step = step_named(one.protocol, one.occurrence.step)
    reasons = Reasons(one.protocol, one.state, one.calendar, v.now, v.t.language)
    return reasons.first(one.occurrence), step.source if step else ""
