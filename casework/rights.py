"""What persons asked of their data: the requests that are open, what is restricted meanwhile, and deciding on it.

The data manager decides; the data protection officer watches. No text stands on the list. Looking is noted.
Source: protocol, "Objection, rectification, access request"; GDPR art. 12(3), 16 to 19 and 21.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, disputes, documents, protocols, read_log, states
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.loading import load, state_of
from casework.release import bound_to
from casework.rows import CASE, STEP
from casework.sealing import seal
from casework.statements import Row, Statement, Tx
from casework.transitions import record
from models.base import table_of
from models.documents import Document
from models.sharing import SETTLED, Item, Restriction
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.language import Protocol
from protocol.visibility import Decision, may

PAGE = 50
DECIDED = "decide_dispute"
MOST_TEXT = 500
_ITEM, _DOCUMENT, _RESTRICTION = table_of(Item), table_of(Document), table_of(Restriction)
_p = sa.bindparam
_OPEN = Statement(
    sa.select(CASE.c.ref, CASE.c.protocol, CASE.c.protocol_version, STEP.c.occurrence, STEP.c.due_on)
    .select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))
    .where(STEP.c.is_open, STEP.c.step == _p("step"))
    .order_by(STEP.c.due_at, STEP.c.case_id, STEP.c.occurrence)
    .limit(_p("upto"))
)
_about = sa.select(
    _RESTRICTION.c.id, CASE.c.ref, CASE.c.protocol, CASE.c.protocol_version, _RESTRICTION.c.item_id,
    _RESTRICTION.c.document, sa.func.coalesce(_ITEM.c.kind, _DOCUMENT.c.item), sa.func.coalesce(_ITEM.c.author, _DOCUMENT.c.author),
    sa.func.coalesce(_ITEM.c.handling, _DOCUMENT.c.handling), _RESTRICTION.c.request, _RESTRICTION.c.answer,
    _RESTRICTION.c.since, _RESTRICTION.c.settled_at, _RESTRICTION.c.outcome, _ITEM.c.named,
).select_from(
    _RESTRICTION.join(CASE, CASE.c.id == _RESTRICTION.c.case_id)
    .outerjoin(_ITEM, _ITEM.c.id == _RESTRICTION.c.item_id)
    .outerjoin(_DOCUMENT, _DOCUMENT.c.id == _RESTRICTION.c.document)
).where(CASE.c.erased_at.is_(None))  # fmt: skip
_RUNNING = Statement(
    _about.where(_RESTRICTION.c.settled_at.is_(None))
    .order_by(_RESTRICTION.c.since, _RESTRICTION.c.id)
    .limit(_p("upto"))
)
_LATELY = Statement(
    _about.where(_RESTRICTION.c.settled_at > _p("since")).order_by(_RESTRICTION.c.settled_at.desc()).limit(_p("upto"))
)
_WAITING = Statement(
    sa.select(_RESTRICTION.c.id)
    .select_from(_RESTRICTION.join(CASE, CASE.c.id == _RESTRICTION.c.case_id))
    .where(CASE.c.ref == _p("ref"), _RESTRICTION.c.answer == _p("answer"), _RESTRICTION.c.settled_at.is_(None))
    .order_by(_RESTRICTION.c.id)
)
_ONE = Statement(_about.where(_RESTRICTION.c.id == _p("which")))
_OCCURRENCE = Statement(sa.select(_ITEM.c.occurrence).where(_ITEM.c.id == _p("item")))
_CORRECT = Statement(sa.update(_ITEM).where(_ITEM.c.id == _p("which")).values(sealed=_p("new_text")))
_ERASE = Statement(sa.update(_ITEM).where(_ITEM.c.id == _p("which")).values(sealed=None, ended_at=_p("at")))


class Asked(NamedTuple):
    """A request that waits for its answer."""

    ref: str
    occurrence: str
    due: dt.date | None


class Disputed(NamedTuple):
    """Something that is restricted, or was until lately; without its text."""

    id: int
    ref: str
    item: int | None
    document: str | None
    kind: str
    author: str
    handling: str
    request: str
    answer: str
    since: dt.datetime
    settled_at: dt.datetime | None
    outcome: str
    named: tuple[str, ...]
    protocol: Protocol

    @property
    def is_police(self) -> bool:
        return self.kind in self.protocol.police_items


class Requests(NamedTuple):
    asked: list[Asked]
    running: list[Disputed]
    settled: list[Disputed]
    may_decide: bool


def _disputed(tx: Tx, db: Database, row: Row) -> Disputed:
    id, ref, key, number, *rest, named = row
    return Disputed._make((id, ref, *rest, tuple(named or ()), protocols.version(tx, db, key, number)))


def _answers(tx: Tx, db: Database, actor: Actor, action: str) -> Decision:
    found = [may(protocol, actor, action, "", frozenset()) for protocol in protocols.all_newest(tx, db)]
    return next(
        (each for each in found if each.allowed), found[0] if found else Decision(False, "no protocol is in force")
    )


def of_all(db: Database, actor: Actor, at: dt.datetime | None = None) -> Requests:
    """The requests that are open, the most urgent first, and what is restricted. Raises NotAllowed."""
    at = at or clock.now()
    with db.write() as tx:
        decision = _answers(tx, db, actor, "watch_requests")
        read_log.note(tx, actor, None, "requests", decision, at, [])
        if not decision.allowed:
            asked, running, settled = [], [], []
        else:
            steps = sorted({step for each in protocols.all_newest(tx, db) for step in disputes.answering(each)})
            rows = [row for step in steps for row in tx.all(_OPEN, {"step": step, "upto": PAGE})]
            asked = [Asked(ref, occurrence, due) for ref, _, _, occurrence, due in rows]
            running = [_disputed(tx, db, row) for row in tx.all(_RUNNING, {"upto": PAGE})]
            month = at - dt.timedelta(days=30)
            settled = [_disputed(tx, db, row) for row in tx.all(_LATELY, {"since": month, "upto": PAGE})]
        may_decide = _answers(tx, db, actor, "answer_request").allowed
    if not decision.allowed:
        raise NotAllowed(decision.reason)
    return Requests(asked, running, settled, may_decide)


def one(db: Database, actor: Actor, restriction: int) -> Disputed:
    """Something that is restricted, for whoever decides on it. Raises NotFound."""
    with db.read() as tx:
        row = tx.one(_ONE, {"which": restriction})
        if row is None or not _answers(tx, db, actor, "answer_request").allowed:
            raise NotFound
        return _disputed(tx, db, row)


def undecided(db: Database, ref: str, answer: str) -> list[int]:
    """What is still restricted and waits for this answer, by id."""
    with db.read() as tx:
        return [id for (id,) in tx.all(_WAITING, {"ref": ref, "answer": answer})]


def decide(
    db: Database, actor: Actor, restriction: int, how: str, text: str, command_id: str, at: dt.datetime | None = None
) -> None:
    """Lift a restriction, correct the item, or erase it: at once, and told to every recipient. Raises Refused."""
    at = at or clock.now()
    found = one(db, actor, restriction)
    _must_be_said(found, how, text)
    if found.document is not None and how == "erased":
        documents.remove(db, actor, found.ref, found.document, f"{command_id}:file", at)
    with db.write() as tx:
        case = load(tx, found.ref, actor, command_id)
        row = tx.one(_ONE, {"which": restriction})
        if case.done is not None or row is None or row[12] is not None:
            return
        key, state = state_of(tx, db, case)
        form: dict[str, object] = {"dispute": {"restriction": restriction, "how": how}}
        if found.item is not None and how == "corrected":
            (occurrence,) = tx.one(_OCCURRENCE, {"item": found.item}) or ("",)
            sealed = seal(key, disputes.sealed_text(text.strip()), bound_to(str(case.key_id), occurrence))
            tx.run(_CORRECT, {"which": found.item, "new_text": sealed})
            form["text"] = text.strip()
        if found.item is not None and how == "erased":
            tx.run(_ERASE, {"which": found.item, "at": at})
        disputes.settle(tx, found.ref, (restriction, found.item, found.document), how, actor.id, at)
        head = record(tx, case, key, actor.id, DECIDED, form, command_id, at)
    states.remember(db, case.id, head.hash, state)


def _must_be_said(found: Disputed, how: str, text: str) -> None:
    if how not in SETTLED or (how == "corrected" and found.item is None):
        raise Refused("dispute.how", "say what becomes of it", "choose one of the answers", "how")
    if how == "corrected" and not text.strip():
        raise Refused("dispute.text", "the corrected text is missing", "write it as it should read", "text")
    if len(text) > MOST_TEXT:
        raise Refused("dispute.long", f"the text is longer than {MOST_TEXT} characters", "write it shorter", "text")
