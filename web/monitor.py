"""The outcome monitor: how the basic conditions stood at three moments, in counts, with a picture beside the table."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from casework import monitor
from casework.monitor import MomentTable
from web.forms import Control, Option
from web.lists import must_have
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/outcomes"
QUARTERS = 12
"""that can be chosen, the present one the last"""
YEAR = 4


class Bar(NamedTuple):
    state: str
    x: float
    width: float


class Row(NamedTuple):
    track: str
    figures: list[str]
    bars: list[Bar]


class Moment(NamedTuple):
    key: str
    name: str
    states: list[tuple[str, str]]
    """key, name"""
    rows: list[Row]
    known: bool
    """at least one count is large enough to be shown"""


def quarters(v: Visitor) -> list[str]:
    """`2024-1` … `2026-4`, the present one last."""
    number = v.today.year * 4 + (v.today.month - 1) // 3
    return [f"{n // 4}-{n % 4 + 1}" for n in range(number - QUARTERS + 1, number + 1)]


def moment(v: Visitor, table: MomentTable) -> Moment:
    t = v.t
    rows = []
    for line in table.lines:
        total = sum(n for n in line.counts.values() if n)
        bars, x = [], 0.0
        for state, n in line.counts.items():
            width = round(100 * (n or 0) / total, 2) if total else 0.0
            if width:
                bars.append(Bar(state, round(x, 2), width))
                x += width
        figures = [str(n) if n is not None else t("monitor.few") for n in line.counts.values()]
        rows.append(Row(t.text(table.tracks[line.track]), figures, bars))
    states = [(key, t.text(name)) for key, name in table.states.items()]
    return Moment(table.key, t.text(table.name), states, rows, any(row.bars for row in rows))


@router.get(PAGE)
def show(
    v: Visitor = Depends(member),
    since: str = Query("", max_length=6),
    until: str = Query("", max_length=6),
) -> Response:
    must_have(v, PAGE)
    known = quarters(v)
    first = since if since in known else known[-YEAR]
    last = until if until in known and until >= first else known[-1]
    found = [moment(v, table) for table in monitor.table(v.db, v.actor, first, last, v.now)]
    controls = [
        Control(
            name, name, "select", v.t(word), options=tuple(Option(q, q.replace("-", " Q"), q == chosen) for q in known)
        )
        for name, word, chosen in (("since", "monitor.since", first), ("until", "monitor.until", last))
    ]
    return v.page("monitor.html", moments=found, controls=controls)
