"""Lists of work: my tasks, late work, the open steps of a case. Each asks visibility and notes the reading.

A line holds a case number, a step and a due day: nothing that a mail may not carry too, and never a name.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.errors import NotFound
from casework.loading import load
from casework.rows import CASE, MEMBER, STEP, queue_of_seconds
from casework.statements import Row, Statement, Tx
from models.columns import NO_LIMIT
from protocol.commands import Actor
from protocol.language import Text
from protocol.visibility import Decision, may

PAGE = 25
CALENDAR_PAGES = 8
COUNT_TO = 100
"""counts stop at "99+": counting on would cost more than it tells"""

_p = sa.bindparam
_ROW = sa.select(
    CASE.c.ref, STEP.c.case_id, STEP.c.occurrence, STEP.c.step, STEP.c.n, STEP.c.status, STEP.c.due_on, STEP.c.due_at,
    STEP.c.role, STEP.c.assignee, STEP.c.rung, STEP.c.appointment, CASE.c.protocol, CASE.c.protocol_version,
).select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))  # fmt: skip
_mine = STEP.c.case_id.in_(sa.select(MEMBER.c.case_id).where(MEMBER.c.staff == _p("me")))
_ASSIGNED = (STEP.c.is_open, STEP.c.assignee == _p("me"))
_QUEUED = (STEP.c.is_open, STEP.c.assignee.is_(None), STEP.c.role == _p("role"))
_LATE = (STEP.c.is_open, STEP.c.due_at < _p("at"))


class _List(NamedTuple):
    """A list: its rows in the order of due moments, and how many there are, as far as is counted."""

    rows: Statement
    counted: Statement


def _listed(*conditions: sa.ColumnElement[bool]) -> _List:
    ordered = _ROW.where(*conditions).order_by(STEP.c.due_at, STEP.c.case_id, STEP.c.occurrence).limit(_p("upto"))
    some = sa.select(sa.literal(1)).select_from(STEP).where(*conditions).limit(COUNT_TO).subquery()
    return _List(Statement(ordered), Statement(sa.select(sa.func.count()).select_from(some)))


ASSIGNED, QUEUED, QUEUED_MINE = _listed(*_ASSIGNED), _listed(*_QUEUED), _listed(*_QUEUED, _mine)
_as_deputy = STEP.c.case_id.in_(sa.select(CASE.c.id).where(CASE.c.lead == _p("absent"), CASE.c.deputy == _p("me")))
ASSIGNED_TO_ABSENT = _listed(STEP.c.is_open, STEP.c.assignee == _p("absent"), _as_deputy)
LATE_OF_ABSENT = _listed(*_LATE, STEP.c.assignee == _p("absent"), _as_deputy)
"""work of a lead worker who is away without a substitute, in cases of which one is the deputy"""
LATE_ALL = _listed(*_LATE)
LATE_ASSIGNED = _listed(*_LATE, STEP.c.assignee == _p("me"))
LATE_AROUND_ME = _listed(*_LATE, _mine, STEP.c.assignee.is_distinct_from(_p("me")))
"""late work of others in my cases"""
_HAS_CASES = Statement(sa.select(MEMBER.c.case_id).where(MEMBER.c.staff == _p("me")).limit(1))
OF_CASE = Statement(_ROW.where(STEP.c.case_id == _p("case"), STEP.c.is_open).order_by(STEP.c.due_at, STEP.c.occurrence))


@dataclass(frozen=True)
class Task:
    """A line of a list: which case by its number, which step, when."""

    ref: str
    case_id: int
    id: str
    """the occurrence: `contact#1`"""
    step: str
    n: int
    status: str
    due_on: dt.date | None
    late_after: dt.datetime | None
    """UTC; None: no time limit now"""
    late: bool
    role: str
    assignee: str | None
    rung: int
    appointment: dt.datetime | None
    name: Text
    protocol: str
    version: str


@dataclass(frozen=True)
class Page:
    tasks: list[Task]
    number: int
    more: bool
    count: str
    """`12`, or `99+`"""


def tasks_for(db: Database, actor: Actor, page: int = 1, at: dt.datetime | None = None) -> Page:
    """My tasks: those assigned to me, and those that wait for anybody of my roles. First what is due first."""
    at = at or clock.now()
    with db.write() as tx:
        found = _page(tx, db, _mine_in(tx, db, actor), page, at)
        read_log.note(tx, actor, None, "tasks", Decision(True, "own tasks"), at, [task.ref for task in found.tasks])
    return found


def in_calendar(db: Database, actor: Actor, at: dt.datetime) -> list[Task]:
    """My tasks as far as a calendar shows them: at most `CALENDAR_PAGES` pages of them.

    Not in the read log: a program fetches it every hour, and it says no more than the mail that announced the task.
    """
    found: list[Task] = []
    with db.read() as tx:
        lists = _mine_in(tx, db, actor)
        for number in range(1, CALENDAR_PAGES + 1):
            page = _page(tx, db, lists, number, at)
            found += page.tasks
            if not page.more:
                break
    return found


def _mine_in(tx: Tx, db: Database, actor: Actor) -> list[tuple[_List, dict[str, object]]]:
    """The lists that together are my tasks."""
    lists: list[tuple[_List, dict[str, object]]] = [(ASSIGNED, {"me": who}) for who in everybody_for(actor)]
    lists += [(ASSIGNED_TO_ABSENT, {"me": actor.id, "absent": absent}) for absent in actor.deputises]
    for role, everywhere in queues(tx, db, actor):
        if everywhere:
            lists.append((QUEUED, {"role": role}))
        else:
            lists += [(QUEUED_MINE, {"me": who, "role": role}) for who in everybody_for(actor, role)]
    return lists


def late_work(db: Database, actor: Actor, page: int = 1, at: dt.datetime | None = None) -> Page:
    """Late work: of every case for those who run or audit the partnership, of their own cases for everybody else."""
    at = at or clock.now()
    with db.write() as tx:
        everywhere = sees_every_case(tx, db, actor)
        wanted = [LATE_ALL]
        if not everywhere.allowed:
            has_cases = tx.one(_HAS_CASES, {"me": actor.id}) is not None
            wanted = [LATE_ASSIGNED, LATE_AROUND_ME] if has_cases else [LATE_ASSIGNED]
        lists: list[tuple[_List, dict[str, object]]] = [(each, {"me": actor.id, "at": at}) for each in wanted]
        if not everywhere.allowed:
            lists += [(LATE_ASSIGNED, {"me": absent, "at": at}) for absent, _ in actor.stands_for]
            lists += [(LATE_OF_ABSENT, {"me": actor.id, "absent": each, "at": at}) for each in actor.deputises]
        found = _page(tx, db, lists, page, at)
        read_log.note(
            tx, actor, None, "late_work", Decision(True, everywhere.reason), at, [task.ref for task in found.tasks]
        )
    return found


def open_tasks(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> list[Task]:
    """The open steps of one case, for who may see its logistics. Raises NotFound.

    Not in the read log: it says no more than the mail that announced the task.
    """
    at = at or clock.now()
    with db.read() as tx:
        case = load(tx, ref, actor, lock=False)
        protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
        tasks = task_rows(tx, db, tx.all(OF_CASE, {"case": case.id}), at)
    mine = any(actor.does_work_of(task.assignee, case.relations) for task in tasks)
    relation = case.relations | {"own_task"} if mine else case.relations
    if not may(protocol, actor, "see", "logistics", relation).allowed:
        raise NotFound
    return tasks


def everybody_for(actor: Actor, role: str | None = None) -> list[str]:
    """The acting person, and those they stand in for (in this role)."""
    return list(dict.fromkeys([actor.id, *(absent for absent, held in actor.stands_for if role in (None, held))]))


def queues(tx: Tx, db: Database, actor: Actor) -> list[tuple[str, bool]]:
    """The queues in which this person finds tasks that are nobody's yet; and whether of every case, or of own ones."""
    key = ("queues", protocols.revision(tx), actor.roles)
    remembered: dict[object, list[tuple[str, bool]]] = db.memory.setdefault("queues", {})
    if key not in remembered:
        found: dict[str, bool] = {}
        for protocol in protocols.all_in_force(tx, db):
            everywhere = may(protocol, actor, "see", "logistics", frozenset()).allowed
            for role in actor.roles:
                definition = protocol.roles.get(role)
                if definition is not None:
                    for queue in {role, definition.counts_as or role}:
                        found[queue] = found.get(queue, False) or everywhere
            for step in protocol.steps.values():
                # Whoever may decide second is asked in every case; that is the point of a second pair of eyes.
                if step.four_eyes is not None and set(step.four_eyes.role) & set(actor.roles):
                    found[queue_of_seconds(step)] = True
                # So is whoever takes a step over at its hard stop.
                if step.hard_stop is not None and step.hard_stop.by in actor.roles:
                    found[step.hard_stop.by] = True
        remembered[key] = sorted(found.items())
    return remembered[key]


