"""What was noted in a case between its steps: contacts, with facts, source and opinion apart.

Noted as an event of the protocol file (`log`, or one by which a case changes hands), sealed in the ledger of the case;
shown to those who see the plan.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from casework import clock, ledger, reading
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.loading import content_of, state_of
from casework.reading import Seen
from casework.statements import Tx
from protocol.commands import Actor
from protocol.language import FormField, Protocol, Text
from protocol.visibility import Decision, may

PLAN = "social_plan"
SHOWN = frozenset({None, "case_team"})
"""handling codes of what stands on this page; the rest is for fewer people, or for nobody's eyes"""


@dataclass(frozen=True)
class Contact:
    """One note. `values` by field, without what carries another handling code."""

    name: Text
    by: str
    occurred_on: dt.date | None
    recorded_at: dt.datetime
    fields: tuple[FormField, ...]
    values: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Noted:
    protocol: Protocol
    contacts: list[Contact]
    """the latest first"""
    to_note: list[tuple[str, Text]]
    """events by which this person may note something now"""
    why: str
    """why this person sees them, as the protocol says"""


def may_see(protocol: Protocol, actor: Actor, relation: frozenset[str]) -> Decision:
    """Whether this person sees what was noted between the steps."""
    if not any(event.log for event in protocol.events.values()):
        return Decision(False, "this protocol keeps no such notes")
    return may(protocol, actor, "see", PLAN, relation)


def noted(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> Noted:
    """Raises NotFound, NotAllowed for who sees no plan, and Refused for a case that was erased."""
    at = at or clock.now()
    found, decision = None, Decision(False, "")
    with db.write() as tx:
        seen = reading.look(tx, db, actor, ref, "contacts", at)
        if seen is not None and seen.decision.allowed:
            decision = may_see(seen.protocol, actor, seen.relation)
            if decision.allowed:
                found = Noted(seen.protocol, _contacts(tx, db, seen), _to_note(seen, actor), decision.reason)
    if seen is None or not seen.decision.allowed:
        raise NotFound
    if found is None:
        raise NotAllowed(decision.reason)
    return found


def _contacts(tx: Tx, db: Database, seen: Seen) -> list[Contact]:
    key, _state = state_of(tx, db, seen.case)
    found = []
    for header, body in reversed(ledger.entries(tx, ledger.case_stream(seen.case.ref))):
        if header.command != "report_event":
            continue
        content = content_of(key, header, body)
        happened = next((each for each in content["events"] if each["kind"] == "event_happened"), None)
        event = seen.protocol.events.get(happened["event"]) if happened else None
        if happened is None or event is None or not (event.log or event.hands_over):
            continue
        fields = tuple(each for each in event.form.fields if each.handling in SHOWN)
        values = {each.key: content["form"][each.key] for each in fields if content["form"].get(each.key)}
        on = dt.date.fromisoformat(happened["occurred_on"]) if happened.get("occurred_on") else None
        found.append(Contact(event.name, header.by, on, header.recorded_at, fields, values))
    return found


def _to_note(seen: Seen, actor: Actor) -> list[tuple[str, Text]]:
    return [
        (key, event.name)
        for key, event in seen.protocol.events.items()
        if event.log
        and (event.in_phase is None or seen.state.phase in event.in_phase)
        and may(seen.protocol, actor, "report", key, seen.relation).allowed
    ]
