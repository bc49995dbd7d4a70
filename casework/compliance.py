"""The compliance table: how often every step was expected, kept, late, missed or waived, and why. Names nobody."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from casework import clock, outcomes, protocols
from casework.db import Database
from casework.errors import NotAllowed
from casework.statements import Statement
from models.base import table_of
from models.cases import StepOutcome
from protocol.commands import Actor
from protocol.visibility import may

EXPECTED = ("kept", "late", "missed", "waived")
"""What was cancelled, or is not due yet, was not expected."""
_OUTCOME = table_of(StepOutcome)
_p = sa.bindparam
_TABLE = Statement(
    sa.select(_OUTCOME.c.step, _OUTCOME.c.verdict, _OUTCOME.c.cause, sa.func.count())
    .where(
        _OUTCOME.c.due_on >= _p("since"),
        _OUTCOME.c.due_on <= _p("until"),
        sa.or_(*(_OUTCOME.c.verdict == verdict for verdict in EXPECTED)),
        _OUTCOME.c.protocol == _p("protocol"),
    )
    .group_by(_OUTCOME.c.step, _OUTCOME.c.verdict, _OUTCOME.c.cause)
)


@dataclass
class StepCompliance:
    """One line of the table. `causes`: of what was late or missed."""

    step: str
    kept: int = 0
    late: int = 0
    missed: int = 0
    waived: int = 0
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        return self.kept + self.late + self.missed + self.waived


def table(
    db: Database,
    actor: Actor,
    since: dt.date,
    until: dt.date,
    protocol: str = protocols.DEFAULT,
    at: dt.datetime | None = None,
) -> list[StepCompliance]:
    """Steps whose due day lies from `since` up to and including `until`, in the protocol's order. Raises NotAllowed."""
    with db.read() as tx:
        found = protocols.newest(tx, db, protocol)
    decision = may(found, actor, "audit", "", frozenset())
    if not decision.allowed:
        raise NotAllowed(decision.reason)
    outcomes.refresh(db, at or clock.now())
    values: dict[str, Any] = {"since": since, "until": until, "protocol": protocol}
    lines: dict[str, StepCompliance] = {}
    with db.read() as tx:
        for step, verdict, cause, count in tx.all(_TABLE, values):
            line = lines.setdefault(step, StepCompliance(step))
            setattr(line, verdict, getattr(line, verdict) + count)
            if verdict in ("late", "missed"):
                line.causes[cause or "missed"] = line.causes.get(cause or "missed", 0) + count
    order = list(found.steps)
    return sorted(lines.values(), key=lambda line: order.index(line.step) if line.step in order else len(order))
