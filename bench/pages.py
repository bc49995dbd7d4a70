"""Pages as the web gives them: a page of work at few and at many open cases, and beside a bare page.

The bare page is FastAPI with a Jinja template of the same number of lines, and as many queries as the page of work
makes, on the same database. Both are asked in process, over the same ASGI client, in turns.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from jinja2 import Environment
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient

from bench.filling import WORKERS, fill_open, new_database
from bench.sections import DATABASES, Row, Settings
from casework import staff
from casework.db import Database
from casework.partnership import DEMO
from casework.rows import CASE, STEP
from casework.statements import Statement, Tx
from models.people import Organisation
from web.app import create_app

SIZES = (100, 10_000)
CALLS = 60
"""of each page, in each round"""
WARM_UP = 5
AS_FAST = 1.2
TO_REACH = 2.0
LINES = 25

_QUERY = Statement(
    sa.select(CASE.c.ref, STEP.c.step, STEP.c.due_on)
    .where(STEP.c.case_id == CASE.c.id, STEP.c.assignee == sa.bindparam("me"), STEP.c.is_open)
    .order_by(STEP.c.due_at)
    .limit(LINES)
)
BARE = Environment(autoescape=True).from_string(
    "<!doctype html><html lang=en><head><title>Work</title></head><body><h1>Work</h1><ul>"
    "{% for ref, step, due in rows %}<li><b>{{ due }}</b> <a href='/cases/{{ ref }}/{{ step }}'>{{ step }}</a> {{ ref }}</li>"
    "{% endfor %}</ul></body></html>"
)


def run(settings: Settings) -> list[Row]:
    """The page of work on every database."""
    rows = []
    for kind in settings.databases:
        with ExitStack() as held:
            clients, made = {}, {}
            for size in SIZES:
                url = None
                if kind == "postgres":
                    assert settings.postgres is not None
                    url = held.enter_context(settings.postgres.database(f"pages_{size}"))
                db = made[size] = new_database(settings.folder / f"{kind}-{size}", url)
                held.callback(db.close)
                fill_open(db, size, lambda words, kind=kind: settings.say(f"{DATABASES[kind]}: {words}"))
                clients[size] = held.enter_context(signed_in(db))
            settings.say(f"{DATABASES[kind]}: pages")
            many = SIZES[-1]
            queries = queries_of(clients[many])
            bare = held.enter_context(TestClient(bare_app(made[many], queries)))
            rows += _measured(DATABASES[kind], {**clients, 0: bare}, queries, settings)
    return rows


@contextmanager
def signed_in(db: Database) -> Iterator[TestClient]:
    """A browser in which a worker of the bench was chosen."""
    staff.save_organisations(db, [Organisation(id="demo", name="Bench", kind=DEMO)])
    with TestClient(create_app(db)) as client:
        found = re.search(r'name="token" value="([^"]*)"', client.get("/health").text)
        assert found is not None
        answer = client.post("/choose", data={"token": found[1], "staff": WORKERS[0].id}, follow_redirects=False)
        assert answer.status_code == 303
        yield client


def queries_of(client: TestClient) -> int:
    """How many statements the page of work sends to the database."""
    count = 0

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            return method(*arguments)

        return counted

    def through_sqlalchemy(*_: Any) -> None:
        nonlocal count
        count += 1

    assert client.get("/tasks").status_code == 200  # what a process remembers, it has read by now
    engine = client.app.state.db.engine  # type: ignore[attr-defined]
    sa.event.listen(engine, "before_cursor_execute", through_sqlalchemy)
    with ExitStack() as back:
        for name in ("run", "one", "all"):
            method = getattr(Tx, name)
            setattr(Tx, name, counting(method))
            back.callback(setattr, Tx, name, method)
        assert client.get("/tasks").status_code == 200
    sa.event.remove(engine, "before_cursor_execute", through_sqlalchemy)
    return count


def bare_app(db: Database, queries: int) -> FastAPI:
    """A page with the same number of queries and lines, and nothing else."""
    app = FastAPI()

    @app.get("/tasks")
    def tasks() -> HTMLResponse:
        with db.read() as tx:
            for _ in range(queries):
                rows = tx.all(_QUERY, {"me": WORKERS[0].id})
        return HTMLResponse(BARE.render(rows=rows))

    return app


def _measured(name: str, clients: dict[int, TestClient], queries: int, settings: Settings) -> list[Row]:
    few, many = SIZES[0], SIZES[-1]
    growth, beside, seen = [], [], []
    for client in clients.values():
        for _ in range(WARM_UP):
            assert client.get("/tasks").status_code == 200
    for _ in range(settings.rounds):
        seconds: dict[int, list[float]] = {size: [] for size in clients}
        for _call in range(CALLS):
            for size, client in clients.items():
                started = time.perf_counter()
                client.get("/tasks")
                seconds[size].append(time.perf_counter() - started)
        median = {size: statistics.median(found) for size, found in seconds.items()}
        growth.append(median[many] / median[few])
        beside.append(median[many] / median[0])
        seen.append(median[many])
    grown, ratio = statistics.median(growth), statistics.median(beside)
    settings.details[name] = {"growth": growth, "beside_bare": beside, "queries": queries}
    return [
        Row(
            f"{name}: page of work, {many:,} cases beside {few:,}",
            f"{grown:.2f} ×",
            f"≤ {AS_FAST:g} ×",
            grown <= AS_FAST,
        ),
        Row(
            f"{name}: beside a bare page with {queries} queries",
            f"{ratio:.2f} ×",
            f"≤ {TO_REACH:g} ×",
            ratio <= TO_REACH,
        ),
        Row(f"{name}: the page of work", f"{statistics.median(seen) * 1000:.1f} ms"),
    ]
