"""What stands around the cases in the demo: the next timer, and the bodies of the flows run in this process."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import sqlalchemy as sa

from casework.automatic import work
from casework.db import Database
from casework.statements import Statement
from models.base import table_of
from models.cases import ReleaseCase, Timer

_TIMER, _CASE = table_of(Timer), table_of(ReleaseCase)
_NEXT = Statement(sa.select(sa.func.min(_TIMER.c.at)))
_VERSIONS = Statement(sa.select(_CASE.c.ref, _CASE.c.version).where(_CASE.c.erased_at.is_(None)))


class Outside:
    def __init__(self, db: Database):
        self.db = db
        self.seen: dict[str, int] = {}
        self.day: dt.date | None = None
        self.counts: Counter[str] = Counter()

    def next_timer(self) -> dt.datetime | None:
        with self.db.read() as tx:
            found = tx.one(_NEXT, {})
        return found[0] if found else None

    def touched(self) -> list[str]:
        """The cases that changed since this was asked last; erased ones once more."""
        with self.db.read() as tx:
            now: dict[str, int] = {str(ref): int(version) for ref, version in tx.all(_VERSIONS, {})}
        changed = [ref for ref, version in now.items() if self.seen.get(ref) != version]
        gone = [ref for ref in self.seen if ref not in now]
        self.seen = now
        return changed + gone

    def run(self, at: dt.datetime) -> None:
        """Once a day: everything the flows do, with the very functions they serve under Prefect."""
        if at.date() != self.day:
            self.day = at.date()
            self.counts += work.everything(self.db, at, nightly=True)
