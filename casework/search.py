"""Finding a case: by its number, or by a name within one's own cases. There is no search over all persons.

Source: domain, guard rail 2: "No global person search beyond one's own cases".
"""

import datetime as dt
import re
from dataclasses import dataclass

import sqlalchemy as sa

from casework import clock, people, protocols, read_log
from casework.db import Database
from casework.keys import KeyGone
from casework.lists import everybody_for
from casework.rows import CASE, MEMBER
from casework.statements import Statement, Tx
from protocol.commands import Actor
from protocol.visibility import Decision, may

CASE_NUMBER = re.compile(r"\s*(\d{4})\s*[-/ ]\s*(\d{1,6})\s*")
SHORTEST = 2
"""letters"""
MOST_READ, MOST_FOUND = 400, 25
_p = sa.bindparam
_OWN = Statement(
    sa.select(CASE.c.ref, CASE.c.person_id, CASE.c.protocol, CASE.c.protocol_version, MEMBER.c.relation, CASE.c.is_open)
    .select_from(MEMBER.join(CASE, CASE.c.id == MEMBER.c.case_id))
    .where(MEMBER.c.staff == _p("me"), CASE.c.erased_at.is_(None), CASE.c.person_id.is_not(None))
    .order_by(CASE.c.is_open.desc(), CASE.c.id.desc())
    .limit(MOST_READ)
)


@dataclass(frozen=True)
class Found:
    """A case of one's own whose person has such a name. The name goes to the page only."""

    ref: str
    name: str
    is_open: bool

    def __repr__(self) -> str:
        return f"Found({self.ref})"


def case_number(text: str) -> str | None:
    """`2026-14`, `2026/014` → `2026-014`; None: this is no case number."""
    match = CASE_NUMBER.fullmatch(text)
    return f"{match[1]}-{int(match[2]):03d}" if match else None


def by_name(db: Database, actor: Actor, text: str, at: dt.datetime | None = None) -> list[Found]:
    """One's own cases in which each word of `text` begins a part of the name; open ones first.

    Capitals and accents do not matter. One entry in the read log says which cases were found, never the words.
    """
    at = at or clock.now()
    words = people.same(text).split()
    found: list[Found] = []
    with db.write() as tx:
        if words and max(map(len, words)) >= SHORTEST:
            found = _found(tx, db, actor, words)
        read_log.note(tx, actor, None, "search", Decision(True, "own cases"), at, [each.ref for each in found])
    return found


def _found(tx: Tx, db: Database, actor: Actor, words: list[str]) -> list[Found]:
    relations: dict[str, set[str]] = {}
    rows = [row for who in everybody_for(actor) for row in tx.all(_OWN, {"me": who})]
    for ref, *_, relation, _is_open in rows:
        relations.setdefault(ref, set()).add(relation)
    found: dict[str, Found] = {}
    for ref, person, key, number, _, is_open in rows:
        if ref in found or len(found) == MOST_FOUND:
            continue
        protocol = protocols.version(tx, db, key, number)
        if not may(protocol, actor, "see", "identity", frozenset(relations[ref])).allowed:
            continue
        name = _name(tx, db, person)
        if name and _fits(name, words):
            found[ref] = Found(ref, name, bool(is_open))
    return list(found.values())


def _name(tx: Tx, db: Database, person: int) -> str:
    try:
        known = people.by_id(tx, db, person)
    except KeyGone:
        return ""
    return f"{known.details.given_names} {known.details.family_name}" if known and known.details else ""


def _fits(name: str, words: list[str]) -> bool:
    parts = re.split(r"[\s'’-]+", people.same(name))
    return all(any(part.startswith(word) for part in parts) for word in words)
