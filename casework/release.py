"""What a sharing decision releases: the text as it was decided, to those who are named, until the day that was said.

It happens in the transaction that settles the step. Source: protocol, "Sharing"; guard rails 2 and 5.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from casework import ledger, states
from casework.loading import Loaded, content_of
from casework.rows import INSERT_MEMBER
from casework.sealing import Sealer, seal
from casework.statements import Statement, Tx
from models.base import table_of
from models.sharing import Item, SharingDecision
from protocol.errors import Refused
from protocol.events import StepDone
from protocol.language import Protocol, Shares
from protocol.state import CaseState
from protocol.variants import matches
from protocol.workdays import WorkCalendar

NAMED = "named"
PROPOSING = ("step_proposed", "step_done")
_ITEM, _SHARED = table_of(Item), table_of(SharingDecision)
_p = sa.bindparam
_COLUMNS = (
    "case_id", "kind", "occurrence", "author", "handling", "regime", "purpose", "legal_basis", "named", "occurred_on",
    "recorded_at", "expires_at", "sealed",
)  # fmt: skip
_NEW_ITEM = Statement(sa.insert(_ITEM).values({name: _p(name) for name in _COLUMNS}).returning(_ITEM.c.id))
_DECISION = (
    "case_id",
    "occurrence",
    "item_id",
    "proposed_by",
    "decided_by",
    "recipients",
    "settled_from",
    "expires_at",
    "recorded_at",
)
_NEW_DECISION = Statement(sa.insert(_SHARED).values({name: _p(name) for name in _DECISION}))


def bound_to(key_id: str, occurrence: str) -> bytes:
    """What a sealed item is bound to."""
    return f"item:{key_id}:{occurrence}".encode()


def proposal_of(tx: Tx, key: Sealer, ref: str, occurrence: str) -> dict[str, Any]:
    """The form that was written for a step, as it was written last."""
    for header, body in reversed(ledger.entries(tx, ledger.case_stream(ref))):
        if header.command == "complete_step":
            content = content_of(key, header, body)
            if any(event.get("id") == occurrence and event["kind"] in PROPOSING for event in content["events"]):
                return dict(content["form"])
    return {}


class Releasing:
    """One settled decision, in the transaction that settles it."""

    def __init__(
        self,
        tx: Tx,
        case: Loaded,
        key: Sealer,
        protocol: Protocol,
        calendar: WorkCalendar,
        state: CaseState,
        at: dt.datetime,
    ) -> None:
        self.tx, self.case, self.key, self.at = tx, case, key, at
        self.protocol, self.calendar, self.state = protocol, calendar, state

    def take(self, event: StepDone, written: Mapping[str, Any]) -> None:
        """Release what the decision says. `written`: the form of this very command, or what the second person narrowed."""
        occurrence = self.state.steps[event.id]
        step = self.protocol.steps.get(occurrence.step)
        shares = step.shares if step is not None else None
        if shares is None or not matches(shares.when, {"outcome": event.outcome, "given": occurrence.given}):
            return
        proposed = dict(written)
        if occurrence.proposed_by is not None:  # a second person decided: what stands in the proposal, or less
            proposed = proposal_of(self.tx, self.key, self.case.ref, event.id)
            must_be_less(shares, proposed, written)
        self._keep(event, shares, {**proposed, **written})

    def _keep(self, event: StepDone, shares: Shares, said: Mapping[str, Any]) -> None:
        until = dt.date.fromisoformat(str(said[shares.until]))
        named = [str(who) for who in said[shares.to]]
        expires_at = self.calendar.moment(until, None)
        author = event.by
        kind = str(said.get(shares.kind or "") or shares.item)
        assert self.case.key_id is not None
        text = states.json_bytes({"text": said[shares.text]})
        row = self.tx.one(
            _NEW_ITEM,
            {
                "case_id": self.case.id, "kind": kind, "occurrence": event.id, "author": author,
                "handling": said[shares.code], "regime": regime_of(self.protocol, kind), "purpose": "sharing",
                "legal_basis": said[shares.ground], "named": named, "occurred_on": event.occurred_on,
                "recorded_at": self.at, "expires_at": expires_at,
                "sealed": seal(self.key, text, bound_to(self.case.key_id, event.id)),
            },
        )  # fmt: skip
        assert row is not None
        due = self.state.steps[event.id].due
        self.tx.run(
            _NEW_DECISION,
            {
                "case_id": self.case.id, "occurrence": event.id, "item_id": row[0], "proposed_by": author,
                "decided_by": event.second or event.by, "recipients": named, "settled_from": due, "expires_at": expires_at,
                "recorded_at": self.at,
            },
        )  # fmt: skip
        for who in named:
            self.tx.run(INSERT_MEMBER, {"case_id": self.case.id, "staff": who, "relation": NAMED, "since": self.at})


def regime_of(protocol: Protocol, kind: str) -> str:
    """The law that an item of this kind is under. Source: domain, "Record the regime on every item"."""
    return "law_enforcement_directive" if kind in protocol.police_items else "gdpr"


def must_be_less(shares: Shares, proposed: Mapping[str, Any], narrowed: Mapping[str, Any]) -> None:
    """The second person shares what was proposed, or less of it: never more. Raises Refused."""
    if shares.text in narrowed and len(str(narrowed[shares.text])) > len(str(proposed.get(shares.text, ""))):
        raise _more(shares.text, "the text is longer than what was proposed")
    if shares.to in narrowed and set(narrowed[shares.to]) - set(proposed.get(shares.to) or ()):
        raise _more(shares.to, "somebody is named who was not proposed")
    if shares.until in narrowed and str(narrowed[shares.until]) > str(proposed.get(shares.until, "")):
        raise _more(shares.until, "access would last longer than was proposed")


def _more(field: str, reason: str) -> Refused:
    return Refused("share.more", reason, "share less, or decline and let it be proposed anew", field)
