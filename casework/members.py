"""Members of staff as an administrator keeps them: added, changed, taken in from a sheet. Everything is checked here.

Names, addresses and numbers stand in the staff table alone; the ledger tells ids and roles.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import ledger, protocols, staff
from casework.accounts import must_leave_an_administrator
from casework.db import Database
from casework.errors import StaffUnknown
from casework.member_form import Reader
from casework.notification_files import read_table
from casework.notification_tables import FileProblem
from casework.notification_words import fold
from casework.rows import CASE, STEP
from casework.statements import Statement, Tx
from models.base import table_of
from models.people import Absence, Staff
from protocol.commands import Actor
from protocol.errors import Problem, Refused
from protocol.language import Protocol

_STAFF, _ABSENCE = table_of(Staff), table_of(Absence)
_p = sa.bindparam
KEPT = (
    "name", "email", "phone", "language", "roles", "service", "organisation", "manager", "prison", "hours_per_week",
    "languages", "substitutes",
)  # fmt: skip
_INSERT = Statement(sa.insert(_STAFF).values({name: _p(name) for name in ("id", "added_at", *KEPT)}))
_UPDATE = Statement(sa.update(_STAFF).where(_STAFF.c.id == _p("who")).values({name: _p(name) for name in KEPT}))
_TASKS = Statement(sa.select(sa.func.count()).select_from(STEP).where(STEP.c.is_open, STEP.c.assignee == _p("who")))
_CASES = Statement(
    sa.select(sa.func.count())
    .select_from(CASE)
    .where(CASE.c.ended.is_(None), sa.or_(CASE.c.lead == _p("who"), CASE.c.deputy == _p("who")))
)
_END_ABSENCE = Statement(
    sa.update(_ABSENCE).where(_ABSENCE.c.id == _p("which")).values(until_on=_p("until_on")).returning(_ABSENCE.c.staff)
)
_DROP_ABSENCE = Statement(sa.delete(_ABSENCE).where(_ABSENCE.c.id == _p("which")).returning(_ABSENCE.c.staff))


class Held(NamedTuple):
    """What somebody has in hand. Only how much: an administrator sees no case."""

    tasks: int
    cases: int


def held_by(db: Database, staff_id: str) -> Held:
    """Open tasks assigned to somebody, and open cases of which they are lead worker or deputy."""
    with db.write() as tx:
        tasks, cases = tx.one(_TASKS, {"who": staff_id}), tx.one(_CASES, {"who": staff_id})
    return Held(tasks[0] if tasks else 0, cases[0] if cases else 0)


def new_id() -> str:
    """An opaque id: it stands in the ledger, where no name may stand."""
    return f"s-{secrets.token_hex(4)}"


# --- keeping


def add(db: Database, actor: Actor, given: Mapping[str, Any], at: Any) -> str:
    """Add a member of staff; their id. Raises Refused with every field that is wrong."""
    with db.write() as tx:
        return _add(tx, db, actor, given, at)


def _add(tx: Tx, db: Database, actor: Actor, given: Mapping[str, Any], at: Any) -> str:
    protocols.must_administer(tx, db, actor)
    fields = Reader(_newest(tx, db), staff.everybody(db)).read(given)
    member = str(given.get("id") or "").strip() or new_id()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,39}", member):
        raise _wrong_id("must be small letters, digits and hyphens", "leave it out: one is made")
    if any(one.id == member for one in staff.everybody(db)):
        raise _wrong_id("somebody has this id already", "leave it out: one is made")
    tx.run(_INSERT, {"id": member, "added_at": at, **fields})
    _tell(tx, actor, at, member, fields)
    return member


def _wrong_id(rule: str, remedy: str) -> Refused:
    return Refused("staff.form", rule, remedy, "id", (Problem("id", rule, remedy),))


def change(db: Database, actor: Actor, staff_id: str, given: Mapping[str, Any], at: Any) -> None:
    """Change a member of staff. New roles count from the next request on. Raises Refused, StaffUnknown."""
    known = staff.find(db, staff_id)
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        fields = Reader(_newest(tx, db), staff.everybody(db), staff_id).read(given)
        roles: list[str] = fields["roles"]
        if "administrator" in known.roles and "administrator" not in roles:
            must_leave_an_administrator(tx, staff_id)
        tx.run(_UPDATE, {"who": staff_id, **fields})
        _tell(tx, actor, at, staff_id, fields)


def _tell(tx: Tx, actor: Actor, at: Any, staff_id: str, fields: Mapping[str, Any]) -> None:
    body: dict[str, object] = {"staff": {staff_id: fields["roles"]}}
    ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "staff_changed", body)


def _newest(tx: Tx, db: Database) -> Protocol:
    found = [each for each in protocols.all_newest(tx, db) if each.about == "person"]
    if not found:
        raise Refused("protocol.none", "no protocol is in force", "put one in force first")
    return found[0]


# --- absences


def end_absence(db: Database, actor: Actor, absence: int, until_on: Any, at: Any) -> None:
    """Back earlier or later than was said; `until_on` None: the absence never was. Raises StaffUnknown."""
    mine = next((each for each in staff.absences(db) if each.id == absence), None)
    if mine is None:
        raise StaffUnknown
    if until_on is not None and until_on < mine.from_on:
        until_on = None
    with db.write() as tx:
        if mine.staff != actor.id:
            protocols.must_administer(tx, db, actor)
        statement = _DROP_ABSENCE if until_on is None else _END_ABSENCE
        tx.one(statement, {"which": absence, "until_on": until_on} if until_on is not None else {"which": absence})
        body: dict[str, object] = {"staff": mine.staff, "from": str(mine.from_on), "until": str(until_on or "")}
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "absence_changed", body)


# --- a sheet of colleagues

HEADINGS = {
    "id": ("id",),
    "name": ("name", "naam", "nom"),
    "email": ("email", "e-mail", "e-mailadres", "courriel"),
    "phone": ("phone", "telephone", "telefoon", "téléphone"),
    "language": ("language", "taal", "langue"),
    "roles": ("roles", "role", "rollen", "rol", "rôles", "rôle"),
    "service": ("service", "dienst"),
    "prison": ("prison", "gevangenis"),
    "hours_per_week": ("hours_per_week", "hours", "uren", "heures"),
    "languages": ("languages", "talen", "langues"),
    "manager": ("manager", "leidinggevende", "responsable"),
}
_BY_HEADING = {fold(word): field for field, words in HEADINGS.items() for word in words}


class Taken(NamedTuple):
    """What became of one row."""

    row: int
    staff: str | None
    problems: tuple[Problem, ...] = ()


def take_sheet(db: Database, actor: Actor, name: str, content: bytes, at: Any) -> list[Taken]:
    """Add the colleagues of a sheet (CSV, XLSX), row by row: a wrong row never blocks a good one. Raises FileProblem."""
    heading, lines = read_table(name, content, _BY_HEADING, ("name", "roles", "service"))
    found = []
    for line in lines:
        if problem := line.problem or heading.misfit(line):
            found.append(Taken(line.number, None, (Problem(problem.field, problem.rule, problem.remedy),)))
            continue
        given = {key: cell for key, cell in heading.fields(line).items() if cell not in (None, "")}
        try:
            found.append(Taken(line.number, add(db, actor, given, at)))
        except Refused as refused:
            every = refused.problems or (Problem(refused.field or "row", refused.reason, refused.remedy),)
            found.append(Taken(line.number, None, every))
    return found


__all__ = [
    "FileProblem", "Held", "Reader", "Taken", "add", "change", "end_absence", "held_by", "new_id", "take_sheet",
]  # fmt: skip
