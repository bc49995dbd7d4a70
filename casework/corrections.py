"""Mistakes are mended by corrections, never by edits. What a correction would change is shown before it is made."""

import datetime as dt
from dataclasses import dataclass

from casework import clock, read_log
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.loading import load
from casework.moving import Change, changes
from casework.permission import must_be_allowed
from casework.shown import shown_events, shown_state
from casework.transitions import begin
from protocol.advance import advance
from protocol.commands import Actor, CorrectAnchor, CorrectStep, UndoStep
from protocol.errors import Refused
from protocol.events import Event
from protocol.state import CaseState
from protocol.visibility import Decision

Correction = CorrectStep | UndoStep | CorrectAnchor


@dataclass(frozen=True)
class Preview:
    """What a correction would do, as this person may see it. Nothing was changed."""

    seq: int
    """of the last entry of the case: another one later means that the case moved on in between"""
    changes: list[Change]
    events: tuple[Event, ...]
    state: CaseState
    """of the case after it"""
    repeated: bool
    """this command had its effect already"""


def preview(
    db: Database, actor: Actor, ref: str, command: Correction, command_id: str, at: dt.datetime | None = None
) -> Preview:
    """Try a correction without making it. Raises NotFound, and Refused as the correction itself would."""
    at = at or clock.now()
    refused: Refused | None = None
    with db.write() as tx:
        case = load(tx, ref, actor, command_id, lock=False)
        decision = Decision(True, "a correction is shown before it is made")
        try:
            turn = begin(tx, db, actor, case, at)
            must_be_allowed(turn.protocol, actor, case, turn.before, command)
            if case.done is None:
                outcome = advance(turn.protocol, turn.before, command, at, actor, turn.calendar)
        except Refused as refusal:
            refused = refusal
            if isinstance(refusal, (NotFound, NotAllowed)):
                decision = Decision(False, refusal.reason)
        read_log.note(tx, actor, case.id, f"correction:{command.kind}", decision, at, [ref])
    if refused is not None:
        raise refused
    if case.done is not None:
        return Preview(case.head.seq, [], (), turn.before, repeated=True)
    today = turn.calendar.local_day(at)
    before, after = (
        shown_state(turn.protocol, state, actor, case.relations, today) for state in (turn.before, outcome.state)
    )
    events = shown_events(turn.protocol, outcome.state, actor, case.relations, outcome.events, today, {})
    return Preview(case.head.seq, changes(ref, before, after), events, after, repeated=False)
