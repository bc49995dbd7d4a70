"""Somebody for every tie to a case that a person can have, in any role: what the matrix is tried with."""

import datetime as dt

from casework import staff, states
from casework.db import Database
from casework.loading import Loaded, load
from casework.rows import INSERT_MEMBER
from models.people import Staff
from protocol.commands import Actor
from protocol.language import Protocol, Step
from protocol.state import CaseState, Occurrence
from tests.casework.helpers import T0, assigned_case
from tests.personas import ADDED, CORA

TIES = {
    "none": "s-nobody", "member": "s-member", "announcer": "s-piet", "lead": "s-lena", "deputy": "s-dora",
    "own_task": "s-tasked", "author": "s-writer", "named": "s-told",
}  # fmt: skip
"""who stands in which relation to the case"""


def relation(tie: str) -> frozenset[str]:
    return frozenset() if tie == "none" else frozenset({tie})


def probe(role: str, tie: str) -> Actor:
    """Somebody of this role who stands in this relation to the case, of a service that nobody else works for."""
    return Actor(id=TIES[tie], roles=(role,), service="elsewhere")


def tied_case(db: Database) -> Loaded:
    """A case with a lead, a deputy, an announcer and a member; tasks are not yet tied to anybody else."""
    extra = [Staff(id=TIES[tie], name="Tess Verzonnen", roles=["auditor"], service="it", added_at=ADDED)
             for tie in ("none", "member", "own_task", "author", "named")]  # fmt: skip
    staff.save(db, extra, at=ADDED)
    ref = assigned_case(db).ref
    with db.write() as tx:
        case = load(tx, ref, CORA)
        tx.run(INSERT_MEMBER, {"case_id": case.id, "staff": TIES["member"], "relation": "member", "since": T0})
    return case


def steps_by_id(protocol: Protocol, state: CaseState) -> dict[str, Step]:
    """Every step of the protocol, by the id of an occurrence that `with_every_step` opens."""
    from protocol.variants import steps_for

    now = steps_for(protocol, state.release_type, state.notice, state.conditions)
    return {f"{key}#99": now.get(key) or step for key, step in protocol.steps.items()}


def with_every_step(db: Database, case: Loaded, protocol: Protocol, state: CaseState) -> dict[str, Step]:
    """Let casework find the case in a state in which every step of the protocol is open, or waits for its second."""
    steps = steps_by_id(protocol, state)
    opened = {id: _occurrence(id, step, T0.date()) for id, step in steps.items()}
    full = state.model_copy(update={"steps": {**state.steps, **opened}})
    states.remember(db, case.id, case.head.hash, full)
    return steps


def _occurrence(id: str, step: Step, day: dt.date) -> Occurrence:
    tied = {"assignee": TIES["own_task"], "proposed_by": TIES["author"], "proposed_service": "writing"}
    status = "open" if step.four_eyes is None else "proposed"
    return Occurrence(id=id, step=id.partition("#")[0], n=99, status=status, ready_on=day, opened_on=day, **tied)
