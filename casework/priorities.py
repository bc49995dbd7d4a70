"""Agreed priorities: a dated list, the version of it in force on a day, and figures without cases.

Source: domain guard rail 3: "Mandate: a dated list of agreed priorities. Ideology is not a field of a person. Counts
per priority are reported." and "Which priority applied is counted in figures only (fewer than 5 suppressed), never
kept on the case". A version of the list is named by the day on which it came into force: 2026-09-01.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import select

from casework import ledger, protocols
from casework.checked import Checks
from casework.db import Database
from casework.errors import NotFound
from casework.statements import Statement
from models.base import table_of
from models.priorities import Priority, PriorityCount
from protocol.commands import Actor
from protocol.errors import Refused

LANGUAGES = ("nl", "fr", "en")
FEWEST = 5
"""a figure below this is not shown"""
_ONE_DAY = dt.timedelta(days=1)
_LIST, _COUNT = table_of(Priority), table_of(PriorityCount)
_p = sa.bindparam
_ADD = Statement(sa.insert(_LIST))
_END = Statement(
    sa.update(_LIST).where(_LIST.c.id == _p("which")).values(until_on=_p("until_on"), changed_at=_p("changed_at"))
)
_DROP = Statement(sa.delete(_LIST).where(_LIST.c.id == _p("which")))
_FIRST = {"priority": _p("priority"), "quarter": _p("quarter"), "n": 1}
_KEY, _MORE = ["priority", "quarter"], {"n": _COUNT.c.n + 1}
_COUNT_ONE = Statement(
    sqlite_insert(_COUNT).values(_FIRST).on_conflict_do_update(index_elements=_KEY, set_=_MORE),
    postgresql=postgresql_insert(_COUNT).values(_FIRST).on_conflict_do_update(index_elements=_KEY, set_=_MORE),
)
_COUNTS = Statement(sa.select(_COUNT.c.priority, _COUNT.c.quarter, _COUNT.c.n))


class Version(NamedTuple):
    """The list as it was from a day on."""

    since: dt.date
    priorities: tuple[Priority, ...]

    @property
    def name(self) -> str:
        return self.since.isoformat()


def every(db: Database) -> list[Priority]:
    """The whole list, also what has ended, by the day it came in."""
    with db.session() as session:
        return list(session.exec(select(Priority).order_by(_LIST.c.from_on, _LIST.c.id)).all())


def versions(known: list[Priority], until: dt.date) -> list[Version]:
    """The versions that came into force up to a day, the newest first. A version may be empty: nothing was agreed."""
    days = {each.from_on for each in known} | {each.until_on + _ONE_DAY for each in known if each.until_on}
    return [
        Version(day, tuple(each for each in known if _holds(each, day)))
        for day in sorted((day for day in days if day <= until), reverse=True)
    ]


def _holds(priority: Priority, day: dt.date) -> bool:
    return priority.from_on <= day and (priority.until_on is None or day <= priority.until_on)


def quarter_of(day: dt.date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


# --- keeping the list


def add(db: Database, actor: Actor, given: Mapping[str, Any], at: dt.datetime) -> str:
    """Add a priority (`nl`, `fr`, `en`, `from_on`, `until_on`, `decided_by`; days in ISO form). Raises Refused."""
    checks = Checks(given)
    name = {code: checks.text(code, 80, needed=True) for code in LANGUAGES}
    decided_by = checks.text("decided_by", 120, needed=True)
    from_on, until_on = _day(checks, "from_on"), _day(checks, "until_on", needed=False)
    if from_on and until_on and until_on < from_on:
        checks.wrong("until_on", "must not be before the first day", "give a later day, or leave it empty")
    checks.must_hold("priority.form")
    priority = f"y-{secrets.token_hex(4)}"
    row = {
        "id": priority, "name": name, "from_on": from_on, "until_on": until_on, "decided_by": decided_by, "changed_at": at,
    }  # fmt: skip
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        tx.run(_ADD, row)
        body: dict[str, object] = {
            "priority": priority, "name": name, "from": str(from_on), "until": str(until_on or ""), "decided_by": decided_by,
        }  # fmt: skip
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "priority_added", body)
    return priority


def _day(checks: Checks, field: str, *, needed: bool = True) -> dt.date | None:
    raw = str(checks.given.get(field) or "")
    if not raw and not needed:
        return None
    try:
        found = dt.date.fromisoformat(raw)
    except ValueError:
        checks.wrong(
            field, "must be an existing date", "write it as dd/mm/yyyy or yyyy-mm-dd, with a year of four digits"
        )
        return None
    if not 2000 <= found.year <= 2100:
        checks.wrong(field, "must lie between the years 2000 and 2100", "correct the year")
        return None
    return found


def find(db: Database, priority: str) -> Priority:
    """Raises NotFound."""
    found = next((each for each in every(db) if each.id == priority), None)
    if found is None:
        raise NotFound
    return found


def end(db: Database, actor: Actor, priority: str, last: dt.date, today: dt.date, at: dt.datetime) -> None:
    """The last day of a priority, from yesterday on: what was checked against the list before then stays true.

    One that has not begun by then is taken out of the list. Raises Refused, NotFound.
    """
    known = find(db, priority)
    if last < today - _ONE_DAY or (known.until_on is not None and known.until_on < today):
        rule, remedy = "the list of past days does not change", "give a day from yesterday on"
        raise Refused("priority.past", rule, remedy, "until_on")
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        if last < known.from_on:
            tx.run(_DROP, {"which": priority})
        else:
            tx.run(_END, {"which": priority, "until_on": last, "changed_at": at})
        body: dict[str, object] = {"priority": priority, "until": str(last)}
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "priority_ended", body)


# --- figures


def count_one(db: Database, priority: str, day: dt.date) -> None:
    """A mandate check found that this priority applied. No ledger entry and no moment: either would lead to the case.

    A priority that is not in the list on that day is left out.
    """
    if any(each.id == priority and _holds(each, day) for each in every(db)):
        with db.write() as tx:
            tx.run(_COUNT_ONE, {"priority": priority, "quarter": quarter_of(day)})


def counts(db: Database, today: dt.date) -> dict[str, dict[str, int | None]]:
    """Per finished quarter and priority how often it applied; None: fewer than 5.

    The running quarter is left out: a figure that grows while one looks would tell which case it was.
    """
    with db.read() as tx:
        rows = tx.all(_COUNTS, {})
    found: dict[str, dict[str, int | None]] = {}
    for priority, quarter, n in sorted(rows, key=lambda row: row[1], reverse=True):
        if quarter < quarter_of(today):
            found.setdefault(quarter, {})[priority] = int(n) if n >= FEWEST else None
    return found
