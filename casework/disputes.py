"""Objection and rectification: what is disputed is restricted at once, and every recipient hears what came of it.

Restricting happens in the transaction that records the request. Nobody reads, uses or prints a restricted item until
the data manager lifts the restriction, corrects the item or erases it. Police items are not shown to the data manager:
the person is referred to the supervisory body. Source: protocol, "Objection, rectification, access request"; GDPR art.
16 to 19 and 21.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from casework import states
from casework.rows import INSERT_OUTBOX
from casework.sealing import Sealer, unseal
from casework.statements import Statement, Tx
from models.base import table_of
from models.documents import Document
from models.sharing import Item, Restriction
from protocol.errors import Refused
from protocol.language import Protocol, Shares
from protocol.variants import matches

if TYPE_CHECKING:
    from casework.transitions import Turn
    from protocol.advance import Outcome
    from protocol.commands import Command

ITEM, DOCUMENT = "item:", "document:"
DISPUTED = "disputed"
_ITEM, _DOCUMENT, _RESTRICTION = table_of(Item), table_of(Document), table_of(Restriction)
_p = sa.bindparam
_running = _RESTRICTION.c.settled_at.is_(None)
RESTRICTED_SINCE = (
    sa.select(sa.func.min(_RESTRICTION.c.since))
    .where(_RESTRICTION.c.item_id == _ITEM.c.id, _running)
    .correlate(_ITEM)
    .scalar_subquery()
)
"""of an item: since when it is disputed"""
CORRECTED_AT = (
    sa.select(sa.func.max(_RESTRICTION.c.settled_at))
    .where(_RESTRICTION.c.item_id == _ITEM.c.id, _RESTRICTION.c.outcome == "corrected")
    .correlate(_ITEM)
    .scalar_subquery()
)
_ITEMS = Statement(
    sa.select(_ITEM.c.id, _ITEM.c.named).where(_ITEM.c.case_id == _p("case"), _ITEM.c.sealed.is_not(None))
)
_DOCUMENTS = Statement(
    sa.select(_DOCUMENT.c.id).where(_DOCUMENT.c.case_id == _p("case"), _DOCUMENT.c.removed_at.is_(None))
)
_ADD = Statement(
    sa.insert(_RESTRICTION).values(
        {name: _p(name) for name in ("case_id", "item_id", "document", "request", "answer", "since")}
        | {"outcome": "", "settled_by": ""}
    )
)
_RESTRICT_DOCUMENT = Statement(sa.update(_DOCUMENT).where(_DOCUMENT.c.id == _p("which")).values(restricted_at=_p("at")))
_OF_ANSWER = Statement(
    sa.select(_RESTRICTION.c.id, _RESTRICTION.c.item_id, _RESTRICTION.c.document, _RESTRICTION.c.request).where(
        _RESTRICTION.c.case_id == _p("case"), _RESTRICTION.c.answer == _p("answer"), _running
    )
)
_ANSWERED_BY = Statement(
    sa.update(_RESTRICTION).where(_RESTRICTION.c.id == _p("which")).values(answer=_p("new_answer"))
)
_SETTLE = Statement(
    sa.update(_RESTRICTION)
    .where(_RESTRICTION.c.id == _p("which"), _running)
    .values(settled_at=_p("at"), outcome=_p("how"), settled_by=_p("who"))
)
_STILL = Statement(
    sa.select(sa.func.count()).select_from(_RESTRICTION).where(_RESTRICTION.c.document == _p("document"), _running)
)
_IN_CASE = Statement(
    sa.select(sa.func.count()).select_from(_RESTRICTION).where(_RESTRICTION.c.case_id == _p("case"), _running)
)
_LIFT_DOCUMENT = Statement(sa.update(_DOCUMENT).where(_DOCUMENT.c.id == _p("which")).values(restricted_at=None))
_NAMED = Statement(sa.select(_ITEM.c.named).where(_ITEM.c.id == _p("item")))
_NOW = Statement(
    sa.select(_ITEM.c.sealed, RESTRICTED_SINCE, CORRECTED_AT).where(
        _ITEM.c.case_id == _p("case"), _ITEM.c.occurrence == _p("occurrence")
    )
)


def restricted(turn: Turn, command: Command, outcome: Outcome) -> Outcome:
    """Restrict what a request is about, or see what an answer means for it: in the transaction that records it.

    Raises Refused for an answer while something that was restricted is not decided on.
    """
    opened = {event.step: event.id for event in outcome.events if event.kind == "step_opened"}
    for event in outcome.events:
        if event.kind == "event_happened":
            known = turn.protocol.events.get(event.event)
            if known is not None and known.restricts is not None and known.restricts.until in opened:
                about = set(getattr(command, "about", ()))
                found = _restrict(turn, event.event, opened[known.restricts.until], about)
                outcome = outcome._replace(clean={**outcome.clean, "restricted": found})
        elif event.kind == "step_done":
            step = outcome.state.steps[event.id].step
            _must_not_erase(turn, step, event.outcome)
            if step in answering(turn.protocol):
                _answered(turn, event, opened.get(step, ""))
    return outcome


def answering(protocol: Protocol) -> set[str]:
    """The steps that answer what a person asks."""
    return {event.restricts.until for event in protocol.events.values() if event.restricts is not None}


def _must_not_erase(turn: Turn, step: str, outcome: str) -> None:
    """What is disputed is kept until it is decided: the person may need it. Source: GDPR art. 18(1)."""
    follows = turn.protocol.steps[step].follows if step in turn.protocol.steps else ()
    erases = any(each.erase and matches(each.when, {"outcome": outcome}) for each in follows)
    if erases and turn.tx.one(_IN_CASE, {"case": turn.case.id}) != (0,):
        raise Refused(
            "dispute.erase", "something in this case is disputed", "decide on it first, on the page of requests"
        )


def _restrict(turn: Turn, request: str, answer: str, about: set[str]) -> list[str]:
    """What is restricted now: what was named, or, where nothing was, everything that was shared."""
    items = {f"{ITEM}{item}": tuple(named) for item, named in turn.tx.all(_ITEMS, {"case": turn.case.id})}
    documents = {f"{DOCUMENT}{found}" for (found,) in turn.tx.all(_DOCUMENTS, {"case": turn.case.id})}
    if about - set(items) - documents:
        raise Refused("dispute.unknown", "this is not in the case", "choose from the list", "about")
    chosen = sorted(about or items)
    for each in chosen:
        is_item, (_, _, id) = each in items, each.partition(":")
        row = {"item_id": int(id) if is_item else None, "document": None if is_item else id}
        given = {"case_id": turn.case.id, "request": request, "answer": answer, "since": turn.at}
        turn.tx.run(_ADD, {**row, **given})
        if is_item:
            tell(turn.tx, turn.case.ref, items[each], DISPUTED, f"{answer}:{id}", turn.at)
        else:
            turn.tx.run(_RESTRICT_DOCUMENT, {"which": id, "at": turn.at})
    return chosen


def _answered(turn: Turn, event: Any, next_answer: str) -> None:
    """An answer ends the restrictions that wait for it, or they go on, as the protocol says."""
    for id, item, document, request in turn.tx.all(_OF_ANSWER, {"case": turn.case.id, "answer": event.id}):
        known = turn.protocol.events.get(request)
        rule = known.restricts if known is not None else None
        facts = {"outcome": event.outcome, "given": event.given}
        if rule is None or (rule.goes_on is not None and matches(rule.goes_on, facts)):
            turn.tx.run(_ANSWERED_BY, {"which": id, "new_answer": next_answer or event.id})
        elif rule.lifts is not None and matches(rule.lifts, facts):
            settle(turn.tx, turn.case.ref, (id, item, document), "lifted", turn.actor.id, turn.at)
        else:
            raise Refused(
                "dispute.undecided",
                "something that is restricted is not decided on",
                "lift, correct or erase it on the page of requests, then answer",
                "result",
            )


def settle(tx: Tx, ref: str, what: tuple[int, int | None, str | None], how: str, who: str, at: dt.datetime) -> None:
    """End a restriction, and tell every recipient. `what`: the restriction, its item, its document."""
    id, item, document = what
    tx.run(_SETTLE, {"which": id, "at": at, "how": how, "who": who})
    if item is not None:
        row = tx.one(_NAMED, {"item": item})
        tell(tx, ref, row[0] if row else (), how, f"{id}:{item}", at)
    elif tx.one(_STILL, {"document": document}) == (0,):
        tx.run(_LIFT_DOCUMENT, {"which": document})


def tell(tx: Tx, ref: str, people: Iterable[str], what: str, key: str, at: dt.datetime) -> None:
    """A notice to each of these: that something they were given is disputed, or what came of it. No text, no step."""
    rows = [
        {
            "kind": "tell", "dedupe_key": f"{ref}:{what}:{key}:{who}", "created_at": at, "available_at": at,
            "payload": {"case": ref, "who": f"staff:{who}", "what": what, "step": "", "urgent": False},
        }
        for who in people
    ]  # fmt: skip
    tx.many(INSERT_OUTBOX, rows)


def as_now(
    tx: Tx, key: Sealer, case: tuple[int, str], occurrence: str, shares: Shares, form: dict[str, object]
) -> dict[str, object]:
    """The form of a sharing decision with its text as it stands: corrected, or left out while disputed or once erased."""
    from casework.release import bound_to

    row = tx.one(_NOW, {"case": case[0], "occurrence": occurrence})
    if row is None or (row[0] is not None and row[1] is None and row[2] is None):
        return form
    if row[0] is None or row[1] is not None:
        return {name: value for name, value in form.items() if name != shares.text}
    text = json.loads(unseal(key, bytes(row[0]), bound_to(case[1], occurrence)))["text"]
    return {**form, shares.text: text}


def sealed_text(text: str) -> bytes:
    """A text as an item seals it."""
    return states.json_bytes({"text": text})
