"""Receiving notifications, row by row: a bad row never blocks a good one, the same file twice changes nothing.

Identity is prison + reference: a differing birth date is refused, never merged. In an open case a notification is
news: another planned release moves the date, another release type is the protocol's event, a release is recorded.
"""

import datetime as dt
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import clock, opening, people, protocols
from casework.db import Database
from casework.errors import NotAllowed
from casework.loading import load, state_of
from casework.notifications import FieldProblem, Notification
from casework.opening import NewKey, Opening
from casework.people import Details, Known
from casework.row_by_row import Done, KeysNeeded, RowReport, Said, Taking, Told, take_rows
from casework.rows import CASE
from casework.sealing import blind
from casework.statements import Statement, Tx
from casework.transitions import perform_in
from models.base import table_of
from models.outbox import ImportFile, ImportRow
from protocol.commands import Actor, Command, OpenCase, RecordAnchor, ReportEvent
from protocol.errors import Problem, Refused
from protocol.language import Protocol as ProtocolFile
from protocol.state import CaseState
from protocol.visibility import may

ANCHORS = ("planned_release", "actual_release", "planned_return")
AGAIN, LEAVE, ON_LEAVE = "new_notification", "leave_planned", "leave"
"""Events of a protocol that a notification in an open case leads to, where the protocol has them."""

_ROW, _FILE = table_of(ImportRow), table_of(ImportFile)
_p = sa.bindparam
_SEEN = Statement(
    sa.select(_ROW.c.case_id, CASE.c.ref)
    .select_from(_ROW.join(CASE, CASE.c.id == _ROW.c.case_id))
    .where(_ROW.c.row_key == _p("row_key"))
)
_REMEMBER = Statement(sa.insert(_ROW))
_RUNNING = Statement(
    sa.select(CASE.c.id, CASE.c.ref, CASE.c.notified_at).where(CASE.c.person_id == _p("person"), CASE.c.is_open)
)
_NEWER = Statement(sa.update(CASE).where(CASE.c.id == _p("which")).values(notified_at=_p("notified_at")))
_NEW_FILE: dict[str, Any] = {name: _p(name) for name in ("digest", "source", "by", "rows", "received_at")}
_REMEMBER_FILE = Statement(
    sqlite_insert(_FILE).values(_NEW_FILE).on_conflict_do_nothing(),
    postgresql=postgresql_insert(_FILE).values(_NEW_FILE).on_conflict_do_nothing(),
)


class IncomingRow(Protocol):
    """A row of a file: its number, and the notification or what is wrong with it."""

    @property
    def row(self) -> int: ...
    @property
    def notification(self) -> Notification | None: ...
    @property
    def problems(self) -> tuple[FieldProblem, ...]: ...


def receive(
    db: Database,
    rows: Iterable[IncomingRow],
    source: str,
    actor: Actor,
    *,
    dry_run: bool = False,
    at: dt.datetime | None = None,
    protocol: str = protocols.DEFAULT,
    told: Told | None = None,
) -> list[RowReport]:
    """Take in notifications on behalf of `actor`; `source` is the channel (`file`, `api`, `puller` …).

    With `dry_run` everything is checked against the database as it would stand, row after row, and nothing is kept.
    `told` hears each report as soon as it is known.
    """
    at = at or clock.now()

    def wanted(row: IncomingRow) -> Opening:
        return opening_of(notification_of(row), protocol)

    def take_in(tx: Tx, row: IncomingRow, to_open: Opening, keys: list[NewKey]) -> Done:
        return _take_in(tx, db, notification_of(row), to_open, keys, source, actor, at)

    return take_rows(Taking(db, actor, at), rows, wanted, take_in, dry_run=dry_run, told=told)


def remember_file(db: Database, content: bytes, source: str, actor: Actor, rows: int, at: dt.datetime) -> None:
    """Note that a file was read: only its digest."""
    row = {"digest": sha256(content).digest(), "source": source, "by": actor.id, "rows": rows, "received_at": at}
    with db.write() as tx:
        tx.run(_REMEMBER_FILE, row)


def notification_of(row: IncomingRow) -> Notification:
    if row.notification is None:
        first = row.problems[0]
        every = tuple(Problem(each.field, each.rule, each.remedy) for each in row.problems)
        raise Refused("notification.form", first.rule, first.remedy, first.field, every)
    return row.notification


def _take_in(
    tx: Tx,
    db: Database,
    notification: Notification,
    wanted: Opening,
    keys: list[NewKey],
    source: str,
    actor: Actor,
    at: dt.datetime,
) -> Done:
    row_key = blind(db.keys.index_secret, "row", notification.model_dump_json())
    seen = row_seen(tx, row_key)
    if seen is not None:
        return Done("known", seen)
    assert wanted.details is not None
    known = known_person(tx, db, notification)
    running = tx.one(_RUNNING, {"person": known.id}) if known is not None else None
    command_id = f"notification:{row_key.hex()}"
    if running is None:
        if not keys:
            raise KeysNeeded
        done = opening.open_in(tx, db, actor, wanted, keys, command_id, at)
        outcome: Done = Done("accepted", done[0].ref, (done,))
        case_id = done[0].case_id
    else:
        case_id = running[0]
        outcome = _news(tx, db, actor, notification, running, command_id, at)
    remember_row(tx, row_key, case_id, outcome.outcome, source, at)
    return outcome


