"""The agenda of the coming meetings: which cases, in the order of due day and case number, never of persons."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.case_lists import CaseLine, lines_of
from casework.db import Database
from casework.lists import everybody_for, sees_every_case
from casework.rows import CASE, MEMBER
from casework.statements import Row, Statement, Tx
from models.base import table_of
from models.meetings import AgendaItem, Meeting
from protocol.commands import Actor
from protocol.language import Text
from protocol.visibility import EVERY_CASE, Decision

MOST_ITEMS = 200
_MEETING, _ITEM = table_of(Meeting), table_of(AgendaItem)
_p = sa.bindparam
_COMING = Statement(
    sa.select(_MEETING.c.id, _MEETING.c.series, _MEETING.c.held_on)
    .where(_MEETING.c.held_on >= _p("today"), _MEETING.c.status == "planned")
    .order_by(_MEETING.c.held_on, _MEETING.c.series)
)
_items = (
    sa.select(_ITEM.c.case_id, _ITEM.c.occurrence)
    .select_from(_ITEM.join(CASE, CASE.c.id == _ITEM.c.case_id))
    .where(_ITEM.c.meeting_id == _p("meeting"), CASE.c.is_open)
    .order_by(_ITEM.c.position, CASE.c.ref)
    .limit(MOST_ITEMS)
)
_ITEMS = Statement(_items)
_OWN_ITEMS = Statement(
    _items.where(
        _ITEM.c.case_id.in_(
            sa.select(MEMBER.c.case_id).where(
                MEMBER.c.staff == _p("me"), sa.or_(MEMBER.c.relation == "lead", MEMBER.c.relation == "deputy")
            )
        )
    )
)


@dataclass(frozen=True)
class Item:
    """One case on an agenda."""

    case: CaseLine
    occurrence: str


@dataclass(frozen=True)
class Agenda:
    """A meeting to come, with the items that this person may see."""

    series: str
    name: Text
    held_on: dt.date
    items: list[Item]
    whole: bool
    """every item is shown; else only those of one's own cases"""


def coming(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[Agenda]:
    """The planned meetings from today on: with every item for those who run the partnership, with those of their own
    cases for lead workers and deputies."""
    at = at or clock.now()
    found = []
    with db.write() as tx:
        whole = bool(set(actor.roles) & EVERY_CASE) and sees_every_case(tx, db, actor).allowed
        newest = protocols.all_newest(tx, db)
        series = {key: each.name for protocol in newest for key, each in protocol.meetings.items()}
        today = protocols.calendar(tx, db, newest[0]).local_day(at) if newest else at.date()
        for meeting, key, held_on in tx.all(_COMING, {"today": today}):
            who = [""] if whole else everybody_for(actor)
            wanted = _ITEMS if whole else _OWN_ITEMS
            rows = list(dict.fromkeys(row for one in who for row in tx.all(wanted, {"meeting": meeting, "me": one})))
            found.append(Agenda(key, series.get(key, {"en": key}), held_on, _cases(tx, db, rows, at), whole))
        refs = [item.case.ref for agenda in found for item in agenda.items]
        read_log.note(tx, actor, None, "agenda", Decision(True, "every case" if whole else "own cases"), at, refs)
    return found


def _cases(tx: Tx, db: Database, rows: list[Row], at: dt.datetime) -> list[Item]:
    known = lines_of(tx, db, [case for case, _ in rows], at)
    return [Item(known[case], occurrence) for case, occurrence in rows if case in known]
