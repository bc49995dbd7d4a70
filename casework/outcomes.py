"""How every step went, judged from the ledger alone, so that the compliance table is one aggregate."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from casework import clock, ledger, protocols
from casework.db import Database
from casework.keys import KeyGone
from casework.loading import Loaded, load
from casework.rows import CASE
from casework.statements import Statement, Tx
from casework.states import key_of
from casework.transitions import events_in
from models.base import table_of
from models.cases import StepOutcome
from models.people import Absence as AbsenceRow
from protocol.causes import Absence
from protocol.commands import SYSTEM
from protocol.events import Entry
from protocol.language import Protocol
from protocol.verdicts import Verdict, verdicts
from protocol.workdays import WorkCalendar

BATCH = 200
_OUTCOME, _ABSENCE = table_of(StepOutcome), table_of(AbsenceRow)
_p = sa.bindparam
# Two questions, each with an index of its own: together in one OR they would read every case there ever was.
_CHANGED = Statement(
    sa.select(CASE.c.id).where(~CASE.c.judged, CASE.c.id > _p("after")).order_by(CASE.c.id).limit(_p("upto"))
)
_PASSED = Statement(
    sa.select(_OUTCOME.c.case_id).where(
        _OUTCOME.c.verdict == sa.literal_column("'running'"), _OUTCOME.c.due_on < _p("today")
    )
)
_ABOUT = Statement(sa.select(CASE.c.release_type, CASE.c.notice, CASE.c.prison).where(CASE.c.id == _p("case")))
_CLEAR = Statement(sa.delete(_OUTCOME).where(_OUTCOME.c.case_id == _p("which")))
_INSERT = Statement(sa.insert(_OUTCOME))
_JUDGED = Statement(sa.update(CASE).where(CASE.c.id == _p("which")).values(judged=True))
_STALE_RUNNING = Statement(
    sa.delete(_OUTCOME).where(_OUTCOME.c.case_id == _p("which"), _OUTCOME.c.verdict == "running")
)
_ABSENCES = Statement(sa.select(_ABSENCE.c.staff, _ABSENCE.c.from_on, _ABSENCE.c.until_on))


def refresh(db: Database, at: dt.datetime | None = None) -> int:
    """Judge every case that changed since it was judged last, or in which a due day passed. How many there were."""
    at = at or clock.now()
    with db.read() as tx:
        passed = sorted({case_id for (case_id,) in tx.all(_PASSED, {"today": at.date()})})
    for case_id in passed:
        _judge_one(db, case_id, at)
    judged, after = len(passed), 0
    while changed := _changed(db, after):
        for case_id in changed:
            _judge_one(db, case_id, at)
        judged, after = judged + len(changed), changed[-1]
    return judged


def _changed(db: Database, after: int) -> list[int]:
    with db.read() as tx:
        return [case_id for (case_id,) in tx.all(_CHANGED, {"after": after, "upto": BATCH})]


def _judge_one(db: Database, case_id: int, at: dt.datetime) -> None:
    with db.write() as tx:
        judge(tx, db, case_id, at)


def entries_of(tx: Tx, db: Database, ref: str, key_id: str | None) -> list[Entry]:
    """The log of a case, as conformance reads it. Raises KeyGone for a case that was erased."""
    key = key_of(db, key_id)
    return [
        Entry.model_construct(
            seq=header.seq,
            recorded_at=header.recorded_at,
            by=header.by,
            command=header.command,
            events=events_in(key, header, body),
        )
        for header, body in ledger.entries(tx, ledger.case_stream(ref))
    ]


def judge(tx: Tx, db: Database, case_id: int, at: dt.datetime) -> None:
    """Write the verdicts of one case anew. Those of an erased case stay as they were: they name nobody."""
    case = load(tx, case_id, SYSTEM)
    try:
        entries = entries_of(tx, db, case.ref, case.key_id)
    except KeyGone:
        tx.run(_STALE_RUNNING, {"which": case_id})  # nobody will ever know how these ended
    else:
        _write(tx, db, case, entries, at)
    tx.run(_JUDGED, {"which": case_id})


def _write(tx: Tx, db: Database, case: Loaded, entries: list[Entry], at: dt.datetime) -> None:
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    calendar = protocols.calendar(tx, db, protocol, case.revision)
    today = calendar.local_day(at)
    away = absences(tx)
    about = tx.one(_ABOUT, {"case": case.id})
    assert about is not None
    same = {"case_id": case.id, "protocol": case.protocol_key}
    same |= {"release_type": about[0], "notice": about[1], "prison": about[2]}
    judged = [_from_outside(protocol, one, today) for one in verdicts(protocol, entries, calendar, today, away)]
    tx.run(_CLEAR, {"which": case.id})
    tx.many(_INSERT, [{**same, **_row(verdict, calendar, today), **one} for verdict, one in _numbered(judged)])


def absences(tx: Tx) -> list[Absence]:
    """Every recorded absence, for the causes of what was late."""
    return [(staff, first, last) for staff, first, last in tx.all(_ABSENCES, {})]


def _from_outside(protocol: Protocol, verdict: Verdict, today: dt.date) -> Verdict:
    """A step that shows as settled on its due day counts as kept from then on, whatever its outcome or when it came.

    Else a figure would tell what no page tells. Source: protocol, "Sharing".
    """
    step = protocol.steps.get(verdict.step)
    if step is None or not step.settled_on_due_day or verdict.due is None:
        return verdict
    passed = today >= verdict.due
    return replace(
        verdict, verdict="kept" if passed else "running", done_on=verdict.due if passed else None, cause="",
        working_days_late=0,
    )  # fmt: skip


def _numbered(judged: list[Verdict]) -> Iterator[tuple[Verdict, dict[str, str]]]:
    """A step that was cancelled and opened again keeps its id and has a verdict for each time: `visit1`, `visit1/2`."""
    seen: Counter[str] = Counter()
    for verdict in judged:
        seen[verdict.id] += 1
        times = seen[verdict.id]
        yield verdict, {"occurrence": verdict.id if times == 1 else f"{verdict.id}/{times}"}


def _row(verdict: Verdict, calendar: WorkCalendar, today: dt.date) -> dict[str, Any]:
    due = verdict.due if verdict.verdict in ("late", "missed") else None
    return {
        "occurrence": verdict.id,
        "step": verdict.step,
        "n": verdict.n,
        "verdict": verdict.verdict,
        "cause": verdict.cause,
        "due_on": verdict.due,
        "done_on": verdict.done_on,
        "days_late": calendar.between(due, verdict.done_on or today) if due else 0,
    }
