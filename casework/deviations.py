"""Where a case did not go as the protocol says, for those who may see it: of steps and dates, never of a person."""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from casework import clock, outcomes, protocols
from casework.db import Database
from casework.errors import NotFound
from casework.keys import KeyGone
from casework.loading import Loaded, load
from casework.permission import step_of
from casework.reading import look
from casework.shown import knows_outcome
from casework.statements import Statement, Tx
from models.base import table_of
from models.people import Staff
from protocol.commands import SYSTEM, Actor
from protocol.conformance import conformance
from protocol.deviations import Deviation
from protocol.language import Protocol
from protocol.state import CaseState

__all__ = ["Behind", "behind", "deviations_of"]

_STAFF = table_of(Staff)
_SERVICES = Statement(sa.select(_STAFF.c.id, _STAFF.c.service))
LATENESS = ("late", "missed")
Behind = dict[tuple[str, str, dt.date | None], Deviation]
"""case number, occurrence and due day → what is said of it"""


def deviations_of(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> list[Deviation]:
    """The deviations of one case, in the order its steps opened, without what this person may not know.

    Raises NotFound, and Refused for a case that was erased.
    """
    at = at or clock.now()
    found: list[Deviation] = []
    with db.write() as tx:
        seen = look(tx, db, actor, ref, "deviations", at)
        allowed = seen is not None and seen.decision.allowed
        if seen is not None and allowed:
            judged = _judged(tx, db, seen.case, at)
            found = [each for each in judged if _may_know(each, seen.protocol, seen.state, actor, seen.relation)]
    if not allowed:
        raise NotFound
    return found


def behind(tx: Tx, db: Database, refs: Iterable[str], at: dt.datetime) -> Behind:
    """What is said of the late and missed steps of several cases. An erased case says nothing any more.

    Sharing is left out: from outside it is settled on its due day, whatever its outcome.
    """
    found: Behind = {}
    for ref in dict.fromkeys(refs):
        case = load(tx, ref, SYSTEM, lock=False)
        protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
        try:
            judged = _judged(tx, db, case, at)
        except KeyGone:
            continue
        for each in judged:
            if each.kind in LATENESS and not _is_quiet(protocol, each):
                found[(ref, each.id, each.due)] = each
    return found


def _judged(tx: Tx, db: Database, case: Loaded, at: dt.datetime) -> list[Deviation]:
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    calendar = protocols.calendar(tx, db, protocol, case.revision)
    entries = outcomes.entries_of(tx, db, case.ref, case.key_id)
    services = {id: service for id, service in tx.all(_SERVICES, {}) if service}
    return conformance(protocol, entries, calendar, calendar.local_day(at), outcomes.absences(tx), services)


def _is_quiet(protocol: Protocol, deviation: Deviation) -> bool:
    step = protocol.steps.get(deviation.step)
    return step is not None and step.settled_on_due_day


def _may_know(
    deviation: Deviation, protocol: Protocol, state: CaseState, actor: Actor, relation: frozenset[str]
) -> bool:
    """That sharing was late, or never decided, tells how it came out: only those who decide on it may know."""
    if not _is_quiet(protocol, deviation):
        return True
    occurrence = state.steps.get(deviation.id)
    return occurrence is not None and knows_outcome(
        step_of(protocol, state, occurrence), occurrence, protocol, actor, relation
    )
