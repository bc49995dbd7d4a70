"""Pages of those who run or watch the partnership: overview, compliance, staff, closing days."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from casework import case_lists, heartbeats
from casework.lists import late_work, tasks_for
from protocol.workdays import ONE_DAY
from web.dates import long_day
from web.health import SWEEP_MINUTES, ago
from web.lists import Section, case_row, must_have, stand_ins
from web.view_tasks import Line, Liner, gathered
from web.visitor import Visitor, member

router = APIRouter()
FIRST = 8
"""lines of each part of the overview"""


@router.get("/overview")
def overview(v: Visitor = Depends(member)) -> Response:
    must_have(v, "/overview")
    t = v.t
    rows = [case_row(v, line) for line in case_lists.by_release(v.db, v.actor, 1, v.now).cases[:FIRST]]
    heading = t("today.title", day=long_day(v.today, t.language))
    shown = [_late(v), _waiting(v), _own(v)]
    return v.page("overview.html", heading=heading, sections=shown, cases=rows, stale=_stale(v), stands_in=stand_ins(v))


def _own(v: Visitor) -> Section:
    found = tasks_for(v.db, v.actor, 1, v.now)
    soon = v.today + 7 * ONE_DAY
    tasks = [task for task in found.tasks if task.due_on is not None and task.due_on <= soon]
    lines = gathered(v.t, Liner(v, tasks).lines())[:FIRST]
    count = str(len(tasks)) if len(tasks) < len(found.tasks) or not found.more else f"{len(tasks)}+"
    return Section("yours", v.t("overview.yours"), lines, v.t("overview.none_yours"), count, "/tasks")


def _late(v: Visitor) -> Section:
    found = late_work(v.db, v.actor, 1, v.now)
    lines: list[Line] = Liner(v, found.tasks[:FIRST], buttons=False).lines(names=True)
    return Section("late", v.t("overview.late"), lines, v.t("today.none_late"), found.count, "/late" if lines else "")


def _waiting(v: Visitor) -> Section:
    found = case_lists.waiting_for_second(v.db, v.actor, v.now)
    lines = Liner(v, found.tasks[:FIRST], buttons=False).lines()
    return Section("decisions", v.t("overview.decisions"), lines, v.t("overview.no_decisions"), found.count)


def _stale(v: Visitor) -> str:
    """Told when nobody swept for a while: a dead man's check on the coordinator's page."""
    beat = heartbeats.last(v.db)
    if beat is None or beat.minutes_ago < SWEEP_MINUTES:
        return ""
    return v.t("overview.stale", when=ago(v.t, beat.minutes_ago))