def sees_every_case(tx: Tx, db: Database, actor: Actor) -> Decision:
    answers = [may(found, actor, "see", "logistics", frozenset()) for found in protocols.all_newest(tx, db)]
    yes = [answer for answer in answers if answer.allowed]
    return yes[0] if yes else Decision(False, "own cases only")


def _page(tx: Tx, db: Database, lists: list[tuple[_List, dict[str, object]]], page: int, at: dt.datetime) -> Page:
    """One page of several sorted lists together."""
    upto, found, count = PAGE * page + 1, [], 0
    for wanted, values in lists:
        found += tx.all(wanted.rows, {**values, "upto": upto})
        if count < COUNT_TO:
            row = tx.one(wanted.counted, values)
            count += int(row[0]) if row else 0
    found = sorted(set(found), key=lambda row: (row[7], row[1], row[2]))
    rows = found[PAGE * (page - 1) : PAGE * page]
    shown = str(count) if count < COUNT_TO else f"{COUNT_TO - 1}+"
    return Page(task_rows(tx, db, rows, at), page, len(found) > PAGE * page, shown)


def task_rows(tx: Tx, db: Database, rows: list[Row], at: dt.datetime) -> list[Task]:
    found = []
    for (
        ref,
        case_id,
        occurrence,
        step,
        n,
        status,
        due_on,
        due_at,
        role,
        assignee,
        rung,
        appointment,
        key,
        number,
    ) in rows:
        definition = protocols.version(tx, db, key, number).steps.get(step)
        name = definition.name if definition else {"en": step}
        late_after = None if due_at >= NO_LIMIT else due_at
        task = Task(
            ref, case_id, occurrence, step, n, status, due_on, late_after, due_at < at, role, assignee, rung,
            appointment, name, key, number,
        )  # fmt: skip
        found.append(task)
    return found
