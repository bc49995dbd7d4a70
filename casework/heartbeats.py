"""The dead man's check: each part of the engine room says when it last did its work, and pages and CLI show it.

Real time, never business time: a demo that jumps through the years must not look like a sweep that never came.
"""

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import select

from casework.clock import real_now
from casework.db import Database
from casework.statements import Statement
from models.base import table_of
from models.heartbeats import Heartbeat

HOUR = 3600
EXPECTED_SECONDS = {
    "sweep": 180,
    "pump": 60,
    "prefect": 60,
    "delivery": HOUR // 2,
    "mail": HOUR // 2,
    "information": 2 * HOUR,
    "assignment": 2 * HOUR,
    "follow_up": 2 * HOUR,
    "release": 26 * HOUR,
    "meetings": 26 * HOUR,
    "closure": 26 * HOUR,
    "oversight": 26 * HOUR,
}
"""How long each part with a schedule may be silent before that is a fault. The others wait for work, as they should."""

_TABLE = table_of(Heartbeat)
_p = sa.bindparam


def _upsert(insert: Any, what: dict[str, Any]) -> Any:
    return insert.on_conflict_do_update(index_elements=["part"], set_=what)


def _both(values: dict[str, Any], what: dict[str, Any]) -> Statement:
    return Statement(
        _upsert(sqlite_insert(_TABLE).values(values), what),
        postgresql=_upsert(postgresql_insert(_TABLE).values(values), what),
    )


_ROW = {"part": _p("part"), "at": _p("at"), "failing_since": sa.null(), "counts": _p("counts")}
_BEAT = _both(_ROW, {"at": _p("at"), "failing_since": sa.null(), "counts": _p("counts")})
_FAIL = _both(
    _ROW | {"failing_since": _p("at")},
    {"failing_since": sa.func.coalesce(_TABLE.c.failing_since, _p("at")), "counts": _p("counts")},
)


class Beat(NamedTuple):
    """When a part last did its work, since when it fails, and whether somebody should look."""

    part: str
    at: dt.datetime
    failing_since: dt.datetime | None
    counts: dict[str, Any]
    seconds_ago: int
    silent: bool

    @property
    def minutes_ago(self) -> int:
        return self.seconds_ago // 60


def beat(db: Database, part: str, **counts: int) -> None:
    """This part did its work to the end, now."""
    with db.write() as tx:
        tx.run(_BEAT, {"part": part, "at": real_now(), "counts": counts})


def failing(db: Database, part: str, **counts: int) -> None:
    """This part tried and could not; the moment of its last success stays."""
    with db.write() as tx:
        tx.run(_FAIL, {"part": part, "at": real_now(), "counts": counts})


def beats(db: Database) -> list[Beat]:
    """Every part that was ever heard of, in order of name."""
    now = real_now()
    with db.session() as session:
        rows = session.exec(select(Heartbeat).order_by(_TABLE.c.part)).all()
    return [_beat(row, now) for row in rows]


def _beat(row: Heartbeat, now: dt.datetime) -> Beat:
    ago = max(0, int((now - row.at).total_seconds()))
    allowed = EXPECTED_SECONDS.get(row.part)
    silent = row.failing_since is not None or (allowed is not None and ago > allowed)
    return Beat(row.part, row.at, row.failing_since, row.counts, ago, silent)


def last(db: Database, part: str = "sweep") -> Beat | None:
    """The last beat of one part; None: it was never heard of."""
    return next((found for found in beats(db) if found.part == part), None)
