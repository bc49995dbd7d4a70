"""Files that come in through the browser: notifications of a prison, running cases of a city. A report per row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from casework import intake, protocols
from casework.errors import NotAllowed
from casework.intake import FileReport, RowReport
from casework.notifications import FieldProblem
from casework.row_by_row import Said
from protocol.visibility import may
from web import refusals
from web.browser import uploaded
from web.forms import Control, summary
from web.visitor import Visitor, member

router = APIRouter()
OUTCOMES: tuple[Said, ...] = ("accepted", "moved", "known", "refused")
"""in the order in which they are counted"""
SHOWN = 500
"""rows of a report on the page; those that were refused come first"""


class Line(NamedTuple):
    row: int
    outcome: str
    tone: str
    ref: str
    faults: list[str]


class Told(NamedTuple):
    """What became of a file."""

    checked: bool
    """nothing was kept yet"""
    counts: list[tuple[str, int]]
    lines: list[Line]
    left_out: int


class Way(NamedTuple):
    """One kind of file: its address, its words, and what takes it."""

    path: str
    words: str
    back: str
    take: Callable[..., FileReport]


NOTIFICATIONS = Way("/announce/file", "announce", "/announce", intake.take_notifications)
RUNNING = Way("/adopt", "adopt", "/cases", intake.take_running_cases)


def _must_announce(v: Visitor) -> None:
    decision = may(v.protocol, v.actor, "open", "", frozenset())
    if not decision.allowed:
        raise NotAllowed(decision.reason)


def _must_take_over(v: Visitor) -> None:
    with v.db.read() as tx:
        protocols.must_administer(tx, v.db, v.actor)
    if not may(v.protocol, v.actor, "see", "logistics", frozenset()).allowed:
        raise NotAllowed("the coordinator runs the partnership and sees every case")


def _line(v: Visitor, row: RowReport) -> Line:
    tone = {"refused": "late", "accepted": "done", "moved": "done"}.get(row["outcome"], "plain")
    return Line(row["row"], v.t.of("incoming", row["outcome"]), tone, row["case"] or "", _faults(v, row))


def _faults(v: Visitor, row: RowReport) -> list[str]:
    """Every thing that is wrong in a row: the field, what holds for it, and what to do."""
    if row["outcome"] != "refused":
        return []
    first = FieldProblem(row["field"] or "", row["rule"] or "", row["remedy"] or "")
    every = [FieldProblem(**fault) for fault in row.get("faults", ())] or [first]
    return [f"{_field(v, each.field)}: {refusals.field_words(v.t, each)}" for each in every]


def _field(v: Visitor, field: str) -> str:
    """A field as the form calls it; a column of a sheet keeps its own heading."""
    return v.t.of("announce", field) if v.t.known("announce", field) else field


def _told(v: Visitor, report: FileReport, *, checked: bool) -> Told:
    counts = Counter(row["outcome"] for row in report.rows)
    rows = sorted(report.rows, key=lambda row: (row["outcome"] != "refused", row["row"]))
    return Told(
        checked,
        [(v.t.of("incoming", outcome), counts[outcome]) for outcome in OUTCOMES if counts[outcome]],
        [_line(v, row) for row in rows[:SHOWN]],
        max(0, len(rows) - SHOWN),
    )


def _page(v: Visitor, way: Way, report: FileReport | None = None, *, checked: bool = False, said: str = "") -> Response:
    t = v.t
    problem = said
    if report is not None and report.problem is not None:
        problem = refusals.field_words(t, report.problem)
    file = Control("file", "file", "file", t("incoming.file"), t.of("incoming", f"{way.words}_hint"), problem=problem)
    told = _told(v, report, checked=checked) if report is not None and not problem else None
    return v.page(
        "incoming.html",
        status=422 if problem else 200,
        title=t.of("incoming", f"{way.words}_title"),
        lead=t.of("incoming", f"{way.words}_lead"),
        path=way.path,
        back=way.back,
        control=file,
        problems=summary([file]),
        told=told,
    )


async def _taken(v: Visitor, way: Way, form: FormData) -> Response:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await run_in_threadpool(_page, v, way, said=v.t("incoming.no_file"))
    content, name, checked = await file.read(), file.filename, form.get("do") == "check"

    def take() -> Response:
        report = way.take(v.db, name, content, v.actor, v.now, dry_run=checked)
        return _page(v, way, report, checked=checked)

    return await run_in_threadpool(take)


@router.get(NOTIFICATIONS.path)
def ask_notifications(v: Visitor = Depends(member)) -> Response:
    _must_announce(v)
    return _page(v, NOTIFICATIONS)


@router.post(NOTIFICATIONS.path)
async def take_notifications(v: Visitor = Depends(member), form: FormData = Depends(uploaded)) -> Response:
    """A file of notifications: each row by itself, the same file twice changes nothing."""
    await run_in_threadpool(_must_announce, v)
    return await _taken(v, NOTIFICATIONS, form)


@router.get(RUNNING.path)
def ask_running(v: Visitor = Depends(member)) -> Response:
    _must_take_over(v)
    return _page(v, RUNNING)


@router.post(RUNNING.path)
async def take_running(v: Visitor = Depends(member), form: FormData = Depends(uploaded)) -> Response:
    """A sheet of cases that run already, with their true past days."""
    await run_in_threadpool(_must_take_over, v)
    return await _taken(v, RUNNING, form)
