"""Long work beside the pages: it runs in a thread, says how far it is, and keeps its result for whoever comes back.

A page never waits for it. Work that was interrupted with its process is told as such, and is asked for again.
"""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import select

from casework import clock
from casework.db import Database
from casework.errors import NotFound
from casework.statements import Statement
from models.base import table_of
from models.jobs import Job
from protocol.commands import Actor
from protocol.errors import Refused

SILENT = dt.timedelta(minutes=5)
"""after so long without a sign a job was interrupted"""
BEAT_SECONDS = 1.0
SHOWN = 10
_JOB = table_of(Job)
_p = sa.bindparam
_ADD = Statement(sa.insert(_JOB))
_BEAT = Statement(
    sa.update(_JOB).where(_JOB.c.id == _p("which")).values(done=_p("done"), total=_p("total"), beat_at=_p("beat_at"))
)
_FINISH = Statement(
    sa.update(_JOB)
    .where(_JOB.c.id == _p("which"))
    .values(result=_p("result"), finished_at=_p("finished_at"), beat_at=_p("beat_at"))
)
_RUNNING = Statement(
    sa.select(_JOB.c.id)
    .where(_JOB.c.kind == _p("kind"), _JOB.c.finished_at.is_(None), _JOB.c.beat_at > _p("since"))
    .limit(1)
)

Progress = Callable[[int, int], None]
"""how much is done, of how much"""
Work = Callable[[Progress], dict[str, Any]]


class State(NamedTuple):
    """A job as a page shows it: `running`, `interrupted`, `failed` or `done`."""

    job: Job
    status: str


def start(db: Database, kind: str, actor: Actor, work: Work, at: dt.datetime, given: bytes | None = None) -> str:
    """Begin a piece of work; its id. Raises Refused while another of this kind runs."""
    real = clock.real_now()
    job = secrets.token_hex(10)
    row = {
        "id": job, "kind": kind, "by": actor.id, "started_at": at, "beat_at": real, "done": 0, "total": 0,
        "finished_at": None, "given": given, "result": None,
    }  # fmt: skip
    with db.write() as tx:
        if tx.one(_RUNNING, {"kind": kind, "since": real - SILENT}) is not None:
            raise Refused("job.running", "this work is being done already", "wait until it has ended")
        tx.run(_ADD, row)
    threading.Thread(target=_run, args=(db, job, work, at), name=f"job-{kind}", daemon=True).start()
    return job


def _run(db: Database, job: str, work: Work, at: dt.datetime) -> None:
    told = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= BEAT_SECONDS:
            told = time.monotonic()
            with db.write() as tx:
                tx.run(_BEAT, {"which": job, "done": done, "total": total, "beat_at": clock.real_now()})

    try:
        result = work(tell)
    except Exception as fault:  # told on the page by its kind alone: its words could hold anything
        result = {"failed": type(fault).__name__}
    with db.write() as tx:
        tx.run(_FINISH, {"which": job, "result": result, "finished_at": at, "beat_at": clock.real_now()})


def find(db: Database, job: str, *kinds: str) -> State:
    """Raises NotFound."""
    with db.session() as session:
        found = session.get(Job, job)
    if found is None or found.kind not in kinds:
        raise NotFound
    return _state(found)


def latest(db: Database, *kinds: str) -> list[State]:
    """The last pieces of work of some kinds, the newest first."""
    query = select(Job).where(_JOB.c.kind.in_(kinds)).order_by(_JOB.c.started_at.desc(), _JOB.c.id).limit(SHOWN)
    with db.session() as session:
        return [_state(found) for found in session.exec(query).all()]


def _state(job: Job) -> State:
    if job.finished_at is None:
        return State(job, "interrupted" if clock.real_now() - job.beat_at > SILENT else "running")
    return State(job, "failed" if "failed" in (job.result or {}) else "done")
