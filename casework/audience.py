"""Who will see what somebody is about to write: asked of the same rules that decide at reading, for everybody who works here.

Source: domain, section 1, "everybody must be able to see who saw what, and why"; visibility matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from casework import contacts
from casework.db import Database
from casework.permission import step_of
from casework.proposing import everybody
from casework.reading import CaseView, by_tasks
from casework.shown import knows_outcome
from protocol.commands import Actor
from protocol.state import Occurrence
from protocol.visibility import may


class Reader(NamedTuple):
    """Somebody who will be able to read it, in the role by which they can."""

    staff: str
    role: str
    service: str


Sees = Callable[[Actor, frozenset[str]], bool]


def _readers(db: Database, case: CaseView, author: Actor, sees: Sees) -> list[Reader]:
    """Each in the first of their roles that is enough."""
    with db.read() as tx:
        people = everybody(tx, case.id)
    found = []
    for person, ties in people:
        if person.id != author.id and sees(person, ties):
            alone = (role for role in person.roles if sees(person.model_copy(update={"roles": (role,)}), ties))
            found.append(Reader(person.id, next(alone, next(iter(person.roles), "")), person.service))
    return found


def of_step(db: Database, case: CaseView, author: Actor, occurrence: Occurrence) -> list[Reader]:
    """Who will read the form of a step, once it is sent."""
    step = step_of(case.protocol, case.state, occurrence)
    sent = occurrence.model_copy(
        update={
            "status": "proposed" if step.four_eyes else "done", "proposed_by": author.id, "proposed_service": author.service,
        }
    )  # fmt: skip
    state = case.state.model_copy(update={"steps": {**case.state.steps, sent.id: sent}})

    def sees(person: Actor, ties: frozenset[str]) -> bool:
        relation = ties | by_tasks(case.protocol, state, person, ties)
        there = may(case.protocol, person, "see", "logistics", relation).allowed
        return there and knows_outcome(step, sent, case.protocol, person, relation)

    return _readers(db, case, author, sees)


def of_note(db: Database, case: CaseView, author: Actor) -> list[Reader]:
    """Who will read what is noted between the steps."""

    def sees(person: Actor, ties: frozenset[str]) -> bool:
        relation = ties | by_tasks(case.protocol, case.state, person, ties)
        there = may(case.protocol, person, "see", "logistics", relation).allowed
        return there and contacts.may_see(case.protocol, person, relation).allowed

    return _readers(db, case, author, sees)


def of_document(db: Database, case: CaseView, author: Actor, item: str) -> list[Reader]:
    """Who will be able to open a document of this kind under the code of the case team."""

    def sees(person: Actor, ties: frozenset[str]) -> bool:
        relation = (ties - {"named"}) | by_tasks(case.protocol, case.state, person, ties)
        there = may(case.protocol, person, "see", "logistics", relation).allowed
        return there and may(case.protocol, person, "see", item, relation, "case_team").allowed

    return _readers(db, case, author, sees)
