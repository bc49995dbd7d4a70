"""Pulling from a prison's interface, going on where the last pull stopped."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import clock
from casework.db import Database
from casework.notification_files import Row
from casework.notifications import read_notification
from casework.puller import PullReport, PullSource, pull
from casework.receiving import receive
from casework.row_by_row import RowReport
from casework.sealing import SealBroken, Sealer, blind, seal, unseal
from casework.statements import Statement
from models.base import table_of
from models.pulls import PullState
from protocol.commands import Actor

SOURCE = "puller"
_STATE = table_of(PullState)
_p = sa.bindparam
_CURSOR = Statement(sa.select(_STATE.c.cursor).where(_STATE.c.source == _p("which")))
_VALUES: dict[str, Any] = {name: _p(name) for name in ("source", "cursor", "pulled_at", "finished")}


def _set_state(insert: Any) -> Any:
    first = insert(_STATE).values(_VALUES)
    anew = {name: first.excluded[name] for name in ("cursor", "pulled_at", "finished")}
    return first.on_conflict_do_update(index_elements=["source"], set_=anew)


_SET_STATE = Statement(_set_state(sqlite_insert), postgresql=_set_state(postgresql_insert))


@dataclass(frozen=True)
class Pulled:
    """What a pull brought: of each notification what became of it (numbered over all pages), and how the pull went."""

    rows: list[RowReport]
    report: PullReport

    @property
    def refused(self) -> bool:
        return any(row["outcome"] == "refused" for row in self.rows)


def pull_source(db: Database, source: PullSource, actor: Actor, at: dt.datetime | None = None, **given: Any) -> Pulled:
    """Fetch what is new from this interface and take it in. The cursor is stored after every page that was received:
    who is killed goes on there. What goes wrong on the other side is in the report; `given` goes to `pull`."""
    state = _State(db, source)
    rows: list[RowReport] = []

    def take(page: list[dict[str, Any]]) -> None:
        now = at or clock.now()
        incoming = [Row(len(rows) + n, *read_notification(raw, now)) for n, raw in enumerate(page, start=1)]
        rows.extend(receive(db, incoming, SOURCE, actor, at=now))

    def advanced(cursor: str) -> None:
        state.store(cursor, at or clock.now(), finished=False)

    report = asyncio.run(pull(source, state.cursor(), take, advanced=advanced, **given))
    state.store(report.cursor, at or clock.now(), finished=report.finished)
    return Pulled(rows, report)


class _State:
    """What is stored of one interface, by the HMAC of its address."""

    def __init__(self, db: Database, source: PullSource) -> None:
        self._db = db
        self._source = blind(db.keys.index_secret, SOURCE, source.url)
        self._key = Sealer(blind(db.keys.index_secret, SOURCE, "cursor"))

    def cursor(self) -> str | None:
        with self._db.read() as tx:
            row = tx.one(_CURSOR, {"which": self._source})
        if row is None or row[0] is None:
            return None
        try:
            return unseal(self._key, bytes(row[0]), self._source).decode()
        except SealBroken:
            return None  # another key store: from the beginning, and what is known changes nothing

    def store(self, cursor: str | None, at: dt.datetime, *, finished: bool) -> None:
        sealed = None if cursor is None else seal(self._key, cursor.encode(), self._source)
        row = {"source": self._source, "cursor": sealed, "pulled_at": at, "finished": finished}
        with self._db.write() as tx:
            tx.run(_SET_STATE, row)
