"""Short ways to get a case going in tests."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from casework.cases import Opening, Performed, open_case, perform
from casework.db import Database
from protocol.commands import Actor, CompleteStep, DecideSecond, OpenCase
from tests.personas import CORA, PAUL, PIET, somebody

T0 = dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)
"""Tuesday 10 November 2026, ten o'clock in Brussels"""
P0 = dt.date(2027, 3, 1)


def later(**by: float) -> dt.datetime:
    return T0 + dt.timedelta(**by)


def opening(number: int = 1, release_type: str = "end_of_sentence", **given: Any) -> Opening:
    anchors = given.pop("anchors", {"planned_release": P0})
    command = OpenCase(release_type=release_type, notified_at=T0, conditions="no", anchors=anchors)
    return Opening(command, somebody(number, **given))


def new_case(db: Database, number: int = 1, by: Actor = PIET, **given: Any) -> Performed:
    return open_case(db, by, opening(number, **given), f"open-{number}", T0)


NOTIFY = {
    "source": "prison", "channel": "mail", "prison": "Mechelen", "release_type": "end_of_sentence", "conditions": "no",
    "certainty": "confirmed", "planned_release": P0.isoformat(),
}  # fmt: skip
MANDATE = {"gate1": "yes", "gate2": "yes", "list_version": "2026-1", "reason": "Canary reason in free text"}


def complete(db: Database, who: Actor, ref: str, step: str, fields: dict[str, Any], at: dt.datetime = T0) -> Performed:
    command = CompleteStep(id=step, occurred_on=at.date(), fields=fields)
    return perform(db, who, ref, command, f"{ref}-{step}-{at.isoformat()}", at)


def mandated_case(db: Database, number: int = 1) -> Performed:
    """A case whose mandate check was passed: the assignment is the next step."""
    ref = new_case(db, number).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    second = DecideSecond(id="mandate", agree=True, occurred_on=T0.date())
    return perform(db, PAUL, ref, second, f"{ref}-second", T0)


def assigned_case(db: Database, number: int = 1, lead: str = "s-lena", deputy: str = "s-dora") -> Performed:
    """A case with a lead worker."""
    ref = mandated_case(db, number).ref
    return complete(db, CORA, ref, "assign", {"lead": lead, "deputy": deputy, "no_conflict": "yes"})


def rows(db: Database, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Look behind the casework, at the tables themselves."""
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]


def counts(db: Database) -> dict[str, int]:
    """How many rows every table has: equal before and after means that nothing happened."""
    tables = set(sa.inspect(db.engine).get_table_names()) - {"key_store"}  # written when the database is opened
    return {table: int(rows(db, f'SELECT count(*) FROM "{table}"')[0][0]) for table in tables}
