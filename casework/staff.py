"""Who works here, who is away, and who takes over."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import select

from casework import clock, ledger, protocols
from casework.db import Database
from casework.errors import StaffUnknown
from casework.statements import Statement, Tx
from models.base import table_of
from models.people import Absence, Organisation, Staff
from protocol.commands import SYSTEM, Actor

_STAFF = table_of(Staff)
_ABSENCE = table_of(Absence)
_p = sa.bindparam

LEAD = "lead_worker"
DEPUTY_OF = "deputy of the case"
"""no role: the deputy of a case whose lead worker is away and has no present substitute"""
_AWAY_UNTIL = Statement(
    sa.select(_ABSENCE.c.staff, sa.func.max(_ABSENCE.c.until_on))
    .where(_ABSENCE.c.from_on <= _p("day"), _ABSENCE.c.until_on >= _p("day"))
    .group_by(_ABSENCE.c.staff)
)
_IDS = Statement(sa.select(_STAFF.c.id).where(_STAFF.c.left_at.is_(None)))
_ADD_ABSENCE = Statement(
    sa.insert(_ABSENCE).values({name: _p(name) for name in ("staff", "from_on", "until_on", "recorded_at")})
)
_AWAY = Statement(sa.select(_ABSENCE.c.staff).where(_ABSENCE.c.from_on <= _p("day"), _ABSENCE.c.until_on >= _p("day")))


def save(db: Database, people: Iterable[Staff], by: Actor = SYSTEM, *, at: dt.datetime) -> None:
    """Add members of staff, or change them. Their ids and roles go into the ledger, never their names."""
    with db.write() as tx:
        protocols.must_administer(tx, db, by)
    members = list(people)
    with db.session(read_only=False) as session:
        for member in members:
            session.merge(member)
    body: dict[str, object] = {"staff": {member.id: list(member.roles) for member in members}}
    with db.write() as tx:
        ledger.append_to(tx, ledger.PARTNERSHIP, at, by.id, "staff_changed", body)


def save_organisations(db: Database, organisations: Iterable[Organisation]) -> None:
    with db.session(read_only=False) as session:
        for organisation in organisations:
            session.merge(organisation)


def find(db: Database, staff_id: str) -> Staff:
    """Raises StaffUnknown."""
    with db.session() as session:
        found = session.get(Staff, staff_id)
    if found is None:
        raise StaffUnknown
    return found


def everybody(db: Database, role: str | None = None) -> list[Staff]:
    """Those who work here now, in the order of their ids; with `role` those who hold it."""
    with db.session() as session:
        query = select(Staff).where(sa.text("left_at IS NULL")).order_by(_STAFF.c.id)
        found = list(session.exec(query).all())
    return [member for member in found if role is None or role in member.roles]


def left(db: Database) -> list[Staff]:
    """Those who worked here, by name."""
    with db.session() as session:
        return list(session.exec(select(Staff).where(sa.text("left_at IS NOT NULL")).order_by(_STAFF.c.name)).all())


def actor_for(db: Database, staff_id: str, at: dt.datetime | None = None) -> Actor:
    """The acting person, with the roles held now. Raises StaffUnknown, also for who has left."""
    member = find(db, staff_id)
    if member.left_at is not None:
        raise StaffUnknown
    return actor_of(db, member, standing_in(db, member, at))


class StandIn(NamedTuple):
    """For whom somebody stands in today, in which role, and until which day, that day included."""

    staff: str
    role: str
    until: dt.date


def actor_of(db: Database, member: Staff, stands_in: Iterable[StandIn] = ()) -> Actor:
    """A member of staff as the acting person. Tasks and access of those who are away come with the roles they hold."""
    found = [one for one in stands_in if one.role != DEPUTY_OF]
    roles = dict.fromkeys((*member.roles, *(one.role for one in found)))
    return Actor(
        id=member.id,
        roles=tuple(roles),
        service=member.service,
        stands_for=tuple(dict.fromkeys((one.staff, one.role) for one in found)),
        deputises=tuple(one.staff for one in stands_in if one.role == DEPUTY_OF),
    )


def standing_in(db: Database, member: Staff, at: dt.datetime | None = None) -> list[StandIn]:
    """For whom this person stands in now: counted from the absences of the day, so that nothing has to be given back.

    The first present substitute of each role, and for roles that decide second also the first of another service, so
    that two services stay two. In cases whose lead worker has no present substitute the deputy does the work.
    Source: protocol, "Four eyes".
    """
    at = at or clock.now()
    with db.read() as tx:
        newest = protocols.all_newest(tx, db)
        day = protocols.calendar(tx, db, newest[0]).local_day(at) if newest else at.date()
        away: dict[str, dt.date] = dict(tx.all(_AWAY_UNTIL, {"day": day}))
    if not away or member.id in away:
        return []
    seconds = {
        role for each in newest for step in each.steps.values() if step.four_eyes for role in step.four_eyes.role
    }
    people = {each.id: each for each in everybody(db)}
    found = []
    for absent, until in sorted(away.items()):
        colleague = people.get(absent)
        if colleague is None:
            continue
        for role in colleague.roles:
            taking = _takers(colleague, role, people, away, twice=role in seconds)
            if member.id in taking:
                found.append(StandIn(absent, role, until))
            elif role == LEAD and not taking:
                found.append(StandIn(absent, DEPUTY_OF, until))
    return found


def _takers(
    colleague: Staff, role: str, people: dict[str, Staff], away: dict[str, dt.date], *, twice: bool
) -> list[str]:
    present = [people[id] for id in colleague.substitutes.get(role, ()) if id in people and id not in away]
    other = [each for each in present if each.service != present[0].service] if twice else []
    return [each.id for each in (*present[:1], *other[:1])]


def must_work_here(tx: Tx, db: Database, staff_id: str, field: str, revision: int) -> None:
    """Refuse an id that is nobody's. Raises StaffUnknown."""
    remembered: tuple[int, frozenset[str]] | None = db.memory.get("staff")
    if remembered is None or remembered[0] != revision:
        remembered = db.memory["staff"] = (revision, frozenset(found for (found,) in tx.all(_IDS, {})))
    if staff_id not in remembered[1]:
        raise StaffUnknown(field)