def row_seen(tx: Tx, row_key: bytes) -> str | None:
    """The number of the case in which this very row had its effect; None: it had none yet."""
    seen = tx.one(_SEEN, {"row_key": row_key})
    return None if seen is None else str(seen[1])


def remember_row(tx: Tx, row_key: bytes, case_id: int, outcome: Said, source: str, at: dt.datetime) -> None:
    values = {"row_key": row_key, "case_id": case_id, "outcome": outcome, "source": source, "received_at": at}
    tx.run(_REMEMBER, values)


def known_person(tx: Tx, db: Database, notification: Notification) -> Known | None:
    """Who it is about, if known. Raises Refused for another birth date: never merged."""
    known = people.find(tx, db, notification.prison, notification.reference)
    if known is not None and known.details is not None and known.details.birth_date != notification.birth_date:
        raise Refused(
            "person.birth-date",
            "this reference of this prison belongs to a person with another birth date",
            "check reference and birth date with the prison; nothing was merged",
            "birth_date",
        )
    return known


def opening_of(notification: Notification, protocol: str) -> Opening:
    given = {name: getattr(notification, name) for name in ANCHORS if getattr(notification, name) is not None}
    command = OpenCase(
        release_type=notification.release_type,
        notified_at=notification.notified_at,
        conditions=notification.conditions,
        anchors=given,
        certainty=notification.certainty,
    )
    names = ("prison", "reference", "family_name", "given_names", "birth_date", "language")
    return Opening(command, Details(**{name: getattr(notification, name) for name in names}), protocol=protocol)


# --- news in an open case ---


def _news(
    tx: Tx, db: Database, actor: Actor, notification: Notification, running: Any, command_id: str, at: dt.datetime
) -> Done:
    """What an open case did not know yet. A notification older than the last one is no news."""
    case_id, ref, last_notified = running
    case = load(tx, case_id, actor)
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    if not may(protocol, actor, "open", "", case.relations).allowed:
        raise NotAllowed("only who announces releases may report news by a notification")
    _key, state = state_of(tx, db, case)
    if notification.notified_at < last_notified:
        return Done("known", ref)
    day = protocols.calendar(tx, db, protocol).local_day(notification.notified_at)
    done = []
    for number, command in enumerate(commands_for(protocol, state, notification, day)):
        # The row was allowed as a whole; single events of it need no role of their own.
        carrier = Actor(id=actor.id, roles=(*actor.roles, "system"), service=actor.service)
        done.append(perform_in(tx, db, carrier, case_id, command, f"{command_id}:{number}", at))
    tx.run(_NEWER, {"which": case_id, "notified_at": notification.notified_at})
    return Done("moved" if any(performed.events for performed, _ in done) else "known", ref, tuple(done))


def commands_for(protocol: ProtocolFile, state: CaseState, notification: Notification, day: dt.date) -> list[Command]:
    """The commands that bring an open case up to date with a notification."""
    found: list[Command] = []
    on_leave = notification.release_type == ON_LEAVE and state.release_type != ON_LEAVE
    if on_leave:
        return _leave(protocol, notification, day)
    if protocol.phases[state.phase].paused and AGAIN in protocol.events:
        found.append(ReportEvent(event=AGAIN, occurred_on=day))
    retyped = next((key for key, event in protocol.events.items() if any(a.set_type for a in event.does)), None)
    if notification.release_type != state.release_type and retyped is not None:
        fields: dict[str, object] = {"release_type": notification.release_type, "conditions": notification.conditions}
        found.append(ReportEvent(event=retyped, occurred_on=day, fields=fields))
    for name in ANCHORS:
        on, known = getattr(notification, name), state.anchors.get(name)
        certainty = notification.certainty if protocol.anchors[name].certainty else "confirmed"
        if on is not None and (known is None or (known.on, known.certainty) != (on, certainty)):
            found.append(RecordAnchor(anchor=name, on=on, certainty=certainty))
    return found


def _leave(protocol: ProtocolFile, notification: Notification, day: dt.date) -> list[Command]:
    """Leave in an open case is an event in it. Source: protocol, Exceptional events."""
    start, back = notification.planned_release, notification.planned_return
    if LEAVE not in protocol.events or start is None or back is None:
        raise Refused(
            "notification.leave",
            "leave in an open case needs the day it starts and the day of return",
            "give planned_release and planned_return",
            "planned_return",
        )
    fields: dict[str, object] = {"leave_start": start.isoformat(), "leave_return": back.isoformat()}
    return [ReportEvent(event=LEAVE, occurred_on=day, fields=fields)]
