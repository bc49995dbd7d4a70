"""The plain reference: what W costs when nothing but W is done. A yardstick, not a product.

Four tables, prepared SQLAlchemy Core statements, one transaction per user action, and a SHA-256 chain per case over
everything that happened in it. On PostgreSQL the row of the case is locked first, on SQLite the whole transaction is
IMMEDIATE, so two people who complete the last parallel steps at once cannot both, or neither, pass the join.

    python -m bench.peers.reference --db sqlite --cases 20
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa

from bench.peers.store import Store
from bench.work import DAYS_TO_COMPLETE, Place, Task, command, steps_after

META = sa.MetaData()
CASE = sa.Table(
    "release_case",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String(20), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("head", sa.LargeBinary(32), nullable=False),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
)
STEP = sa.Table(
    "step",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey(CASE.c.id), nullable=False, index=True),
    sa.Column("name", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("owner_id", sa.Integer),
    sa.Column("due", sa.DateTime(timezone=True), nullable=False),
    sa.Column("form", sa.Text),
    sa.Index("step_of_owner", "owner_id", "state", "due"),
)
ENTRY = sa.Table(
    "ledger_entry",
    META,
    sa.Column("case_id", sa.ForeignKey(CASE.c.id), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)

CASE_ID, STEP_ID = sa.bindparam("this_case"), sa.bindparam("this_step")
INSERT_CASE = sa.insert(CASE).returning(CASE.c.id)
INSERT_STEPS = sa.insert(STEP)
INSERT_ENTRIES = sa.insert(ENTRY)
LOCK_CASE = sa.select(CASE.c.entries, CASE.c.head).where(CASE.c.id == CASE_ID).with_for_update()
STATE_OF_CASE = sa.select(CASE.c.state).where(CASE.c.id == CASE_ID)
OPEN_STEPS = (
    sa.select(STEP.c.name, STEP.c.id).where(STEP.c.case_id == CASE_ID, STEP.c.state != "done").order_by(STEP.c.id)
)
DONE_STEPS = sa.select(STEP.c.name).where(STEP.c.case_id == CASE_ID, STEP.c.state == "done")
SAVE_CASE = sa.update(CASE).where(CASE.c.id == CASE_ID)
ASSIGN = sa.update(STEP).where(STEP.c.id == STEP_ID, STEP.c.state == "ready").values(state="assigned")
COMPLETE = sa.update(STEP).where(STEP.c.id == STEP_ID, STEP.c.state == "assigned").values(state="done")
SAVE_CASE = SAVE_CASE.values(state=sa.bindparam("state"), entries=sa.bindparam("entries"), head=sa.bindparam("head"))
ASSIGN = ASSIGN.values(owner_id=sa.bindparam("owner_id"))
COMPLETE = COMPLETE.values(form=sa.bindparam("form"))

Happening = tuple[str, str, str]  # what, which step, the form


class Reference:
    """W as plain statements."""

    def __init__(self, where: Place) -> None:
        self.store = Store(where)
        self.durability = self.store.durability
        META.create_all(self.store.writing)

    def open(self, number: int) -> int:
        now = dt.datetime.now(dt.UTC)
        with self.store.writing.begin() as connection:
            new = {"reference": f"C{number}", "state": "open", "entries": 0, "head": b"", "opened_at": now}
            case = connection.execute(INSERT_CASE, new).scalar_one()
            connection.execute(INSERT_STEPS, [new_step(case, "s1", now)])
            write_entries(connection, case, (0, b""), now, [("opened", "", ""), ("ready", "s1", "")])
        return case

    def ready(self, case: int) -> Sequence[Task]:
        with self.store.reading.connect() as connection:
            return [Task(*row) for row in connection.execute(OPEN_STEPS, {"this_case": case})]

    def assign(self, case: int, task: Task, user: int) -> None:
        now = dt.datetime.now(dt.UTC)
        with self.store.writing.begin() as connection:
            tail = connection.execute(LOCK_CASE, {"this_case": case}).one()
            only_one(connection.execute(ASSIGN, {"this_step": task.key, "owner_id": user}))
            write_entries(connection, case, tail, now, [("assigned", task.step, str(user))])

    def complete(self, case: int, task: Task, form: dict[str, str]) -> None:
        now = dt.datetime.now(dt.UTC)
        filled_in = json.dumps(form)
        with self.store.writing.begin() as connection:
            tail = connection.execute(LOCK_CASE, {"this_case": case}).one()
            only_one(connection.execute(COMPLETE, {"this_step": task.key, "form": filled_in}))
            following = steps_after(task.step, form, lambda: set(connection.scalars(DONE_STEPS, {"this_case": case})))
            happened: list[Happening] = [("completed", task.step, filled_in)]
            if following:
                connection.execute(INSERT_STEPS, [new_step(case, name, now) for name in following])
                happened += [("ready", name, "") for name in following]
            if task.step == "s14":
                happened.append(("closed", "", ""))
            write_entries(connection, case, tail, now, happened)

    def closed(self, case: int) -> bool:
        with self.store.reading.connect() as connection:
            return bool(connection.execute(STATE_OF_CASE, {"this_case": case}).scalar_one() == "closed")


def new_step(case: int, name: str, now: dt.datetime) -> dict[str, object]:
    """The row of a step that has become ready."""
    return {"case_id": case, "name": name, "state": "ready", "due": now + dt.timedelta(days=DAYS_TO_COMPLETE)}


def only_one(result: sa.CursorResult) -> None:
    """The statement must have changed exactly one row: otherwise somebody else was first."""
    if result.rowcount != 1:
        raise RuntimeError("the step is not in the state that this needs")


def write_entries(
    connection: sa.Connection, case: int, tail: Sequence, now: dt.datetime, happened: list[Happening]
) -> None:
    """Links what happened to the chain of the case, and moves the head of the case to the last link."""
    seq, head = tail
    rows = []
    for what, step, form in happened:
        seq += 1
        body = json.dumps([seq, now.isoformat(), what, step, form]).encode()
        head = hashlib.sha256(head + body).digest()
        rows.append({"case_id": case, "seq": seq, "body": body, "hash": head})
    connection.execute(INSERT_ENTRIES, rows)
    state = "closed" if happened[-1][0] == "closed" else "open"
    connection.execute(SAVE_CASE, {"this_case": case, "state": state, "entries": seq, "head": head})


if __name__ == "__main__":
    command("reference", Reference, ["sqlalchemy", "psycopg"])
