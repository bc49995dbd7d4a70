"""What the automatic half of a step knows of a case: everything comes from the database, nothing from Prefect."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from casework import ledger, protocols
from casework.db import Database
from casework.loading import load, state_of
from casework.permission import step_of
from casework.sealing import Sealer
from casework.statements import Statement
from casework.transitions import content_of
from models.base import table_of
from models.cases import CaseMember, ReleaseCase
from protocol.commands import SYSTEM
from protocol.language import FormField, Protocol, Step
from protocol.state import CaseState, Occurrence
from protocol.workdays import WorkCalendar

_MEMBER, _CASE = table_of(CaseMember), table_of(ReleaseCase)
_p = sa.bindparam
_MEMBERS = Statement(
    sa.select(_MEMBER.c.staff, _MEMBER.c.relation).where(_MEMBER.c.case_id == _p("case")).order_by(_MEMBER.c.staff)
)
_PLAIN = Statement(sa.select(_CASE.c.person_id, _CASE.c.prison, _CASE.c.notified_at).where(_CASE.c.id == _p("case")))


@dataclass(frozen=True)
class Facts:
    """One case as it stands now, with its protocol and calendar."""

    id: int
    ref: str
    person_id: int | None
    prison: str | None
    notified_at: dt.datetime
    lead: str | None
    deputy: str | None
    members: tuple[tuple[str, str], ...]
    """(staff, relation)"""
    state: CaseState
    protocol: Protocol
    calendar: WorkCalendar
    key: Sealer

    def related(self, *relations: str) -> list[str]:
        return [staff for staff, relation in self.members if relation in relations]

    def step_of(self, occurrence: Occurrence) -> Step:
        return step_of(self.protocol, self.state, occurrence)

    def anchor(self, name: str) -> dt.date | None:
        value = self.state.anchors.get(name)
        return value.on if value else None


@dataclass(frozen=True)
class Filled:
    """A form as it was filled in, texts included. For sealed content only; never for a log or for Prefect."""

    occurrence: str
    recorded_at: dt.datetime
    fields: dict[str, Any]


def facts_of(db: Database, case: int | str) -> Facts:
    """Raises NotFound, and Refused for a case that was erased."""
    with db.read() as tx:
        loaded = load(tx, case, SYSTEM, lock=False)
        key, state = state_of(tx, db, loaded)
        protocol = protocols.version(tx, db, loaded.protocol_key, loaded.protocol_version)
        calendar = protocols.calendar(tx, db, protocol, loaded.revision)
        members = tuple((staff, relation) for staff, relation in tx.all(_MEMBERS, {"case": loaded.id}))
        plain = tx.one(_PLAIN, {"case": loaded.id})
        assert plain is not None
    person_id, prison, notified_at = plain
    people = (loaded.lead, loaded.deputy, members)
    return Facts(loaded.id, loaded.ref, person_id, prison, notified_at, *people, state, protocol, calendar, key)


def filled(db: Database, facts: Facts) -> list[Filled]:
    """Every form of the case as it was recorded, the newest first."""
    with db.read() as tx:
        entries = ledger.entries(tx, ledger.case_stream(facts.ref))
    found = []
    for header, body in reversed(entries):
        content = content_of(facts.key, header, body)
        ids = [event["id"] for event in content["events"] if event["kind"] in ("step_done", "step_proposed")]
        if content.get("form") and ids:
            found.append(Filled(ids[0], header.recorded_at, content["form"]))
    return found


def people_in(fields: tuple[FormField, ...], values: dict[str, Any]) -> Iterator[str]:
    """The members of staff that a form names, in its rows too."""
    for field in fields:
        value = values.get(field.key)
        if not value:
            continue
        if field.type == "staff":
            yield str(value)
        elif field.type == "staff_list":
            yield from map(str, value)
        elif field.type == "tracks":
            for row in value.values():
                yield from people_in(field.fields, row or {})
        elif field.type == "list":
            for row in value:
                yield from people_in(field.fields, row or {})


def step_named(protocol: Protocol, key: str) -> Step | None:
    """A step of the protocol, or one that a variant adds."""
    added = (variant.add[key] for variant in protocol.variants.values() if key in variant.add)
    return protocol.steps.get(key) or next(added, None)
