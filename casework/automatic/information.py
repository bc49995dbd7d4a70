"""The question for the information officer, and the end of what was shared for a time."""

import datetime as dt

import sqlalchemy as sa

from casework import protocols, states
from casework.automatic import proposals
from casework.automatic.facts import Facts, facts_of
from casework.automatic.orders import Order
from casework.db import Database
from casework.loading import load
from casework.rows import MEMBER
from casework.statements import Statement, Tx
from casework.transitions import record, state_of
from models.base import table_of
from models.sharing import Item, SharingDecision
from protocol.commands import SYSTEM
from protocol.errors import Refused
from protocol.state import Occurrence

QUESTION, PREFILL = "question", "prefill"
NAMED = "named"
ENDED = "end_sharing"

_SHARED, _ITEM = table_of(SharingDecision), table_of(Item)
_p = sa.bindparam
_ENDED = Statement(
    sa.select(_SHARED.c.id, _SHARED.c.case_id, _SHARED.c.item_id, _SHARED.c.recipients)
    .select_from(_SHARED.outerjoin(_ITEM, _ITEM.c.id == _SHARED.c.item_id))
    .where(_SHARED.c.expires_at <= _p("at"), sa.or_(_ITEM.c.ended_at.is_(None), _SHARED.c.item_id.is_(None)))
)
_RUNNING = Statement(
    sa.select(_SHARED.c.recipients).where(
        _SHARED.c.case_id == _p("case"), sa.or_(_SHARED.c.expires_at.is_(None), _SHARED.c.expires_at > _p("at"))
    )
)
_NAMED_NOW = Statement(sa.select(MEMBER.c.staff).where(MEMBER.c.case_id == _p("case"), MEMBER.c.relation == NAMED))
_CLOSE = Statement(
    sa.update(_ITEM).where(_ITEM.c.id == _p("which"), _ITEM.c.ended_at.is_(None)).values(ended_at=_p("at"))
)
_NO_LONGER_NAMED = Statement(
    sa.delete(MEMBER).where(MEMBER.c.case_id == _p("of_case"), MEMBER.c.staff == _p("who"), MEMBER.c.relation == NAMED)
)


def question(facts: Facts, task: Occurrence, status: str) -> dict[str, object]:
    """What the information officer needs in front of them: ground, frame and day. What was found is never asked."""
    protocol, step = facts.protocol, facts.step_of(task)
    narrow = status != "approved"
    return {
        "ground": step.legal_basis,
        "by": task.due.isoformat() if task.due else None,
        "may_be_shared": sorted(protocol.informal_items if narrow else protocol.item_kinds),
        "informal": narrow,
        "who_works_on_it": [member for member in (facts.lead, facts.deputy) if member],
        "release": _iso(facts.anchor("actual_release") or facts.anchor("planned_release")),
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def prepare(db: Database, order: Order) -> bool:
    """Prepare the question of one step; whether it is new or changed."""
    facts = facts_of(db, order.case)
    task = facts.state.steps.get(order.step)
    if task is None or not task.open:
        return False
    with db.read() as tx:
        status = protocols.status(tx, facts.protocol)
    return proposals.save(db, facts, order.step, QUESTION, question(facts, task, status))


def end_sharing(db: Database, at: dt.datetime) -> int:
    """End the access that was given for a time; how many items were closed. Again: nothing more happens.

    The ledger of the case says so, as of everything that changes who may read in it.
    """
    count, known = 0, {}
    with db.write() as tx:
        for _, case_id, item_id, recipients in tx.all(_ENDED, {"at": at}):
            still = {member for (others,) in tx.all(_RUNNING, {"case": case_id, "at": at}) for member in others}
            named = {member for (member,) in tx.all(_NAMED_NOW, {"case": case_id})}
            gone = sorted((set(recipients) - still) & named)
            if item_id is None and not gone:
                continue
            case = load(tx, case_id, SYSTEM)
            try:
                key, state = state_of(tx, db, case)
            except Refused:
                continue  # erased meanwhile: nobody reads anything there
            _end(tx, case_id, item_id, gone, at)
            form = {"ended": {"item": item_id, "named": gone}}
            known[case_id] = (record(tx, case, key, SYSTEM.id, ENDED, form, "", at), state)
            count += item_id is not None
    for case_id, (head, state) in known.items():
        states.remember(db, case_id, head.hash, state)
    return count


def _end(tx: Tx, case_id: int, item_id: int | None, recipients: list[str], at: dt.datetime) -> None:
    for member in recipients:
        tx.run(_NO_LONGER_NAMED, {"of_case": case_id, "who": member})
    if item_id is not None:
        tx.run(_CLOSE, {"which": item_id, "at": at})
