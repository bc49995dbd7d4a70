"""The compliance table: how often every step was expected, kept, late, missed or waived, and why. Names nobody."""

import datetime as dt
import statistics
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import clock, deviations, outcomes, protocols, read_log
from casework.db import Database
from casework.errors import NotAllowed
from casework.rows import CASE
from casework.statements import Statement, Tx
from models.base import table_of
from models.cases import StepOutcome
from protocol.commands import Actor
from protocol.deviations import Deviation
from protocol.language import Protocol
from protocol.visibility import Decision, may

EXPECTED = ("kept", "late", "missed", "waived")
"""What was cancelled, or is not due yet, was not expected."""
_OUTCOME = table_of(StepOutcome)
_p = sa.bindparam
_judged = (
    _OUTCOME.c.due_on >= _p("since"),
    _OUTCOME.c.due_on <= _p("until"),
    sa.or_(*(_OUTCOME.c.verdict == verdict for verdict in EXPECTED)),
    _OUTCOME.c.protocol == _p("protocol"),
)
_here = _OUTCOME.c.prison == _p("prison")
_counted = sa.select(_OUTCOME.c.step, _OUTCOME.c.verdict, _OUTCOME.c.cause, sa.func.count()).group_by(
    _OUTCOME.c.step, _OUTCOME.c.verdict, _OUTCOME.c.cause
)
_TABLE, _TABLE_HERE = Statement(_counted.where(*_judged)), Statement(_counted.where(*_judged, _here))
_daily = sa.select(_OUTCOME.c.due_on, _OUTCOME.c.verdict, sa.func.count()).group_by(
    _OUTCOME.c.due_on, _OUTCOME.c.verdict
)
_DAILY, _DAILY_HERE = Statement(_daily.where(*_judged)), Statement(_daily.where(*_judged, _here))
_lines = (
    sa.select(
        CASE.c.ref, _OUTCOME.c.occurrence, _OUTCOME.c.due_on, _OUTCOME.c.done_on, _OUTCOME.c.days_late, _OUTCOME.c.cause
    )
    .select_from(_OUTCOME.join(CASE, CASE.c.id == _OUTCOME.c.case_id))
    .where(*_judged, _OUTCOME.c.step == _p("step"), _OUTCOME.c.verdict == _p("verdict"))
    .order_by(_OUTCOME.c.due_on.desc(), CASE.c.id)
    .limit(_p("upto"))
)
_LINES, _LINES_HERE = Statement(_lines), Statement(_lines.where(_here))
_NOTICE = Statement(
    sa.select(CASE.c.prison, CASE.c.opened_at, CASE.c.planned_release, CASE.c.actual_release, CASE.c.certainty).where(
        CASE.c.opened_at >= _p("since"), CASE.c.opened_at < _p("until"), CASE.c.prison.is_not(None)
    )
)
FEWEST = 5
"""smaller numbers of persons are not shown"""
MOST_LINES = 200


@dataclass
class StepCompliance:
    """One line of the table. `causes`: of what was late or missed."""

    step: str
    kept: int = 0
    late: int = 0
    missed: int = 0
    waived: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        return self.kept + self.late + self.missed + self.waived


class Line(NamedTuple):
    """One occurrence behind a figure: which case, what was due when, and when it was done."""

    ref: str
    occurrence: str
    due_on: dt.date
    done_on: dt.date | None
    days_late: int
    cause: str
    deviation: Deviation | None = None
    """of what was late or missed, unless the case was erased"""


class Quarter(NamedTuple):
    """How much was kept in a quarter."""

    name: str
    """`2026-Q4`"""
    expected: int
    kept: int


class Notice(NamedTuple):
    """How early a prison announces releases. Days are calendar days from the announcement to the release."""

    prison: str
    notifications: int
    median: int | None
    """None: fewer than five with a known date"""
    shortest: int | None
    unconfirmed: int


class Asked(NamedTuple):
    """What a report is about: due days from `since` up to and including `until`, of one prison or of all."""

    since: dt.date
    until: dt.date
    protocol: str = protocols.DEFAULT
    prison: str = ""

    def values(self) -> dict[str, Any]:
        return self._asdict()


