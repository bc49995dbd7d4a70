"""What was shared, as the named read it, and how those who shared it see who read it, and take it back.

Expiry and recall count at once: both are asked at every reading. A recipient sees the text as it was decided, and
nothing else of the decision. Source: protocol, "Sharing"; guard rails 2 and 5.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import clock, protocols, read_log, states
from casework.db import Database
from casework.disputes import CORRECTED_AT, RESTRICTED_SINCE
from casework.errors import NotAllowed, NotFound
from casework.keys import KeyGone
from casework.loading import load
from casework.release import NAMED, bound_to
from casework.rows import CASE, MEMBER
from casework.sealing import unseal
from casework.statements import Row, Statement, Tx
from casework.transitions import record, state_of
from models.base import table_of
from models.ledger import AccessEntry
from models.sharing import Item, SharingDecision
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.language import Protocol
from protocol.visibility import LENT, Decision, may

PRINTABLE = frozenset({"case_team", "safety"})
"""handling codes under which a recipient may print what was shared"""
RECALLED = "recall_item"
MOST = 100
_ITEM, _SHARED, _ACCESS = table_of(Item), table_of(SharingDecision), table_of(AccessEntry)
_p = sa.bindparam
_ties = (
    sa.select(sa.func.aggregate_strings(MEMBER.c.relation, ","))
    .where(MEMBER.c.case_id == CASE.c.id, MEMBER.c.staff == _p("me"))
    .correlate(CASE)
    .scalar_subquery()
)
_about = sa.select(
    _ITEM.c.id, CASE.c.ref, CASE.c.id, CASE.c.key_id, CASE.c.protocol, CASE.c.protocol_version, _ITEM.c.kind,
    _ITEM.c.occurrence, _ITEM.c.author, _ITEM.c.handling, _ITEM.c.legal_basis, _ITEM.c.named, _ITEM.c.recorded_at,
    _ITEM.c.expires_at, _ITEM.c.ended_at, _ITEM.c.sealed, _SHARED.c.decided_by, _ties,
    RESTRICTED_SINCE, CORRECTED_AT,
).select_from(
    _ITEM.join(CASE, CASE.c.id == _ITEM.c.case_id).join(_SHARED, _SHARED.c.item_id == _ITEM.c.id)
).where(CASE.c.erased_at.is_(None))  # fmt: skip
_cases_that_name_me = sa.select(MEMBER.c.case_id).where(MEMBER.c.staff == _p("me"), MEMBER.c.relation == NAMED)
_TO_ME = Statement(
    _about.where(_ITEM.c.case_id.in_(_cases_that_name_me))
    .where(_ITEM.c.ended_at.is_(None), _ITEM.c.expires_at > _p("at"))
    .order_by(_ITEM.c.id.desc())
    .limit(MOST)
)
_BY_ME = Statement(_about.where(_ITEM.c.author == _p("me")).order_by(_ITEM.c.id.desc()).limit(MOST))
_BY_US = Statement(_about.where(_SHARED.c.decided_by == _p("me")).order_by(_ITEM.c.id.desc()).limit(MOST))
_ONE = Statement(_about.where(_ITEM.c.id == _p("item")))
_SAW = Statement(
    sa.select(_ACCESS.c.staff, _ACCESS.c.at)
    .where(_ACCESS.c.case_id == _p("case"), _ACCESS.c.what == _p("what"), _ACCESS.c.allowed)
    .order_by(_ACCESS.c.at.desc())
    .limit(MOST)
)
_RECALL = Statement(
    sa.update(_ITEM).where(_ITEM.c.id == _p("which"), _ITEM.c.ended_at.is_(None)).values(ended_at=_p("at"))
)
_OTHERS = Statement(
    sa.select(_ITEM.c.named).where(
        _ITEM.c.case_id == _p("case"),
        _ITEM.c.id != _p("item"),
        _ITEM.c.ended_at.is_(None),
        _ITEM.c.expires_at > _p("at"),
    )
)
_NO_LONGER = Statement(
    sa.delete(MEMBER).where(MEMBER.c.case_id == _p("of_case"), MEMBER.c.staff == _p("who"), MEMBER.c.relation == NAMED)
)


class Shared(NamedTuple):
    """An item that was shared, without its text."""

    id: int
    ref: str
    kind: str
    author: str
    handling: str
    ground: str
    named: tuple[str, ...]
    shared_at: dt.datetime
    expires_at: dt.datetime
    recalled_at: dt.datetime | None
    state: str
    """running, restricted, ended, recalled or erased"""
    protocol: Protocol
    corrected_at: dt.datetime | None = None


class Opened(NamedTuple):
    """An item as somebody may read it."""

    item: Shared
    text: str
    """empty while it is disputed, and once it is erased"""
    why: str
    """why this person may see it, as the protocol says"""
    may_print: bool
    may_recall: bool
    saw: tuple[tuple[str, dt.datetime], ...]
    """who read it and when: only for those who shared it"""


class _Found(NamedTuple):
    item: Shared
    case_id: int
    key_id: str | None
    occurrence: str
    sealed: bytes
    decided_by: str | None
    ties: frozenset[str]
    """what ties the reader to the case"""


def _found(tx: Tx, db: Database, row: Row, at: dt.datetime) -> _Found:
    (item, ref, case_id, key_id, key, number, kind, occurrence, author, handling, ground, named, shared_at, expires_at,
     ended_at, sealed, decided_by, ties, restricted_since, corrected_at) = row  # fmt: skip
    # a flow closes what has run out, too: that is no recall
    recalled_at = ended_at if ended_at is not None and ended_at < expires_at else None
    state = next(
        name
        for name, holds in (
            ("erased", sealed is None), ("recalled", recalled_at is not None), ("ended", expires_at <= at),
            ("restricted", restricted_since is not None), ("running", True),
        )
        if holds
    )  # fmt: skip
    protocol = protocols.version(tx, db, key, number)
    about = Shared(
        item, ref, kind, author, handling, ground, tuple(named), shared_at, expires_at, recalled_at, state, protocol,
        corrected_at,
    )  # fmt: skip
    return _Found(
        about, case_id, key_id, occurrence, bytes(sealed or b""), decided_by, frozenset((ties or "").split(",")) - LENT
    )


def _decision(found: _Found, actor: Actor) -> Decision:
    """Whether this person may read an item now. Its own list of names decides, not that somebody is named elsewhere."""
    item = found.item
    relation = {tie for tie, holds in (("author", item.author == actor.id), (NAMED, actor.id in item.named)) if holds}
    if found.decided_by == actor.id:
        relation.add("own_task")
    if item.state not in ("running", "restricted") and relation == {NAMED}:
        return Decision(False, "access to what was shared has ended")
    if item.state == "restricted" and not relation and item.kind not in item.protocol.police_items:
        return may(item.protocol, actor, "see_restricted", "", frozenset())
    if item.handling == "oral_only" and not relation & {"author", "own_task"}:
        return Decision(False, "this is said in the meeting only")
    if "author" in relation:
        return Decision(True, "you proposed to share this")
    if "own_task" in relation:
        return Decision(True, "you decided on sharing this")
    return may(item.protocol, actor, "see", item.kind, found.ties | relation, item.handling)


def with_me(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[Shared]:
    """What was shared with this person and still runs, the latest first; without the texts."""
    at = at or clock.now()
    with db.write() as tx:
        found = [_found(tx, db, row, at) for row in tx.all(_TO_ME, {"me": actor.id, "at": at})]
        mine = [each.item for each in found if _decision(each, actor).allowed]
        read_log.note(
            tx, actor, None, "shared with me", Decision(True, "named"), at, sorted({each.ref for each in mine})
        )
    return mine


def by_me(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[Shared]:
    """What this person proposed or decided to share, also what has ended."""
    at = at or clock.now()
    with db.write() as tx:
        rows = {row[0]: row for wanted in (_BY_ME, _BY_US) for row in tx.all(wanted, {"me": actor.id})}
        found = [_found(tx, db, rows[item], at).item for item in sorted(rows, reverse=True)]
        read_log.note(
            tx, actor, None, "shared by me", Decision(True, "author"), at, sorted({each.ref for each in found})
        )
    return found


def opened(db: Database, actor: Actor, item: int, at: dt.datetime | None = None) -> Opened:
    """An item with its text. Raises NotFound, also where its existence is secret, or where access has ended."""
    at = at or clock.now()
    with db.write() as tx:
        row = tx.one(_ONE, {"item": item, "me": actor.id})
        if row is None:
            raise NotFound
        found = _found(tx, db, row, at)
        decision = _decision(found, actor)
        read_log.note(tx, actor, found.case_id, f"item:{item}", decision, at, [found.item.ref])
        shared_it = actor.id in (found.item.author, found.decided_by)
        saw = tx.all(_SAW, {"case": found.case_id, "what": f"item:{item}"}) if decision.allowed and shared_it else []
    if not decision.allowed:
        raise NotFound
    try:
        key = states.key_of(db, found.key_id)
    except KeyGone:
        raise NotFound from None
    content: dict[str, Any] = {}
    if _is_shown(found, actor):
        content = json.loads(unseal(key, found.sealed, bound_to(str(found.key_id), found.occurrence)))
    ours = {found.item.author, found.decided_by}
    return Opened(
        found.item, str(content.get("text", "")), decision.reason, bool(content) and found.item.handling in PRINTABLE,
        shared_it and found.item.state in ("running", "restricted"), tuple((who, when) for who, when in saw if who not in ours),
    )  # fmt: skip


def _is_shown(found: _Found, actor: Actor) -> bool:
    """Whether the text itself is shown: what is disputed only to whoever decides on it."""
    if found.item.state == "restricted":
        involved = actor.id in (found.item.author, found.decided_by, *found.item.named)
        return not involved and may(found.item.protocol, actor, "see_restricted", "", frozenset()).allowed
    return found.item.state != "erased"


def recall(db: Database, actor: Actor, item: int, command_id: str, at: dt.datetime | None = None) -> None:
    """Take back what was shared: from now on no recipient reads it. Its author, or who decided, may. Twice: once."""
    at = at or clock.now()
    with db.write() as tx:
        row = tx.one(_ONE, {"item": item, "me": actor.id})
        if row is None:
            raise NotFound
        found = _found(tx, db, row, at)
        if not _decision(found, actor).allowed:
            raise NotFound
        if actor.id not in (found.item.author, found.decided_by):
            raise NotAllowed("who proposed or decided to share something may take it back")
        case = load(tx, found.item.ref, actor, command_id)
        if case.done is not None or found.item.recalled_at is not None:
            return
        if found.item.state not in ("running", "restricted"):
            raise Refused("share.ended", "access to this has ended already", "nothing is left to take back")
        key, state = state_of(tx, db, case)
        tx.run(_RECALL, {"which": item, "at": at})
        still = {who for (named,) in tx.all(_OTHERS, {"case": case.id, "item": item, "at": at}) for who in named}
        for who in set(found.item.named) - still:
            tx.run(_NO_LONGER, {"of_case": case.id, "who": who})
        form = {"recalled": {"item": item, "occurrence": found.occurrence}}
        head = record(tx, case, key, actor.id, RECALLED, form, command_id, at)
    states.remember(db, case.id, head.hash, state)
