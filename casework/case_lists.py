"""Lists of cases: by release date for those who run the partnership, one's own, one's announcements, waiting decisions.

Like the lists of tasks they hold numbers, steps and dates, never a name; they ask visibility and write the read log.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.errors import NotAllowed
from casework.lists import PAGE, Page, Task, everybody_for, sees_every_case, task_rows
from casework.loading import load_each, state_of
from casework.rows import CASE, MEMBER, STEP, queue_of_seconds
from casework.statements import Row, Statement, Tx, in_some, some
from models.columns import NO_LIMIT
from protocol.commands import SYSTEM, Actor
from protocol.language import Protocol, Step, Text
from protocol.state import CaseState
from protocol.visibility import EVERY_CASE, Decision, owners
from protocol.workdays import WorkCalendar

FAR = dt.date(9999, 12, 31)
MOST_WAITING = 100
MOST_RELEASES = 300
_p = sa.bindparam
_CASE_COLUMNS = (
    CASE.c.id, CASE.c.ref, CASE.c.release_type, CASE.c.phase, CASE.c.planned_release, CASE.c.certainty,
    CASE.c.actual_release, CASE.c.lead, CASE.c.prison, CASE.c.opened_at, CASE.c.is_open, CASE.c.protocol,
    CASE.c.protocol_version,
)  # fmt: skip
_BY_RELEASE = sa.select(*_CASE_COLUMNS).order_by(
    CASE.c.actual_release.is_not(None), sa.func.coalesce(CASE.c.planned_release, FAR), CASE.c.id
)
"""Releases to come first: those who are out have their follow-up."""
_ALL_OPEN = Statement(_BY_RELEASE.where(CASE.c.is_open).limit(_p("upto")))
_mine = CASE.c.id.in_(sa.select(MEMBER.c.case_id).where(MEMBER.c.staff == _p("me"), MEMBER.c.relation != "announcer"))
_RELEASES = Statement(
    _BY_RELEASE.where(
        CASE.c.is_open,
        CASE.c.actual_release.is_(None),
        CASE.c.planned_release >= _p("since"),
        CASE.c.planned_release <= _p("until"),
    ).limit(_p("upto"))
)
_OWN = Statement(_BY_RELEASE.where(CASE.c.ended.is_(None), _mine).limit(_p("upto")))
_ANNOUNCED = Statement(
    sa.select(*_CASE_COLUMNS)
    .join(MEMBER, MEMBER.c.case_id == CASE.c.id)
    .where(MEMBER.c.staff == _p("me"), MEMBER.c.relation == "announcer", CASE.c.erased_at.is_(None))
    .order_by(CASE.c.id.desc())
    .limit(_p("upto"))
)
_OPEN_STEPS = Statement(
    sa.select(STEP.c.case_id, STEP.c.step, STEP.c.due_on, STEP.c.due_at)
    .where(STEP.c.case_id.in_(some()), STEP.c.is_open)
    .order_by(STEP.c.due_at)
)
_SETTLED = Statement(
    sa.select(STEP.c.case_id, STEP.c.step).where(
        STEP.c.case_id.in_(some()), sa.not_(STEP.c.is_open), STEP.c.step == _p("which")
    )
)
_ROW = sa.select(
    CASE.c.ref, STEP.c.case_id, STEP.c.occurrence, STEP.c.step, STEP.c.n, STEP.c.status, STEP.c.due_on, STEP.c.due_at,
    STEP.c.role, STEP.c.assignee, STEP.c.rung, STEP.c.appointment, CASE.c.protocol, CASE.c.protocol_version,
).select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))  # fmt: skip
_PROPOSED = Statement(
    _ROW.where(STEP.c.is_open, STEP.c.assignee.is_(None), STEP.c.role == _p("queue"), STEP.c.step == _p("which"))
    .order_by(STEP.c.due_at)
    .limit(MOST_WAITING)
)


class NextStep(NamedTuple):
    name: Text
    due_on: dt.date | None


@dataclass(frozen=True)
class CaseLine:
    """A case in a list. `late`: how many of its steps are late."""

    ref: str
    release_type: Text
    phase: Text
    planned_release: dt.date | None
    certainty: str | None
    actual_release: dt.date | None
    lead: str | None
    opened_at: dt.datetime
    is_open: bool
    late: int
    next: NextStep | None
    handled: bool


@dataclass(frozen=True)
class CasePage:
    cases: list[CaseLine]
    number: int
    more: bool


class Known(NamedTuple):
    """What counting the due days of a task needs."""

    protocol: Protocol
    state: CaseState
    calendar: WorkCalendar


def by_release(db: Database, actor: Actor, page: int = 1, at: dt.datetime | None = None) -> CasePage:
    """Every open case, by planned release; for those who run the partnership. Raises NotAllowed."""
    at = at or clock.now()
    with db.write() as tx:
        decision = must_see_every_case(tx, db, actor)
        return _case_page(tx, db, actor, _ALL_OPEN, page, at, "cases", decision)


def releases(db: Database, actor: Actor, since: dt.date, until: dt.date, at: dt.datetime | None = None) -> CasePage:
    """The releases planned from `since` to `until`, both included; for those who run the partnership. At most
    `MOST_RELEASES`, `more` says whether there are others. Raises NotAllowed."""
    at = at or clock.now()
    with db.write() as tx:
        decision = must_see_every_case(tx, db, actor)
        found = tx.all(_RELEASES, {"since": since, "until": until, "upto": MOST_RELEASES + 1})
        lines = _lines(tx, db, found[:MOST_RELEASES], at)
        read_log.note(tx, actor, None, "releases", decision, at, [line.ref for line in lines])
    return CasePage(lines, 1, len(found) > MOST_RELEASES)


def must_see_every_case(tx: Tx, db: Database, actor: Actor) -> Decision:
    """Raises NotAllowed."""
    if not set(actor.roles) & EVERY_CASE:
        raise NotAllowed("the coordinator runs the partnership and sees every case")
    decision = sees_every_case(tx, db, actor)
    if not decision.allowed:
        raise NotAllowed(decision.reason)
    return decision


def own(db: Database, actor: Actor, page: int = 1, at: dt.datetime | None = None) -> CasePage:
    """The cases this person works on, and those of colleagues they stand in for."""
    at = at or clock.now()
    with db.write() as tx:
        rows: dict[int, Row] = {}
        for who in everybody_for(actor):
            rows |= {row[0]: row for row in tx.all(_OWN, {"me": who, "upto": PAGE * page + 1})}
        found = sorted(rows.values(), key=lambda row: (row[6] is not None, row[4] or FAR, row[0]))
        lines = _lines(tx, db, found[PAGE * (page - 1) : PAGE * page], at)
        read_log.note(tx, actor, None, "own cases", Decision(True, "own cases"), at, [line.ref for line in lines])
    return CasePage(lines, page, len(found) > PAGE * page)


def announced(db: Database, actor: Actor, page: int = 1, at: dt.datetime | None = None) -> CasePage:
    """What this person announced, the latest first: dates and *handled*, nothing of what was decided."""
    at = at or clock.now()
    with db.write() as tx:
        return _case_page(tx, db, actor, _ANNOUNCED, page, at, "announcements", Decision(True, "own notifications"))


def waiting_for_second(db: Database, actor: Actor, at: dt.datetime | None = None) -> Page:
    """Steps that their owner recorded and that wait for the second person, for those who own or run them."""
    at = at or clock.now()
    roles, found = set(actor.roles), []
    with db.write() as tx:
        for protocol in protocols.all_in_force(tx, db):
            for key, step in protocol.steps.items():
                if _may_know_it_waits(protocol, step, roles):
                    found += tx.all(_PROPOSED, {"queue": queue_of_seconds(step), "which": key})
        found = sorted(set(found), key=lambda row: (row[7], row[1], row[2]))
        tasks = task_rows(tx, db, found[:MOST_WAITING], at)
        read_log.note(tx, actor, None, "waiting", Decision(True, "own steps"), at, [task.ref for task in tasks])
    return Page(tasks, 1, False, str(len(tasks)))


def _may_know_it_waits(protocol: Protocol, step: Step, roles: set[str]) -> bool:
    if step.four_eyes is None:
        return False
    if roles & owners(protocol, step):
        return True
    return bool(roles & EVERY_CASE) and not step.settled_on_due_day


_PRISONS = Statement(sa.select(CASE.c.prison).where(CASE.c.prison.is_not(None)).distinct().order_by(CASE.c.prison))


def prisons(db: Database) -> list[str]:
    """The prisons that announced something, by name."""
    with db.read() as tx:
        return [name for (name,) in tx.all(_PRISONS, {})]


def known_of(db: Database, tasks: list[Task]) -> dict[int, Known]:
    """What explains the due days of tasks that this person was just shown."""
    found = {}
    with db.read() as tx:
        for case_id, case in load_each(tx, (task.case_id for task in tasks), SYSTEM).items():
            protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
            _key, state = state_of(tx, db, case)
            found[case_id] = Known(protocol, state, protocols.calendar(tx, db, protocol, case.revision))
    return found


def _case_page(
    tx: Tx, db: Database, actor: Actor, wanted: Statement, page: int, at: dt.datetime, what: str, why: Decision
) -> CasePage:
    found = tx.all(wanted, {"me": actor.id, "upto": PAGE * page + 1})
    lines = _lines(tx, db, found[PAGE * (page - 1) : PAGE * page], at)
    read_log.note(tx, actor, None, what, why, at, [line.ref for line in lines])
    return CasePage(lines, page, len(found) > PAGE * page)


_EACH = Statement(sa.select(*_CASE_COLUMNS).where(CASE.c.id.in_(some())))


def lines_of(tx: Tx, db: Database, cases: list[int], at: dt.datetime) -> dict[int, CaseLine]:
    """Cases by id, as lines of a list; whoever shows them has asked visibility, and notes the reading."""
    rows = [row for values in in_some(cases) for row in tx.all(_EACH, values)]
    return {row[0]: line for row, line in zip(rows, _lines(tx, db, rows, at), strict=True)}


def _lines(tx: Tx, db: Database, rows: list[Row], at: dt.datetime) -> list[CaseLine]:
    steps = _open_steps(tx, [row[0] for row in rows])
    handled = _handled(tx, db, rows)
    return [_line(tx, db, row, at, steps.get(row[0], []), row[0] in handled) for row in rows]


def _open_steps(tx: Tx, cases: list[int]) -> dict[int, list[Row]]:
    """Per case its open steps: step, due day and moment of lateness, the first due first."""
    found: dict[int, list[Row]] = {}
    for values in in_some(cases):
        for case_id, *step in tx.all(_OPEN_STEPS, values):
            found.setdefault(case_id, []).append(tuple(step))
    return found


def _handled(tx: Tx, db: Database, rows: list[Row]) -> set[int]:
    """The cases in which the step that tells the announcer "handled" is settled."""
    by_protocol: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        by_protocol.setdefault((row[11], row[12]), []).append(row[0])
    found = set()
    for (key, number), cases in by_protocol.items():
        for step, definition in protocols.version(tx, db, key, number).steps.items():
            if any(told.what == "handled" for told in definition.told):
                for values in in_some(cases):
                    found |= {case_id for case_id, _ in tx.all(_SETTLED, {**values, "which": step})}
    return found


def _line(tx: Tx, db: Database, row: Row, at: dt.datetime, steps: list[Row], handled: bool) -> CaseLine:
    _, ref, release_type, phase, planned, certainty, actual, lead, _, opened_at, is_open, key, number = row
    protocol = protocols.version(tx, db, key, number)
    # from outside such a step is settled on its due day and not before: lists leave it out
    open_steps = [
        (protocol.steps[step], due_on, due_at)
        for step, due_on, due_at in steps
        if step in protocol.steps and not protocol.steps[step].settled_on_due_day
    ]
    first = open_steps[0] if open_steps else None
    return CaseLine(
        ref=ref,
        release_type=protocol.release_types[release_type].name,
        phase=protocol.phases[phase].name,
        planned_release=planned,
        certainty=certainty,
        actual_release=actual,
        lead=lead,
        opened_at=opened_at,
        is_open=bool(is_open),
        late=sum(due_at < at and due_at < NO_LIMIT for _, _, due_at in open_steps),
        next=NextStep(first[0].name, first[1]) if first else None,
        handled=handled,
    )
