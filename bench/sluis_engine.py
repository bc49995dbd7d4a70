"""The work on sluis itself, with everything on: ledger, sealing, outbox, timers, a real protocol file."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from pathlib import Path
from typing import Any

from bench.work import Place, Task, answers, command

USERS = 50
FILE = Path(__file__).with_name("work.yaml")


class Sluis:
    """Opens cases, assigns and completes steps through casework, as the web does."""

    def __init__(self, where: Place) -> None:
        home = Path(where.path).parent / "home" if where.path else Path(os.environ["SLUIS_HOME"])
        os.environ |= {"SLUIS_HOME": str(home)}
        if where.db == "sqlite":
            os.environ |= {"SLUIS_DATABASE_URL": f"sqlite:///{where.path}"}
        else:
            from bench.roles import app_url

            os.environ |= {"SLUIS_DATABASE_URL": app_url(where.url), "SLUIS_OWNER_URL": where.url}

        import sqlalchemy as sa

        from casework import clock, protocols, staff
        from casework.db import Database
        from casework.rows import CASE
        from casework.settings import settings
        from casework.statements import Statement
        from casework.upgrade import migrate, open_database
        from models.people import Staff
        from protocol.commands import SYSTEM, Actor

        found = settings()
        migrate(found)
        self.db: Database = open_database(found)
        now = clock.now()
        protocols.put_in_force(self.db, FILE.read_text(encoding="utf-8"), "work.yaml", SYSTEM, now)
        people = [
            Staff(id=f"u{n}", name=f"Worker {n}", roles=["worker"], service=f"service-{n % 3}", added_at=now)
            for n in range(USERS)
        ]
        staff.save(self.db, people, at=now)
        self.actors = [Actor(id=f"u{n}", roles=("worker",), service=f"service-{n % 3}") for n in range(USERS)]
        self.system = SYSTEM
        self.now = now
        self.states: dict[str, int] = {}
        self.ended = Statement(sa.select(CASE.c.ended).where(CASE.c.ref == sa.bindparam("ref")))

    def open(self, number: int) -> str:
        from casework.cases import Opening, open_case
        from protocol.commands import OpenCase

        at = dt.datetime.now(dt.UTC)
        opening = Opening(OpenCase(release_type="work", notified_at=at), protocol="work")
        return open_case(self.db, self.system, opening, str(uuid.uuid4())).ref

    def ready(self, case: str) -> list[Task]:
        from casework.lists import open_tasks

        return [Task(task.step, task.id) for task in open_tasks(self.db, self.system, case)]

    def assign(self, case: str, task: Task, user: int) -> None:
        from casework.cases import perform
        from protocol.commands import AssignStep

        perform(self.db, self.system, case, AssignStep(id=str(task.key), staff=f"u{user}"), str(uuid.uuid4()))
        self.states[case] = user

    def complete(self, case: str, task: Task, form: dict[str, Any]) -> None:
        from casework.cases import perform
        from protocol.commands import CompleteStep

        today = dt.datetime.now(dt.UTC).date()
        command_ = CompleteStep(id=str(task.key), occurred_on=today, fields=form)
        perform(self.db, self.actors[self.states[case]], case, command_, str(uuid.uuid4()))

    def closed(self, case: str) -> bool:
        with self.db.read() as tx:
            found = tx.one(self.ended, {"ref": case})
        return found is not None and found[0] is not None

    def durability(self) -> dict[str, str]:
        with self.db.engine.connect() as connection:
            return answers(
                "sqlite" if self.db.kind == "sqlite" else "postgres",
                lambda question: connection.exec_driver_sql(question).scalar_one(),
            )


if __name__ == "__main__":
    command("sluis", Sluis, ["sqlalchemy", "sqlcipher3", "psycopg"])
