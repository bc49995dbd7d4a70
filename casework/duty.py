"""The duty rota: who is phoned first about urgent late work, who is next, and the mayor's emergency number.

Source: protocol, "Escalation": "coordinator on duty by phone list; +4 h next on the rota; +8 h mayor's emergency
number". A week runs from Monday to Sunday. Only those who may acknowledge a call can be on duty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from casework import ledger, protocols, staff
from casework.checked import Checks
from casework.db import Database
from casework.statements import Statement, Tx
from models.base import table_of
from models.duty import DutyNumber, DutyPhone, DutyWeek
from models.people import Staff
from protocol.commands import Actor
from protocol.language import Protocol
from protocol.visibility import may

EMERGENCY = "mayors_emergency_number"
"""the line of the protocol file whose number is kept here"""
MOST = 12
"""places in the phone list"""
_WEEK, _PHONE, _NUMBER = table_of(DutyWeek), table_of(DutyPhone), table_of(DutyNumber)
_p = sa.bindparam
_SOME = Statement(
    sa.select(_WEEK.c.monday, _WEEK.c.first, _WEEK.c.second)
    .where(_WEEK.c.monday >= _p("since"), _WEEK.c.monday <= _p("until"))
    .order_by(_WEEK.c.monday)
)
_LIST = Statement(sa.select(_PHONE.c.staff).order_by(_PHONE.c.position))
_DROP_WEEK = Statement(sa.delete(_WEEK).where(_WEEK.c.monday == _p("which")))
_ADD_WEEK = Statement(sa.insert(_WEEK))
_DROP_LIST = Statement(sa.delete(_PHONE))
_ADD_PHONE = Statement(sa.insert(_PHONE))
_NUMBER_OF = Statement(sa.select(_NUMBER.c.number).where(_NUMBER.c.role == _p("role")))
_DROP_NUMBER = Statement(sa.delete(_NUMBER).where(_NUMBER.c.role == _p("which")))
_ADD_NUMBER = Statement(sa.insert(_NUMBER))


class Week(NamedTuple):
    monday: dt.date
    first: str
    second: str | None


def monday_of(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def weeks(db: Database, since: dt.date, until: dt.date) -> dict[dt.date, Week]:
    """The weeks that were filled in, by their Monday."""
    with db.read() as tx:
        found = tx.all(_SOME, {"since": monday_of(since), "until": until})
    return {row[0]: Week(*row) for row in found}


def phone_list(db: Database) -> list[str]:
    with db.read() as tx:
        return [row[0] for row in tx.all(_LIST, {})]


def emergency_number(db: Database) -> str:
    """The mayor's emergency number; empty: nobody wrote it down."""
    with db.read() as tx:
        row = tx.one(_NUMBER_OF, {"role": EMERGENCY})
    return str(row[0]) if row else ""


def order_on(db: Database, day: dt.date) -> list[str]:
    """Who is phoned on a day, in this order: those on duty that week, then the phone list. Empty: nothing is kept."""
    week = weeks(db, day, day).get(monday_of(day))
    on_duty = [week.first, *([week.second] if week.second else [])] if week else []
    return list(dict.fromkeys([*on_duty, *phone_list(db)]))


def callable_people(db: Database) -> list[Staff]:
    """Those who may acknowledge an urgent call, by name."""
    with db.read() as tx:
        known = protocols.all_newest(tx, db)
    return sorted(
        (member for member in staff.everybody(db) if any(_may_be_called(found, member) for found in known)),
        key=lambda member: member.name,
    )


def _may_be_called(protocol: Protocol, member: Staff) -> bool:
    actor = Actor(id=member.id, roles=tuple(member.roles), service=member.service)
    return may(protocol, actor, "acknowledge", "", frozenset()).allowed


# --- keeping


def save_weeks(db: Database, actor: Actor, given: Mapping[dt.date, tuple[str, str]], at: dt.datetime) -> None:
    """Keep who is on duty and who is next, by Monday; two empty answers: nobody is filled in.

    Raises Refused, whose fields are `2026-11-23.first` and `2026-11-23.second`.
    """
    known = {member.id for member in callable_people(db)}
    checks = Checks({})
    for monday, (first, second) in given.items():
        for field, one in (("first", first), ("second", second)):
            if one and one not in known:
                checks.wrong(f"{monday}.{field}", "must be somebody who may acknowledge a call", "choose from the list")
        if second and not first:
            checks.wrong(
                f"{monday}.first", "somebody must be on duty before somebody can be next", "choose who is first"
            )
        elif first and first == second:
            checks.wrong(f"{monday}.second", "must be somebody else than the first", "choose another colleague")
    checks.must_hold("duty.form")
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        for monday, (first, second) in given.items():
            tx.run(_DROP_WEEK, {"which": monday})
            if first:
                row = {"monday": monday, "first": first, "second": second or None, "changed_at": at}
                tx.run(_ADD_WEEK, row)
        told: dict[str, object] = {str(monday): [one for one in pair if one] for monday, pair in sorted(given.items())}
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "duty_rota_changed", {"weeks": told})


def save_phone_list(db: Database, actor: Actor, people: Sequence[str], number: str, at: dt.datetime) -> None:
    """Keep the phone list in its order, and the mayor's emergency number. Raises Refused (`list.2`, `number`)."""
    known = {member.id for member in callable_people(db)}
    checks = Checks({"number": number})
    for n, one in enumerate(people, 1):
        if one and one not in known:
            checks.wrong(f"list.{n}", "must be somebody who may acknowledge a call", "choose from the list")
        elif one and one in people[: n - 1]:
            checks.wrong(f"list.{n}", "stands in the list already", "choose another colleague, or leave it empty")
    emergency = checks.phone("number")
    checks.must_hold("duty.form")
    chosen = [one for one in people if one][:MOST]
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        tx.run(_DROP_LIST, {})
        tx.many(_ADD_PHONE, [{"position": n, "staff": one} for n, one in enumerate(chosen, 1)])
        _keep_number(tx, emergency, at)
        body: dict[str, object] = {"list": chosen, "emergency_number": bool(emergency)}
        ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, "phone_list_changed", body)


def _keep_number(tx: Tx, number: str, at: dt.datetime) -> None:
    tx.run(_DROP_NUMBER, {"which": EMERGENCY})
    if number:
        tx.run(_ADD_NUMBER, {"role": EMERGENCY, "number": number, "changed_at": at})
