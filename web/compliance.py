"""Compliance: what was kept, late, missed or waived per step and prison, why, and the cases behind every figure."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from casework import case_lists, compliance
from casework.automatic.facts import step_named
from casework.compliance import Asked, Notice, Quarter, StepCompliance
from protocol.visibility import may
from web import rendering
from web.dates import long_day, read_day, short_day
from web.forms import Control, Option, summary
from web.lists import must_have
from web.view_case import LOGISTICS
from web.visitor import Visitor, member

router = APIRouter()
PAGE = "/compliance"
QUARTER = dt.timedelta(days=91)
VERDICTS = compliance.EXPECTED
HIGH, WIDE = 80, 46
"""of the picture per quarter"""


class Bar(NamedTuple):
    verdict: str
    x: float
    width: float


class Figure(NamedTuple):
    n: int
    href: str


class Row(NamedTuple):
    name: str
    expected: int
    figures: tuple[Figure, ...]
    bars: list[Bar]
    causes: str


class Pillar(NamedTuple):
    name: str
    expected: int
    kept: int
    percent: int
    x: int
    y: float
    height: float


class Question(NamedTuple):
    """What was asked for, and what of it cannot be read."""

    asked: Asked
    wrong: dict[str, str]

    def query(self, **more: str) -> str:
        found = {
            "since": self.asked.since.isoformat(),
            "until": self.asked.until.isoformat(),
            "prison": self.asked.prison,
        }
        return "?" + "&".join(f"{name}={value}" for name, value in {**found, **more}.items() if value)


def _question(v: Visitor, since: str, until: str, prison: str) -> Question:
    days, wrong = {"since": v.today - QUARTER, "until": v.today}, {}
    for name, text in (("since", since), ("until", until)):
        if text:
            try:
                days[name] = dt.date.fromisoformat(read_day(text))
            except ValueError:
                wrong[name] = v.t.of("problem", "form_date")
    if not wrong and days["until"] < days["since"]:
        wrong["until"] = v.t("compliance.order")
    known = prison if prison in case_lists.prisons(v.db) else ""
    return Question(Asked(days["since"], days["until"], v.protocol.protocol, known), wrong)


def asked(
    v: Visitor = Depends(member),
    since: str = Query("", max_length=10),
    until: str = Query("", max_length=10),
    prison: str = Query("", max_length=80),
) -> Question:
    """Dependency: the period and the prison of a report, for those who watch the protocol."""
    must_have(v, PAGE)
    return _question(v, since, until, prison)


@router.get(PAGE)
def show(v: Visitor = Depends(member), q: Question = Depends(asked)) -> Response:
    t = v.t
    rows, quarters, notices = _figures(v, q) if not q.wrong else ([], [], [])
    prisons = tuple(Option(name, name, name == q.asked.prison) for name in case_lists.prisons(v.db))
    controls = [
        Control("since", "since", "date", t("compliance.since"), value=q.asked.since.isoformat(), problem=q.wrong.get("since", "")),
        Control("until", "until", "date", t("compliance.until"), value=q.asked.until.isoformat(), problem=q.wrong.get("until", "")),
        Control("prison", "prison", "select", t("compliance.prison"), required=False, options=prisons),
    ]  # fmt: skip
    return v.page(
        "compliance.html", status=422 if q.wrong else 200, controls=controls, problems=summary(controls), rows=rows,
        quarters=_pillars(quarters), notices=notices, pdf=f"{PAGE}.pdf{q.query()}", xlsx=f"{PAGE}.xlsx{q.query()}",
        high=HIGH, wide=max(1, len(quarters)) * WIDE,
    )  # fmt: skip


def _figures(v: Visitor, q: Question) -> tuple[list[Row], list[Quarter], list[Notice]]:
    a = q.asked
    found = compliance.table(v.db, v.actor, a.since, a.until, a.protocol, v.now, a.prison)
    rows = [_row(v, q, line) for line in found]
    return rows, compliance.quarters(v.db, v.actor, a), compliance.notice_quality(v.db, v.actor, a)


def _name(v: Visitor, step: str) -> str:
    known = step_named(v.protocol, step)
    return v.t.text(known.name) if known else step


def _row(v: Visitor, q: Question, line: StepCompliance) -> Row:
    causes = sorted(line.causes.items(), key=lambda pair: -pair[1])
    bars, x, figures = [], 0.0, []
    for verdict in VERDICTS:
        n = getattr(line, verdict)
        width = round(100 * n / line.expected, 2)
        bars.append(Bar(verdict, round(x, 2), width))
        figures.append(Figure(n, f"{PAGE}/{line.step}/{verdict}{q.query()}" if n else ""))
        x += width
    return Row(
        _name(v, line.step), line.expected, tuple(figures), [bar for bar in bars if bar.width],
        ", ".join(f"{v.t.of('cause', cause)} {count}" for cause, count in causes),
    )  # fmt: skip


def _pillars(quarters: list[Quarter]) -> list[Pillar]:
    found = []
    for n, each in enumerate(quarters):
        share = each.kept / each.expected if each.expected else 0.0
        height = round(share * HIGH, 1)
        found.append(
            Pillar(
                each.name, each.expected, each.kept, round(100 * share), n * WIDE + 8, round(HIGH - height, 1), height
            )
        )
    return found


@router.get("/compliance/{step}/{verdict}")
def behind(step: str, verdict: str, v: Visitor = Depends(member), q: Question = Depends(asked)) -> Response:
    """The cases behind one figure. Their pages open for those who may see them."""
    t = v.t
    opens = may(v.protocol, v.actor, "see", LOGISTICS, frozenset()).allowed
    lines = [
        (line.ref, f"/cases/{line.ref}" if opens else "", line.occurrence, short_day(line.due_on, t.language),
         short_day(line.done_on, t.language) if line.done_on else "", line.days_late,
         line.deviation.said(t.language) if line.deviation else t.of("cause", line.cause) if line.cause else "")
        for line in compliance.lines_of(v.db, v.actor, q.asked, step, verdict)
    ]  # fmt: skip
    return v.page(
        "compliance_lines.html", heading=f"{_name(v, step)}: {t.of('verdict', verdict)}", lines=lines,
        back=f"{PAGE}{q.query()}", most=compliance.MOST_LINES,
    )  # fmt: skip


# --- on paper and as a spreadsheet


def _file(v: Visitor, content: bytes, media_type: str, ending: str, q: Question) -> Response:
    name = f"compliance-{q.asked.since}-{q.asked.until}.{ending}"
    return v.answer(
        Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
    )


def _about(v: Visitor, q: Question) -> list[tuple[str, str]]:
    t = v.t
    period = f"{long_day(q.asked.since, t.language, year=True)} – {long_day(q.asked.until, t.language, year=True)}"
    return [
        (t("compliance.period"), period),
        (t("compliance.prison"), q.asked.prison or t("compliance.every_prison")),
        (t("compliance.protocol"), f"{v.t.text(v.protocol.title)}, {v.protocol.version}"),
        (t("compliance.made"), long_day(v.today, t.language, year=True)),
    ]


@router.get("/compliance.pdf")
def as_pdf(v: Visitor = Depends(member), q: Question = Depends(asked)) -> Response:
    rows, quarters, notices = _figures(v, q)
    context = {"t": v.t, "about": _about(v, q), "rows": rows, "quarters": _pillars(quarters), "notices": notices}
    return _file(v, rendering.pdf("compliance_print.html", context), "application/pdf", "pdf", q)


@router.get("/compliance.xlsx")
def as_xlsx(v: Visitor = Depends(member), q: Question = Depends(asked)) -> Response:
    import xlsxwriter

    t, (rows, quarters, notices) = v.t, _figures(v, q)
    made = io.BytesIO()
    # a name that begins with = is a name, never a formula
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(made, options) as book:
        bold = book.add_format({"bold": True})
        heads = ("case.step", "compliance.expected", "verdict.kept", "verdict.late", "verdict.missed", "verdict.waived",
                 "compliance.causes")  # fmt: skip
        table: list[list[Any]] = [
            [row.name, row.expected, *(figure.n for figure in row.figures), row.causes] for row in rows
        ]
        _sheet(book, t("compliance.table"), [t(word) for word in heads], table, bold)
        trend: list[list[Any]] = [[each.name, each.expected, each.kept] for each in quarters]
        _sheet(
            book,
            t("compliance.trend"),
            [t("compliance.quarter"), t("compliance.expected"), t("verdict.kept")],
            trend,
            bold,
        )
        words = (
            "compliance.prison",
            "compliance.notifications",
            "compliance.median",
            "compliance.shortest",
            "compliance.unconfirmed",
        )
        early: list[list[Any]] = [[n.prison, n.notifications, n.median, n.shortest, n.unconfirmed] for n in notices]
        _sheet(book, t("compliance.notice"), [t(word) for word in words], early, bold)
        _sheet(book, t("compliance.about"), ["", ""], [list(pair) for pair in _about(v, q)], bold)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(v, made.getvalue(), kind, "xlsx", q)


def _sheet(book: Any, name: str, heads: list[str], rows: list[list[Any]], bold: Any) -> None:
    sheet = book.add_worksheet(name[:31])
    sheet.write_row(0, 0, heads, bold)
    for n, row in enumerate(rows, start=1):
        sheet.write_row(n, 0, row)
    sheet.set_column(0, 0, 38)
    sheet.freeze_panes(1, 0)
