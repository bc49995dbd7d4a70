"""Rows of a file, taken one by one: each in a transaction of its own, or all in one that is undone at the end."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, NotRequired, Protocol, TypedDict, TypeVar

from casework import opening
from casework.db import CONFLICTS, Database
from casework.ledger import Head
from casework.opening import NewKey, Opening
from casework.statements import Tx
from casework.transitions import ATTEMPTS, Performed, Stale, after_commit
from protocol.commands import Actor
from protocol.errors import Refused

Said = Literal["accepted", "known", "moved", "refused"]


class Fault(TypedDict):
    """One thing that is wrong in a row."""

    field: str
    rule: str
    remedy: str


class RowReport(TypedDict):
    """What became of one row. `case` is the case's number; field, rule and remedy say why it was refused.

    `faults` stands there when more than one thing is wrong: all of them, the first one included.
    """

    row: int
    outcome: Said
    case: str | None
    field: str | None
    rule: str | None
    remedy: str | None
    faults: NotRequired[list[Fault]]


class Numbered(Protocol):
    """A row of a file, with the number that a person sees beside it."""

    @property
    def row(self) -> int: ...


class Done(NamedTuple):
    """What taking a row led to."""

    outcome: Said
    ref: str | None
    performed: tuple[tuple[Performed, Head], ...] = ()


class KeysNeeded(Exception):
    """The row opens a case: its keys must be durable before the transaction begins."""


R = TypeVar("R", bound=Numbered)
Wanted = Callable[[R], Opening]
TakeIn = Callable[[Tx, R, Opening, list[NewKey]], Done]
Told = Callable[[RowReport], object]


class Taking(NamedTuple):
    """Who takes rows, when, into which database."""

    db: Database
    actor: Actor
    at: dt.datetime


def take_rows(
    taking: Taking, rows: Iterable[R], wanted: Wanted[R], take_in: TakeIn[R], *, dry_run: bool, told: Told | None = None
) -> list[RowReport]:
    """A row that is refused never blocks another. `wanted` says which case a row opens, `take_in` takes it in: called
    without keys first, it raises KeysNeeded where it opens one. `told` hears each report as soon as it is known.

    With `dry_run` everything is checked against the database as it would stand, row after row, and nothing is kept.
    """
    if dry_run:
        return _rehearse(taking, rows, wanted, take_in, told)
    return [_report(row, lambda found=row: _take(taking, found, wanted, take_in), told) for row in rows]


def _take(taking: Taking, row: R, wanted: Wanted[R], take_in: TakeIn[R]) -> Done:
    """One row, in a transaction of its own."""
    db, to_open = taking.db, wanted(row)
    keys: list[NewKey] = []
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db.write() as tx:
                done = take_in(tx, row, to_open, keys)
            break
        except KeysNeeded:
            keys = opening.stored_keys(db, to_open, taking.at)
        except (Stale, *CONFLICTS):
            if attempt == ATTEMPTS:
                raise
    for performed, head in done.performed:
        after_commit(db, performed, head, taking.at, taking.actor)
    return done


def _rehearse(
    taking: Taking, rows: Iterable[R], wanted: Wanted[R], take_in: TakeIn[R], told: Told | None
) -> list[RowReport]:
    """All rows in one transaction that is undone at the end."""
    db = taking.db
    reports: list[RowReport] = []

    def take(tx: Tx, row: R) -> Done:
        to_open = wanted(row)
        return take_in(tx, row, to_open, [(key_id, db.keys.sealer(key_id)) for key_id in lend(2)])

    try:
        with db.keys.passing() as lend, db.write() as tx:
            for row in rows:
                reports.append(_report(row, lambda found=row: take(tx, found), told))
            raise _Undo
    except _Undo:
        db.memory.pop("states", None)
    return reports


class _Undo(Exception):
    """The end of a rehearsal."""


def _report(row: Numbered, take: Any, told: Told | None) -> RowReport:
    report: RowReport = {
        "row": row.row, "outcome": "refused", "case": None, "field": None, "rule": None, "remedy": None,
    }  # fmt: skip
    try:
        done = take()
    except opening.OneOpenCase as refused:
        report.update(_why(refused))
        report["case"] = refused.ref
    except Refused as refused:
        report.update(_why(refused))
    else:
        report["outcome"], report["case"] = done.outcome, done.ref
    if told is not None:
        told(report)
    return report


def _why(refused: Refused) -> Any:
    every = [Fault(field=each.field, rule=each.rule, remedy=each.remedy) for each in refused.problems]
    more = {"faults": every} if len(every) > 1 else {}
    return more | {"field": refused.field or "notification", "rule": refused.reason, "remedy": refused.remedy}
