"""Conformance's verdict per step, kept in `step_outcome`, so that the compliance table is one aggregate."""

import datetime as dt

import sqlalchemy as sa

from casework import ledger, staff
from casework.automatic.facts import facts_of
from casework.db import Database
from casework.errors import NotFound
from casework.rows import CASE
from casework.sealing import SealBroken
from casework.statements import Statement
from casework.transitions import events_in
from models.base import table_of
from models.cases import StepOutcome
from protocol.errors import Refused
from protocol.events import Entry
from protocol.verdicts import verdicts

BATCH = 100
_OUTCOME = table_of(StepOutcome)
_p = sa.bindparam
_passed = sa.exists().where(
    _OUTCOME.c.case_id == CASE.c.id, _OUTCOME.c.verdict == "running", _OUTCOME.c.due_on < _p("today")
)
_CHANGED = Statement(
    sa.select(CASE.c.id)
    .where(CASE.c.erased_at.is_(None), CASE.c.id > _p("after"), sa.or_(CASE.c.outcomes_seq < CASE.c.head_seq, _passed))
    .order_by(CASE.c.id)
    .limit(_p("limit"))
)
_CLEAR = Statement(sa.delete(_OUTCOME).where(_OUTCOME.c.case_id == _p("which")))
_ADD = Statement(
    sa.insert(_OUTCOME).values(
        {
            name: _p(name)
            for name in (
                "case_id", "occurrence", "protocol", "step", "n", "verdict", "cause", "release_type", "notice",
                "prison", "due_on", "done_on", "days_late",
            )
        }
    )
)  # fmt: skip
_UPTO = Statement(sa.update(CASE).where(CASE.c.id == _p("which")).values(outcomes_seq=_p("seq")))


def changed(db: Database, today: dt.date, after: int = 0, batch: int = BATCH) -> list[int]:
    """Cases whose verdicts are older than their ledger, or in which a due day has passed since."""
    with db.read() as tx:
        return [case for (case,) in tx.all(_CHANGED, {"today": today, "after": after, "limit": batch})]


def refresh(db: Database, case: int, today: dt.date) -> int:
    """Judge one case anew; how many steps have a verdict. Raises nothing for a case that was erased meanwhile."""
    try:
        facts = facts_of(db, case)
    except (NotFound, Refused):
        return 0
    with db.read() as tx:
        found = ledger.entries(tx, ledger.case_stream(facts.ref))
    try:
        entries = [
            Entry(
                seq=header.seq, recorded_at=header.recorded_at, by=header.by, command=header.command,
                events=events_in(facts.key, header, body),
            )
            for header, body in found
        ]  # fmt: skip
    except SealBroken:
        return 0  # `ledger verify` says so; a verdict from a broken ledger would be worth nothing
    absences = [(absence.staff, absence.from_on, absence.until_on) for absence in staff.absences(db)]
    judged = verdicts(facts.protocol, entries, facts.calendar, today, absences)
    common = {
        "case_id": facts.id, "protocol": facts.protocol.protocol, "release_type": facts.state.release_type,
        "notice": facts.state.notice, "prison": facts.prison,
    }  # fmt: skip
    rows = []
    for one in judged:
        late = one.verdict in ("late", "missed") and one.due is not None
        until = one.done_on or today
        rows.append(
            {
                **common, "occurrence": one.id, "step": one.step, "n": one.n,
                "verdict": one.verdict, "cause": one.cause, "due_on": one.due,
                "done_on": one.done_on,
                "days_late": facts.calendar.between(one.due, until) if late and one.due else 0,
            }
        )  # fmt: skip
    with db.write() as tx:
        tx.run(_CLEAR, {"which": facts.id})
        tx.many(_ADD, rows)
        tx.run(_UPTO, {"which": facts.id, "seq": entries[-1].seq if entries else 0})
    return len(rows)


def refresh_all(db: Database, today: dt.date) -> int:
    """Every case that needs it; how many there were."""
    count, after = 0, 0
    while cases := changed(db, today, after):
        for case in cases:
            refresh(db, case, today)
        count, after = count + len(cases), cases[-1]
    return count
