"""The answer to an access request: everything about the person in a case, and what is withheld, on which ground.

The data manager makes it while the request is open. It is stored nowhere; that it was made stands in the ledger and
the read log. Police items go through the supervisory body for police information. Source: GDPR art. 15; protocol,
"Objection, rectification, access request"; guard rail 4.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import clock, ledger, people, protocols, read_log, staff, states
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.loading import content_of, load, state_of
from casework.people import Details
from casework.permission import step_of
from casework.rows import CASE, UPDATE_HEAD
from casework.statements import Statement, Tx
from casework.transitions import Stale, append
from models.base import table_of
from models.documents import Document
from models.ledger import AccessEntry
from models.sharing import Item
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.language import FormField, Protocol, Step
from protocol.state import CaseState, Occurrence
from protocol.visibility import may

REQUEST = "access_request"
MADE = "answer_access_request"
WITHHELD = frozenset({"withheld_from_person"})
POLICE = "law_enforcement_directive"
REVIEW_MONTHS = 6
"""after so many months a decision to withhold is looked at again"""
_ITEM, _DOCUMENT, _ACCESS = table_of(Item), table_of(Document), table_of(AccessEntry)
_p = sa.bindparam
_PERSON = Statement(sa.select(CASE.c.person_id).where(CASE.c.id == _p("case")))
_ITEMS = Statement(
    sa.select(_ITEM.c.kind, _ITEM.c.regime, _ITEM.c.handling, _ITEM.c.legal_basis, _ITEM.c.recorded_at, _ITEM.c.named)
    .where(_ITEM.c.case_id == _p("case"))
    .order_by(_ITEM.c.id)
)
_DOCUMENTS = Statement(
    sa.select(_DOCUMENT.c.id, _DOCUMENT.c.item, _DOCUMENT.c.handling, _DOCUMENT.c.recorded_at)
    .where(_DOCUMENT.c.case_id == _p("case"), _DOCUMENT.c.removed_at.is_(None), _DOCUMENT.c.sealed.is_not(None))
    .order_by(_DOCUMENT.c.recorded_at)
)
_READS = Statement(sa.select(_ACCESS.c.staff).where(_ACCESS.c.case_id == _p("case"), _ACCESS.c.allowed))


class Written(NamedTuple):
    """A form as it was filled in: the step, the day it happened, and the answers by field."""

    step: str
    n: int
    occurred_on: dt.date | None
    recorded_at: dt.datetime
    service: str
    fields: tuple[FormField, ...]
    values: dict[str, Any]


class Withheld(NamedTuple):
    """Something that is not in the copy: what kind, on which ground, who decided, and when it is looked at again."""

    kind: str
    ground: str
    decider: str
    review_on: dt.date


class Copy(NamedTuple):
    """A person's own file."""

    ref: str
    made_at: dt.datetime
    protocol: Protocol
    state: CaseState
    person: Details | None
    written: list[Written]
    received: list[tuple[str, str, dt.datetime]]
    """kind of item, service that received it, when"""
    documents: list[tuple[str, str, dt.datetime]]
    """kind of item, handling code, when it was added"""
    reads: dict[str, int]
    """how often each service read the file"""
    withheld: list[Withheld]


