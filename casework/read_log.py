"""The read log: a ledger stream per member of staff, and rows that the data protection officer can search.

A page that reads several things is one entry in the chain, which lists them: numbers and kinds, never content.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy as sa

from casework import ledger
from casework.db import Database
from casework.statements import Statement, Tx
from models.base import table_of
from models.ledger import AccessEntry
from protocol.commands import Actor
from protocol.visibility import Decision

_COLUMNS = ("staff", "case_id", "what", "allowed", "reason", "at")
_LOG = Statement(sa.insert(table_of(AccessEntry)).values({name: sa.bindparam(name) for name in _COLUMNS}))


class Page:
    """What one page reads: kept until the page is ready, and chained before anybody gets it."""

    def __init__(self) -> None:
        self.by = ""
        self.at: dt.datetime | None = None
        self.read: list[dict[str, object]] = []

    def add(self, actor: Actor, at: dt.datetime, body: dict[str, object]) -> None:
        self.by, self.at = actor.id, at
        if body not in self.read:
            self.read.append(body)

    def chain(self, db: Database, name: str) -> None:
        """Write the entry, once. `name`: the page's address without what stands in it, such as `/cases/{ref}`."""
        if not self.read or self.at is None:
            return
        read, self.read = self.read, []
        with db.write() as tx:
            body: dict[str, object] = {"page": name, "read": read}
            ledger.append_to(tx, ledger.reads_stream(self.by), self.at, self.by, "read", body)


_PAGE: ContextVar[Page | None] = ContextVar("page", default=None)


@contextmanager
def one_page() -> Iterator[Page]:
    """Everything that is read within belongs to one page. Whoever opens it chains it."""
    page = Page()
    token = _PAGE.set(page)
    try:
        yield page
    finally:
        _PAGE.reset(token)


def note(
    tx: Tx, actor: Actor, case_id: int | None, what: str, decision: Decision, at: dt.datetime, refs: list[str]
) -> None:
    """Note a reading, also one that was refused: who, what, which cases."""
    body: dict[str, object] = {"what": what, "cases": refs, "allowed": decision.allowed}
    page = _PAGE.get()
    if page is not None:
        page.add(actor, at, body)
    else:
        ledger.append_to(tx, ledger.reads_stream(actor.id), at, actor.id, "read", {"read": [body]})
    row = {"staff": actor.id, "case_id": case_id, "what": what, "allowed": decision.allowed, "at": at}
    tx.run(_LOG, {**row, "reason": decision.reason})
