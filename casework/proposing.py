"""Proposing to share: each service what is its own, to people who could read it. Asked of the matrix, never of a role here.

Source: protocol, "Sharing" and the visibility matrix; guard rail 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from casework.db import Database
from casework.permission import step_of
from casework.rows import MEMBER
from casework.statements import Statement, Tx
from models.base import table_of
from models.people import Staff
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.language import Protocol, Shares
from protocol.variants import matches
from protocol.visibility import may_be_given, own_kinds

if TYPE_CHECKING:
    from casework.transitions import Turn
    from protocol.advance import Outcome

RECIPIENT, KIND = "share.recipient", "share.kind"
_STAFF = table_of(Staff)
_p = sa.bindparam
_HERE = Statement(sa.select(_STAFF.c.id, _STAFF.c.roles, _STAFF.c.service).where(_STAFF.c.left_at.is_(None)))
_TIES = Statement(sa.select(MEMBER.c.staff, MEMBER.c.relation).where(MEMBER.c.case_id == _p("case")))


def everybody(tx: Tx, case_id: int) -> list[tuple[Actor, frozenset[str]]]:
    """Those who work here, each with what ties them to the case."""
    ties: dict[str, set[str]] = {}
    for who, relation in tx.all(_TIES, {"case": case_id}):
        ties.setdefault(who, set()).add(relation)
    return [
        (Actor(id=who, roles=tuple(roles), service=service), frozenset(ties.get(who, ())))
        for who, roles, service in tx.all(_HERE, {})
    ]


def kind_of(
    protocol: Protocol, shares: Shares, author: Actor, relation: frozenset[str], said: Mapping[str, Any]
) -> str:
    """The kind of item of a proposal. Raises Refused where it is not the author's own."""
    own = own_kinds(protocol, author, relation)
    given = str(said.get(shares.kind or "") or "")
    kind = given or (shares.item if shares.item in own else next(iter(own), shares.item))
    if kind not in own:
        raise Refused(
            KIND,
            "each service shares what is its own, and this is not yours",
            "choose another kind, or ask the service whose it is to propose it",
            shares.kind or shares.text,
        )
    return kind


def readers(tx: Tx, protocol: Protocol, case_id: int) -> dict[str, frozenset[str]]:
    """Per kind of item those who work here and could read one of this case, once they are named."""
    people = everybody(tx, case_id)
    return {
        kind: frozenset(each.id for each, ties in people if may_be_given(protocol, each, kind, ties).allowed)
        for kind in protocol.item_kinds
    }


def readers_of(db: Database, protocol: Protocol, case_id: int) -> dict[str, frozenset[str]]:
    """The same for a page."""
    with db.read() as tx:
        return readers(tx, protocol, case_id)


def checked(turn: Turn, outcome: Outcome) -> Outcome:
    """The outcome, where it proposes to share something with the kind of item written out.

    Raises Refused for what is not the author's own, and for a recipient who could never read it.
    """
    for event in outcome.events:
        if event.kind not in ("step_proposed", "step_done") or event.by == "system":
            continue
        step = step_of(turn.protocol, outcome.state, outcome.state.steps[event.id])
        if step.shares is None or (event.kind == "step_done" and event.second is not None):
            continue
        if matches(step.shares.when, {"outcome": event.outcome, "given": event.given}):
            return outcome._replace(clean=_checked(turn, step.shares, outcome.clean))
    return outcome


def _checked(turn: Turn, shares: Shares, said: Mapping[str, Any]) -> dict[str, Any]:
    kind = kind_of(turn.protocol, shares, turn.actor, turn.case.relations, said)
    if set(said.get(shares.to) or ()) - readers(turn.tx, turn.protocol, turn.case.id)[kind]:
        raise Refused(
            RECIPIENT,
            "somebody is named whom the protocol never lets read this kind of item",
            "leave them out: only people whose role may read it can be named",
            shares.to,
        )
    return {**said, shares.kind: kind} if shares.kind else dict(said)