def _must_audit(db: Database, actor: Actor, protocol: str) -> Protocol:
    with db.read() as tx:
        found = protocols.newest(tx, db, protocol)
    decision = may(found, actor, "audit", "", frozenset())
    if not decision.allowed:
        raise NotAllowed(decision.reason)
    return found


def table(
    db: Database,
    actor: Actor,
    since: dt.date,
    until: dt.date,
    protocol: str = protocols.DEFAULT,
    at: dt.datetime | None = None,
    prison: str = "",
) -> list[StepCompliance]:
    """Steps whose due day lies from `since` up to and including `until`, in the protocol's order. Raises NotAllowed."""
    found = _must_audit(db, actor, protocol)
    outcomes.refresh(db, at or clock.now())
    lines: dict[str, StepCompliance] = {}
    with db.read() as tx:
        wanted = _TABLE_HERE if prison else _TABLE
        for step, verdict, cause, count in tx.all(wanted, Asked(since, until, protocol, prison).values()):
            line = lines.setdefault(step, StepCompliance(step))
            setattr(line, verdict, getattr(line, verdict) + count)
            if verdict in ("late", "missed"):
                line.causes[cause or "missed"] = line.causes.get(cause or "missed", 0) + count
    order = list(found.steps)
    return sorted(lines.values(), key=lambda line: order.index(line.step) if line.step in order else len(order))


def quarters(db: Database, actor: Actor, asked: Asked) -> list[Quarter]:
    """How much was kept per quarter, the oldest first. Raises NotAllowed."""
    _must_audit(db, actor, asked.protocol)
    found: dict[str, list[int]] = {}
    with db.read() as tx:
        for day, verdict, count in tx.all(_DAILY_HERE if asked.prison else _DAILY, asked.values()):
            sums = found.setdefault(f"{day.year}-Q{(day.month + 2) // 3}", [0, 0])
            sums[0] += count
            sums[1] += count if verdict in ("kept", "waived") else 0
    return [Quarter(name, expected, kept) for name, (expected, kept) in sorted(found.items())]


def lines_of(db: Database, actor: Actor, asked: Asked, step: str, verdict: str) -> list[Line]:
    """The occurrences behind one figure of the table, the latest first, two hundred at most. Raises NotAllowed."""
    _must_audit(db, actor, asked.protocol)
    if verdict not in EXPECTED:
        return []
    outcomes.refresh(db)
    with db.write() as tx:
        values = {**asked.values(), "step": step, "verdict": verdict, "upto": MOST_LINES}
        found = [Line(*row) for row in tx.all(_LINES_HERE if asked.prison else _LINES, values)]
        if verdict in deviations.LATENESS:
            found = _with_words(tx, db, found)
        decision = Decision(True, "the coordinator and the auditor watch the protocol")
        read_log.note(tx, actor, None, "compliance", decision, clock.now(), sorted({line.ref for line in found}))
    return found


def _with_words(tx: Tx, db: Database, lines: list[Line]) -> list[Line]:
    said = deviations.behind(tx, db, (line.ref for line in lines), clock.now())
    # `visit1/2` is the second time that the step `visit1` was opened
    return [
        line._replace(deviation=said.get((line.ref, line.occurrence.partition("/")[0], line.due_on))) for line in lines
    ]


def notice_quality(db: Database, actor: Actor, asked: Asked) -> list[Notice]:
    """Per prison how early its releases were announced in the period. Raises NotAllowed."""
    _must_audit(db, actor, asked.protocol)
    first, last = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (asked.since, asked.until))
    by_prison: dict[str, list[tuple[int | None, bool]]] = {}
    with db.read() as tx:
        for prison, opened_at, planned, actual, certainty in tx.all(
            _NOTICE, {"since": first, "until": last + dt.timedelta(days=1)}
        ):
            release = actual or planned
            days = (release - opened_at.date()).days if release else None
            by_prison.setdefault(prison, []).append((days, certainty == "unconfirmed"))
    found = []
    for prison, rows in sorted(by_prison.items()):
        known = sorted(day for day, _ in rows if day is not None)
        enough = len(known) >= FEWEST
        found.append(
            Notice(prison, len(rows), round(statistics.median(known)) if enough else None, known[0] if enough else None,
                   sum(unconfirmed for _, unconfirmed in rows))
        )  # fmt: skip
    return found