def record_absence(
    db: Database, staff_id: str, from_on: dt.date, until_on: dt.date, by: Actor, *, at: dt.datetime
) -> None:
    """Somebody is away, first and last day included. Why is not asked. Anybody may say it of themselves."""
    body: dict[str, object] = {"staff": staff_id, "from": str(from_on), "until": str(until_on)}
    with db.write() as tx:
        if by.id != staff_id:
            protocols.must_administer(tx, db, by)
        tx.run(_ADD_ABSENCE, {"staff": staff_id, "from_on": from_on, "until_on": until_on, "recorded_at": at})
        ledger.append_to(tx, ledger.PARTNERSHIP, at, by.id, "absence_recorded", body)


def absences(db: Database, staff_id: str | None = None) -> list[Absence]:
    with db.session() as session:
        query = select(Absence).order_by(_ABSENCE.c.from_on, _ABSENCE.c.id)
        return list(session.exec(query if staff_id is None else query.where(Absence.staff == staff_id)).all())


def away(db: Database, day: dt.date) -> frozenset[str]:
    """Who is away on this day."""
    with db.read() as tx:
        return frozenset(staff for (staff,) in tx.all(_AWAY, {"day": day}))


def substitute_for(db: Database, staff_id: str, role: str, day: dt.date, not_service: str = "") -> Staff | None:
    """The first present substitute in this role who does not belong to `not_service`: four eyes stay two services.

    Source: protocol, "A recorded absence passes the task to the first present substitute that keeps two services".
    """
    absent = away(db, day)
    people = {member.id: member for member in everybody(db)}
    for candidate in find(db, staff_id).substitutes.get(role, []):
        member = people.get(candidate)
        if member is not None and candidate not in absent and (not not_service or member.service != not_service):
            return member
    return None
