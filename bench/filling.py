"""Databases of sluis for the sections, filled with as many cases as a section wants.

A case for each stage of the work is taken there by casework itself. All others are copies of their rows, with a number,
a worker and due days of their own: 100,000 cases by real transitions would take longer than all the measuring.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from bench.roles import app_url
from bench.work import USERS, form_for
from casework import clock, protocols, staff
from casework.cases import Opening, open_case, perform
from casework.db import Database, engine_of
from casework.lists import open_tasks
from casework.rows import CASE, STEP
from casework.settings import settings
from casework.statements import Statement
from casework.upgrade import migrate, open_database
from models.people import Staff
from protocol.commands import SYSTEM, Actor, AssignStep, CompleteStep, OpenCase
from protocol.parse import load
from protocol.workdays import WorkCalendar

FILE = Path(__file__).with_name("work.yaml")
AT_ONCE = 5_000
"""rows in one statement"""
SPREAD = 60
"""days over which due days lie, half of them past"""
QUEUED = 5
"""of so many open steps one is nobody's yet"""
STAGES = 14
WORKERS = [Actor(id=f"u{n}", roles=("worker",), service=f"service-{n % 3}") for n in range(USERS)]

Row = dict[str, Any]


class Shape(NamedTuple):
    """The rows of a real case, to be copied."""

    case: Row
    steps: list[Row]


def new_database(folder: Path, url: str | None = None) -> Database:
    """A new database with the bench's protocol and its workers; without a URL it is SQLite in `folder`."""
    found = settings(home=folder, database_url=app_url(url) if url else None, owner_url=url)
    migrate(found)
    db, now = open_database(found), clock.now()
    protocols.put_in_force(db, FILE.read_text(encoding="utf-8"), FILE.name, SYSTEM, now)
    people = [
        Staff(id=worker.id, name=worker.id, roles=["worker"], service=worker.service, added_at=now)
        for worker in WORKERS
    ]
    staff.save(db, people, at=now)
    return db


def real_case(db: Database, number: int, at: dt.datetime, done: int = 0) -> str:
    """Open a case through casework and do `done` steps of it; every open step is somebody's. Returns its number."""
    opening = Opening(OpenCase(release_type="work", notified_at=at), protocol="work")
    ref = open_case(db, SYSTEM, opening, f"open:{number}", at).ref
    for turn in itertools.count():
        worker = WORKERS[(number + turn) % USERS]
        tasks = open_tasks(db, SYSTEM, ref, at)
        for task in tasks:
            if task.assignee is None:
                command = AssignStep(id=task.id, staff=worker.id)
                perform(db, SYSTEM, ref, command, f"{ref}:{task.id}:assign", at)
        if turn == done or not tasks:
            return ref
        task = next(task for task in open_tasks(db, SYSTEM, ref, at))
        owner = next(one for one in WORKERS if one.id == task.assignee)
        form = CompleteStep(id=task.id, occurred_on=at.date(), fields=form_for(task.step, number))
        perform(db, owner, ref, form, f"{ref}:{task.id}:complete", at)
    raise AssertionError("unreachable")


def shape_of(db: Database, ref: str) -> Shape:
    """The rows that casework wrote for a case."""
    with db.begin() as connection:
        case = dict(connection.execute(sa.select(CASE).where(CASE.c.ref == ref)).mappings().one())
        steps = connection.execute(sa.select(STEP).where(STEP.c.case_id == case["id"])).mappings().all()
    return Shape(case, [dict(step) for step in steps])


def fill_open(db: Database, count: int, say: Callable[[str], None] = lambda _words: None) -> None:
    """`count` open cases in all stages, with 50 workers and due days around today."""
    now = clock.now()
    shapes = [shape_of(db, real_case(db, stage, now, stage)) for stage in range(STAGES)]
    days = _Days(now)
    say(f"{count:,} cases")
    first = max(shape.case["id"] for shape in shapes) + 1
    numbers = range(first, first + count - STAGES)
    insert(db, CASE, (_copy(shapes[number % STAGES].case, number) for number in numbers))
    insert(db, STEP, (step for number in numbers for step in _steps(shapes[number % STAGES], number, days)))
    settle(db)


def bare_cases(db: Database, shape: Shape, count: int, **columns: Any) -> range:
    """Copies of one case, without its steps; their ids. `columns`: what is otherwise than in the original."""
    with db.begin() as connection:
        first = connection.execute(sa.select(sa.func.max(CASE.c.id))).scalar_one() + 1
    numbers = range(first, first + count)
    insert(db, CASE, ({**_copy(shape.case, number), **columns} for number in numbers))
    return numbers


def _copy(case: Row, number: int) -> Row:
    return {**case, "id": number, "ref": f"2000-{number:03d}"}


class _Days:
    """Due days around today, and the moment at which each of them ends."""

    def __init__(self, now: dt.datetime) -> None:
        calendar = WorkCalendar(load(FILE).calendar, ())
        today = calendar.local_day(now)
        self._days = [today + dt.timedelta(days=n - SPREAD // 2) for n in range(SPREAD)]
        self._ends = [calendar.moment(day, None) for day in self._days]

    def of(self, number: int) -> Row:
        which = number * 7919 % SPREAD
        day = self._days[which]
        return {"ready_on": day - dt.timedelta(days=14), "due_on": day, "due_at": self._ends[which]}


def _steps(shape: Shape, number: int, days: _Days) -> Iterator[Row]:
    for place, step in enumerate(shape.steps):
        which = number * 31 + place
        row = {**step, "case_id": number, **days.of(which)}
        if step["is_open"]:
            rest = which // SPREAD  # otherwise everybody's work would be due on a few days of their own
            row["assignee"] = None if rest % QUEUED == 0 else f"u{(which + rest) % USERS}"
        yield row


# --- many rows at once


def insert(db: Database, table: sa.Table, rows: Iterable[Row]) -> None:
    """Add rows in the quickest way that the engine has."""
    if db.kind == "postgresql":
        _copy_in(db, table, rows)
        return
    statement = Statement(sa.insert(table).values({column.name: sa.bindparam(column.name) for column in table.columns}))
    nothing = dict.fromkeys(column.name for column in table.columns)
    rows = iter(rows)
    while some := [{**nothing, **row} for row in itertools.islice(rows, AT_ONCE)]:
        with db.write() as tx:
            tx.many(statement, some)


@contextmanager
def _as_owner(db: Database) -> Iterator[Any]:
    """COPY and VACUUM are not for the app's role."""
    engine = engine_of(db.settings, owner=True)
    raw = engine.raw_connection()
    yield raw.driver_connection
    raw.close()
    engine.dispose()


def _copy_in(db: Database, table: sa.Table, rows: Iterable[Row]) -> None:
    rows = iter(rows)
    first = next(rows)
    names = list(first)
    columns = ", ".join(f'"{name}"' for name in names)
    with _as_owner(db) as connection:
        with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in itertools.chain([first], rows):
                copy.write_row([row[name] for name in names])
        connection.commit()


def settle(db: Database) -> None:
    """What the engine does by itself after a while: statistics on PostgreSQL, the write-ahead log emptied on SQLite."""
    with _as_owner(db) as connection:
        if db.kind == "postgresql":
            connection.autocommit = True
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
            connection.autocommit = False
        else:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
