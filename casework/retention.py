"""The retention calendar: what is erased when, by which rule, and what is held back. For the data manager and the DPO.

It reads the open steps that erase a case, through the index of due moments. Numbers and dates only; looking is noted.
Source: GDPR art. 5(1)(e) and 17; protocol, `retain`.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.loading import load_each, state_of
from casework.rows import CASE, STEP
from casework.statements import Statement, Tx
from casework.watching import must_watch
from models.base import table_of
from models.sharing import Restriction
from protocol.commands import SYSTEM, Actor
from protocol.errors import Refused
from protocol.language import Protocol
from protocol.state import CaseState, Occurrence
from protocol.workdays import WorkCalendar

MONTHS = 12
PAGE = 25
LEGAL_HOLD, DISPUTED, ASKED = "legal_hold", "disputed", "asked"
"""why an erasure is held back: it was waived for a legal hold, something is disputed, a request is unanswered"""
_RESTRICTION = table_of(Restriction)
_p = sa.bindparam
_before = STEP.alias("before")
_request = STEP.alias("request")
_held = sa.exists().where(
    _before.c.case_id == STEP.c.case_id, _before.c.step == STEP.c.step, _before.c.status == "waived"
)
_disputed = sa.exists().where(_RESTRICTION.c.case_id == STEP.c.case_id, _RESTRICTION.c.settled_at.is_(None))
_asked = sa.exists().where(_request.c.case_id == STEP.c.case_id, _request.c.step == _p("answering"), _request.c.is_open)
_within = (STEP.c.is_open, STEP.c.due_at >= _p("since"), STEP.c.due_at < _p("until"), STEP.c.step == _p("step"))
_LINES = Statement(
    sa.select(CASE.c.id, CASE.c.ref, STEP.c.occurrence, STEP.c.due_on, _held, _disputed, _asked)
    .select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))
    .where(*_within)
    .order_by(STEP.c.due_at, STEP.c.case_id, STEP.c.occurrence)
    .limit(_p("upto"))
)
_COUNTS = Statement(
    sa.select(
        *(
            sa.func.coalesce(sa.func.sum(sa.case((sa.and_(STEP.c.due_at >= _p(f"m{n}"), STEP.c.due_at < _p(f"m{n + 1}")), 1), else_=0)), 0)
            for n in range(MONTHS)
        )
    ).where(*_within)
)  # fmt: skip


class Erasure(NamedTuple):
    """One case that is to be erased, and the state by which its rule can be told."""

    ref: str
    due: dt.date | None
    held: tuple[str, ...]
    """why it is held back; empty: it is not"""
    protocol: Protocol
    calendar: WorkCalendar
    state: CaseState
    occurrence: Occurrence


class Calendar(NamedTuple):
    months: list[tuple[dt.date, int]]
    """the first day of each month, and how many cases"""
    late: int
    """due before today and not yet erased"""
    erasures: list[Erasure]
    """of the month that was asked for"""
    more: bool


def first_of(day: dt.date, later: int = 0) -> dt.date:
    """The first day of this month, or of one so many months later."""
    month = day.year * 12 + day.month - 1 + later
    return dt.date(month // 12, month % 12 + 1, 1)


def erasing(protocol: Protocol) -> set[str]:
    """The steps whose outcome erases the case."""
    return {key for key, step in protocol.steps.items() if any(action.erase for action in step.follows)}


def calendar(
    db: Database, actor: Actor, month: dt.date | None, page: int, zone: ZoneInfo, at: dt.datetime | None = None
) -> Calendar:
    """Twelve months from this one, and the cases of one of them; `month` None: those that are late. Raises NotAllowed."""
    at = at or clock.now()
    today = at.astimezone(zone).date()
    starts = [first_of(today, n) for n in range(MONTHS + 1)]
    with db.write() as tx:
        decision = must_watch(tx, db, actor)
        read_log.note(tx, actor, None, "retention", decision, at, [])
        newest = protocols.all_newest(tx, db)
        steps = sorted({step for each in newest for step in erasing(each)})
        moments = {f"m{n}": _moment(day, zone) for n, day in enumerate(starts)}
        counts, late = [0] * MONTHS, 0
        answering = next((e.restricts.until for p in newest for e in p.events.values() if e.restricts), "")
        rows = []
        since, until = (_moment(month, zone), _moment(first_of(month, 1), zone)) if month else (_EVER, at)
        for step in steps:
            window = {"step": step, "since": moments["m0"], "until": moments[f"m{MONTHS}"], **moments}
            found = tx.one(_COUNTS, window) or ()
            counts = [a + int(b) for a, b in zip(counts, found, strict=True)]
            late += _late(tx, step, at)
            asked = {"step": step, "since": since, "until": until, "answering": answering, "upto": PAGE * page + 1}
            rows += tx.all(_LINES, asked)
        shown = rows[PAGE * (page - 1) : PAGE * page]
        erasures = _erasures(tx, db, shown)
    return Calendar(list(zip(starts[:MONTHS], counts, strict=True)), late, erasures, len(rows) > PAGE * page)


_EVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_LATE = Statement(sa.select(sa.func.count()).select_from(STEP).where(*_within))


def _late(tx: Tx, step: str, at: dt.datetime) -> int:
    (count,) = tx.one(_LATE, {"step": step, "since": _EVER, "until": at}) or (0,)
    return int(count)


def _moment(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The first moment of a local day, in UTC."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _erasures(tx: Tx, db: Database, rows: list[tuple[object, ...]]) -> list[Erasure]:
    cases = load_each(tx, [int(str(row[0])) for row in rows], SYSTEM)
    found = []
    for id, ref, occurrence, due, held, disputed, asked in rows:
        case = cases[int(str(id))]
        try:
            _key, state = state_of(tx, db, case)
        except Refused:
            continue  # erased meanwhile
        protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
        why = tuple(name for name, holds in ((LEGAL_HOLD, held), (DISPUTED, disputed), (ASKED, asked)) if holds)
        days = protocols.calendar(tx, db, protocol, case.revision)
        one = state.steps[str(occurrence)]
        found.append(Erasure(str(ref), due, why, protocol, days, state, one))  # type: ignore[arg-type]
    return found