def copy_of(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> Copy:
    """Everything about the person in this case. Raises NotFound, NotAllowed, and Refused without an open request."""
    at = at or clock.now()
    with db.write() as tx:
        case = load(tx, ref, actor)
        protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
        decision = may(protocol, actor, "answer_request", "", case.relations)
        read_log.note(tx, actor, case.id, "copy for the person", decision, at, [ref])
        if decision.allowed:
            key, state = state_of(tx, db, case)
            _must_be_asked(state)
            found = _Collecting(tx, db, protocol, state, case.id, at).copy(ref, key, at)
            body = states.json_bytes({"events": [], "form": {"withheld": len(found.withheld)}})
            head = append(tx, case.head, ref, key, (at, actor.id, MADE, body))
            values = {"case_id": case.id, "version_before": case.version, "version": case.version + 1}
            if tx.run(UPDATE_HEAD, {**values, "head_seq": head.seq, "head_hash": head.hash}) == 0:
                raise Stale
    if not decision.allowed:
        if may(protocol, actor, "see", "logistics", case.relations).allowed:
            raise NotAllowed(decision.reason)
        raise NotFound
    states.remember(db, case.id, head.hash, state)
    return found


def _must_be_asked(state: CaseState) -> None:
    asked = any(each.open and each.trigger == REQUEST for each in state.steps.values())
    if not asked:
        raise Refused("access.not-asked", "no access request is open in this case", "record the request first")


class _Collecting:
    """Goes through one case."""

    def __init__(
        self, tx: Tx, db: Database, protocol: Protocol, state: CaseState, case_id: int, at: dt.datetime
    ) -> None:
        self.tx, self.db, self.protocol, self.state, self.case_id = tx, db, protocol, state, case_id
        self.services = {member.id: member.service for member in (*staff.everybody(db), *staff.left(db))}
        self.review_on = (at + dt.timedelta(days=30 * REVIEW_MONTHS)).date()
        self.withheld: list[Withheld] = []

    def copy(self, ref: str, key: Any, at: dt.datetime) -> Copy:
        row = self.tx.one(_PERSON, {"case": self.case_id})
        known = people.by_id(self.tx, self.db, row[0]) if row is not None and row[0] is not None else None
        written = self._written(ref, key)
        received = self._received()
        documents = self._documents()
        reads = Counter(self.services.get(who, "") for (who,) in self.tx.all(_READS, {"case": self.case_id}))
        return Copy(
            ref, at, self.protocol, self.state, known.details if known else None, written, received, documents,
            {service: count for service, count in sorted(reads.items()) if service}, self.withheld,
        )  # fmt: skip

    def _written(self, ref: str, key: Any) -> list[Written]:
        found = []
        for header, body in ledger.entries(self.tx, ledger.case_stream(ref)):
            if header.command == "report_event":
                found += self._reported(content_of(key, header, body), header.by, header.recorded_at)
            if header.command != "complete_step":
                continue
            content = content_of(key, header, body)
            done = next((e for e in content["events"] if e["kind"] in ("step_done", "step_proposed")), None)
            occurrence = self.state.steps.get(done["id"]) if done else None
            if done is None or occurrence is None:
                continue
            step = step_of(self.protocol, self.state, occurrence)
            service = self.services.get(header.by, "")
            if step.settled_on_due_day:  # a sharing decision: its content is told among what others received
                continue
            fields, values = self._open(step, occurrence, content["form"])
            on = dt.date.fromisoformat(done["occurred_on"]) if done.get("occurred_on") else None
            found.append(Written(occurrence.step, occurrence.n, on, header.recorded_at, service, fields, values))
        return found

    def _reported(self, content: dict[str, Any], by: str, recorded_at: dt.datetime) -> list[Written]:
        """What was written with an event, such as a contact."""
        happened = next((e for e in content["events"] if e["kind"] == "event_happened"), None)
        event = self.protocol.events.get(happened["event"]) if happened else None
        if happened is None or event is None or not content["form"]:
            return []
        fields, values = self._shown(event.form.fields, content["form"], happened["event"], "coordinator", None)
        on = dt.date.fromisoformat(happened["occurred_on"]) if happened.get("occurred_on") else None
        return (
            [Written(happened["event"], 1, on, recorded_at, self.services.get(by, ""), fields, values)]
            if values
            else []
        )

    def _open(
        self, step: Step, occurrence: Occurrence, form: dict[str, Any]
    ) -> tuple[tuple[FormField, ...], dict[str, Any]]:
        """The fields that the person gets; what is withheld is noted."""
        asked = (*step.form.fields, *(field for other in step.forms.values() for field in other.fields))
        return self._shown(asked, form, occurrence.step, step.owner, step.handling)

    def _shown(
        self, asked: tuple[FormField, ...], form: dict[str, Any], key: str, owner: str, handling: str | None
    ) -> tuple[tuple[FormField, ...], dict[str, Any]]:
        fields: dict[str, FormField] = {}
        for field in asked:
            fields.setdefault(field.key, field)
        shown = {}
        for name, value in form.items():
            held = fields.get(name)
            if held is None:
                continue
            if (held.handling or handling) in WITHHELD:
                self._withhold(key, "withheld_from_person", owner)
            else:
                shown[name] = value
        return tuple(field for field in fields.values() if field.key in shown), shown

    def _withhold(self, kind: str, ground: str, decider: str) -> None:
        self.withheld.append(Withheld(kind, ground, decider, self.review_on))

    def _received(self) -> list[tuple[str, str, dt.datetime]]:
        found = []
        for kind, regime, handling, ground, recorded_at, named in self.tx.all(_ITEMS, {"case": self.case_id}):
            if regime == POLICE:
                self._withhold(kind, "police_information", "info_officer")
                continue
            if handling in WITHHELD:
                self._withhold(kind, ground, "data_manager")
                continue
            found += [(kind, service, recorded_at) for service in sorted({self.services.get(who, "") for who in named})]
        return found

    def _documents(self) -> list[tuple[str, str, dt.datetime]]:
        found = []
        for _, item, handling, recorded_at in self.tx.all(_DOCUMENTS, {"case": self.case_id}):
            if handling in WITHHELD:
                self._withhold(item, "withheld_from_person", "data_manager")
            else:
                found.append((item, handling, recorded_at))
        return found
