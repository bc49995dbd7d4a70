"""The mayor's first page: calls to take up, questions to decide, and counts per quarter."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework import duty, mayor, staff
from casework.automatic.deadlines import phone_now
from web.administration.priorities import figures, quarter_words
from web.administration.prisons import number
from web.dates import long_day
from web.lists import must_have
from web.urgent import call
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/mayor"


class Question(NamedTuple):
    """One item of the agenda: which case, why it is asked, what is to be decided, by when."""

    ref: str
    title: str
    question: str
    decide: str
    due: str
    late: bool


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    counts = mayor.quarters(v.db, v.today)
    few = v.t("priorities.few")
    rows = [
        (quarter_words(v, quarter), [few if n is None else str(n) for n in found.values()])
        for quarter, found in counts.items()
    ]
    first = duty.order_on(v.db, v.today)[:1]
    return v.page(
        "mayor.html", calls=[call(v, found) for found in phone_now(v.db, v.me.id)], questions=_questions(v), rows=rows,
        columns=[v.t.of("mayor", what) for what in mayor.FIGURES], figures=figures(v), decides=v.has("mayor"),
        coordinator=_on_duty(v, first),
    )  # fmt: skip


def _on_duty(v: Visitor, first: list[str]) -> tuple[str, object] | None:
    found = next((each for each in staff.everybody(v.db) if each.id in first), None)
    return (found.name, number(found.phone)) if found else None


def _questions(v: Visitor) -> list[Question]:
    found = []
    for item in mayor.agenda(v.db, v.actor, v.now):
        known = v.t.known("trigger", item.trigger)
        asked = "; ".join(v.t.text(label) for label in item.asked)
        due = long_day(item.task.due_on, v.t.language, year=True) if item.task.due_on else ""
        found.append(
            Question(
                item.task.ref, v.t.text(item.task.name), v.t.of("trigger", item.trigger) if known else v.t("mayor.other_question"),
                asked or v.t("mayor.what_happens"), due[:1].upper() + due[1:], item.task.late,
            )
        )  # fmt: skip
    return found
