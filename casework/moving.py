"""Moving cases by decision: to another version of the protocol, or along with a changed calendar. Shown before done."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from casework import clock, protocols
from casework.db import CONFLICTS, Database
from casework.ledger import Head
from casework.loading import load
from casework.permission import must_be_allowed
from casework.rows import CASE, STEP
from casework.statements import Statement
from casework.transitions import ATTEMPTS, Performed, Stale, after_commit, begin, save
from protocol.advance import Outcome, advance
from protocol.commands import Actor, Command, MoveProtocol, Recalculate
from protocol.state import CaseState

_p = sa.bindparam
_WITH_OPEN_STEPS = Statement(
    sa.select(CASE.c.ref)
    .where(CASE.c.erased_at.is_(None), CASE.c.id.in_(sa.select(STEP.c.case_id).where(STEP.c.is_open)))
    .order_by(CASE.c.id)
)


@dataclass(frozen=True)
class Change:
    """What moves in a case: an open step's due day, or a step that opens (again) or falls away."""

    case: str
    step: str
    """the occurrence, like `followup#3`"""
    what: str
    """`due`, `opened`, `reopened`, `cancelled`"""
    was: dt.date | None
    now: dt.date | None


def changes(ref: str, before: CaseState, after: CaseState) -> list[Change]:
    found = []
    for occurrence in after.steps.values():
        was = before.steps.get(occurrence.id)
        if was is None:
            found.append(Change(ref, occurrence.id, "opened", None, occurrence.due))
        elif was.open and occurrence.status == "cancelled":
            found.append(Change(ref, occurrence.id, "cancelled", was.due, None))
        elif occurrence.open and not was.open:
            found.append(Change(ref, occurrence.id, "reopened", was.due, occurrence.due))
        elif occurrence.open and (was.due, was.at) != (occurrence.due, occurrence.at):
            found.append(Change(ref, occurrence.id, "due", was.due, occurrence.due))
    return found


def migrate_case(
    db: Database,
    actor: Actor,
    ref: str,
    to: str,
    reason: str,
    command_id: str,
    *,
    dry_run: bool = False,
    at: dt.datetime | None = None,
) -> list[Change]:
    """Move a case to another version of its protocol, by decision. `dry_run`: only say what would change."""
    command = MoveProtocol(reason=reason)
    return _carry_out(db, actor, ref, command, command_id, to=to, dry_run=dry_run, at=at or clock.now())


def recalculate(db: Database, actor: Actor, *, dry_run: bool = False, at: dt.datetime | None = None) -> list[Change]:
    """Count the due days of all open steps again, after the closing days or holidays changed. Says what moves."""
    at = at or clock.now()
    with db.read() as tx:
        refs = [ref for (ref,) in tx.all(_WITH_OPEN_STEPS, {})]
    moved: list[Change] = []
    for ref in refs:
        moved += _carry_out(db, actor, ref, Recalculate(), "", to=None, dry_run=dry_run, at=at)
    return moved


class _Undo(Exception):
    """The end of a rehearsal."""


def change_closing_days(
    db: Database,
    actor: Actor,
    add: dict[dt.date, str] | None = None,
    remove: tuple[dt.date, ...] = (),
    *,
    dry_run: bool = False,
    at: dt.datetime | None = None,
) -> list[Change]:
    """Add or remove closing days and count every open step again, all or nothing. Says what moves.

    `dry_run`: only says it. What every case becomes is decided in one transaction, so nobody sees half of it.
    """
    at = at or clock.now()
    moved: list[Change] = []
    saved: list[tuple[Performed, Head]] = []
    try:
        with db.write() as tx:
            protocols.change_closing_days(tx, db, actor, at, add or {}, remove)
            for (ref,) in tx.all(_WITH_OPEN_STEPS, {}):
                turn = begin(tx, db, actor, load(tx, ref, actor), at)
                outcome = advance(turn.protocol, turn.before, Recalculate(), at, actor, turn.calendar)
                moved += changes(ref, turn.before, outcome.state)
                if outcome.events:
                    saved.append(save(turn, outcome, Recalculate().kind, ""))
            if dry_run:
                raise _Undo
    except _Undo:
        saved = []
    finally:
        db.memory.pop("calendars", None)  # it may hold days that were never kept
    for performed, head in saved:
        after_commit(db, performed, head, at, actor)
    return moved


def _carry_out(
    db: Database,
    actor: Actor,
    ref: str,
    command: Command,
    command_id: str,
    *,
    to: str | None,
    dry_run: bool,
    at: dt.datetime,
) -> list[Change]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db.write() as tx:
                case = load(tx, ref, actor, command_id)
                if case.done is not None:
                    return []
                turn = begin(tx, db, actor, case, at)
                must_be_allowed(turn.protocol, actor, case, turn.before, command)
                if to is not None:
                    turn.protocol = protocols.version(tx, db, case.protocol_key, to)
                    turn.calendar = protocols.calendar(tx, db, turn.protocol, case.revision)
                outcome: Outcome = advance(turn.protocol, turn.before, command, at, actor, turn.calendar)
                found = changes(ref, turn.before, outcome.state)
                saved: tuple[Performed, Head] | None = None
                if outcome.events and not dry_run:
                    saved = save(turn, outcome, command.kind, command_id)
            break
        except (Stale, *CONFLICTS):
            if attempt == ATTEMPTS:
                raise
    if saved is not None:
        after_commit(db, *saved, at, actor)
    return found
