"""viewflow on Django: W as a Flow with human tasks in the database.

The engine is called through its own Python interface, `task.activation()`, without the HTTP views and their middleware:
completing does what viewflow's UpdateProcessView does (start, validate and save the form, execute). The set-up is the
kindest that was found, see viewflow_cases/models.py. AGPL: in its own environment only, never a dependency.

    python -m bench.peers.viewflow --db sqlite --cases 20
"""

from collections.abc import Sequence
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from bench.work import USERS, Place, Task, answers, command

PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"


def database(where: Place) -> dict[str, Any]:
    """Django's settings of the database."""
    if where.db == "sqlite":
        options = {"transaction_mode": "IMMEDIATE", "init_command": PRAGMAS}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": where.path, "OPTIONS": options}
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(where.url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "HOST": parts["host"],
        "CONN_MAX_AGE": None,
    }


class Viewflow:
    """W as a viewflow Flow. What needs Django's settings is imported once they stand."""

    def __init__(self, where: Place) -> None:
        settings.configure(
            DATABASES={"default": database(where)},
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
            INSTALLED_APPS=[
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "viewflow",
                "viewflow.workflow",
                "bench.peers.viewflow_cases.apps.CasesConfig",
            ],
            SECRET_KEY="only for this run",
            USE_TZ=True,
        )
        django.setup()
        call_command("migrate", verbosity=0)
        from django.contrib.auth.models import User
        from django.forms import modelform_factory
        from viewflow.workflow.status import PROCESS, STATUS

        from bench.peers.viewflow_cases import flows

        User.objects.bulk_create([User(username=f"user{n}") for n in range(USERS)])
        self.users = list(User.objects.order_by("id"))
        self.db = where.db
        self.flow = flows.CaseFlow
        self.form = modelform_factory(flows.CaseProcess, fields=flows.FIELDS)
        self.processes = flows.CaseProcess.objects
        self.tasks = flows.CaseTask.objects
        self.open_states = [STATUS.NEW, STATUS.ASSIGNED]
        self.done = PROCESS.DONE

    def open(self, _number: int) -> int:
        with transaction.atomic():
            return self.flow.start.run().pk

    def ready(self, case: int) -> Sequence[Task]:
        rows = self.tasks.filter(process_id=case, flow_task_type="HUMAN", status__in=self.open_states).order_by("pk")
        return [Task(row.flow_task.name, row) for row in rows]

    def assign(self, _case: int, task: Task, user: int) -> None:
        with task.key.activation() as activation:
            activation.assign(self.users[user])

    def complete(self, _case: int, task: Task, form: dict[str, str]) -> None:
        with task.key.activation() as activation:
            activation.start(None)
            filled_in = self.form(form, instance=activation.process)
            if not filled_in.is_valid():
                raise RuntimeError(filled_in.errors.as_json())
            filled_in.save()
            activation.execute()

    def closed(self, case: int) -> bool:
        return self.processes.get(pk=case).status == self.done

    def durability(self) -> dict[str, str]:
        with connection.cursor() as cursor:
            return answers(self.db, lambda question: cursor.execute(question).fetchone()[0])


if __name__ == "__main__":
    command("viewflow", Viewflow, ["django-viewflow", "django", "psycopg"])
