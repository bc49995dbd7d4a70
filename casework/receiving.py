"""Receiving notifications, row by row: a bad row never blocks a good one, the same file twice changes nothing.

Identity is prison + reference: a differing birth date is refused, never merged. In an open case a notification is
news: another planned release moves the date, another release type is the protocol's event, a release is recorded.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal, NamedTuple, Protocol, TypedDict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import clock, opening, people, protocols
from casework.db import CONFLICTS, Database
from casework.errors import NotAllowed
from casework.ledger import Head
from casework.loading import load, state_of
from casework.notifications import FieldProblem, Notification
from casework.opening import NewKey, Opening
from casework.people import Details
from casework.rows import CASE
from casework.sealing import blind
from casework.statements import Statement, Tx
from casework.transitions import ATTEMPTS, Performed, Stale, after_commit, perform_in
from models.base import table_of
from models.outbox import ImportFile, ImportRow
from protocol.commands import Actor, Command, OpenCase, RecordAnchor, ReportEvent
from protocol.errors import Refused
from protocol.language import Protocol as ProtocolFile
from protocol.state import CaseState
from protocol.visibility import may

Said = Literal["accepted", "known", "moved", "refused"]
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


class RowReport(TypedDict):
    """What became of one row. `case` is the case's number; field, rule and remedy say why it was refused."""

    row: int
    outcome: Said
    case: str | None
    field: str | None
    rule: str | None
    remedy: str | None


class _Done(NamedTuple):
    outcome: Said
    ref: str | None
    performed: tuple[tuple[Performed, Head], ...] = ()


def receive(
    db: Database,
    rows: Iterable[IncomingRow],
    source: str,
    actor: Actor,
    *,
    dry_run: bool = False,
    at: dt.datetime | None = None,
    protocol: str = protocols.DEFAULT,
) -> list[RowReport]:
    """Take in notifications on behalf of `actor`; `source` is the channel (`file`, `api`, `puller` …).

    With `dry_run` everything is checked against the database as it would stand, row after row, and nothing is kept.
    """
    at = at or clock.now()
    incoming = list(rows)
    if dry_run:
        return _rehearse(db, incoming, source, actor, at, protocol)
    return [_report(row, lambda found=row: _take(db, found, source, actor, at, protocol)) for row in incoming]


def remember_file(db: Database, content: bytes, source: str, actor: Actor, rows: int, at: dt.datetime) -> None:
    """Note that a file was read: only its digest."""
    row = {"digest": sha256(content).digest(), "source": source, "by": actor.id, "rows": rows, "received_at": at}
    with db.write() as tx:
        tx.run(_REMEMBER_FILE, row)


def _report(row: IncomingRow, take: Any) -> RowReport:
    report: RowReport = {
        "row": row.row, "outcome": "refused", "case": None, "field": None, "rule": None, "remedy": None,
    }  # fmt: skip
    try:
        done = take()
    except opening.OneOpenCase as refused:
        report.update(_why(refused))
        report["case"] = refused.ref
    except Refused as refused:
        report.update(_why(refused))
    else:
        report["outcome"], report["case"] = done.outcome, done.ref
    return report


def _why(refused: Refused) -> Any:
    return {"field": refused.field or "notification", "rule": refused.reason, "remedy": refused.remedy}


def _notification(row: IncomingRow) -> Notification:
    if row.notification is None:
        first = row.problems[0]
        raise Refused("notification.form", first.rule, first.remedy, first.field)
    return row.notification


def _take(db: Database, row: IncomingRow, source: str, actor: Actor, at: dt.datetime, protocol: str) -> _Done:
    """One row, in a transaction of its own."""
    notification = _notification(row)
    wanted = _opening(notification, protocol)
    keys: list[NewKey] = []
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db.write() as tx:
                done = _take_in(tx, db, notification, wanted, keys, source, actor, at)
            break
        except _KeysNeeded:
            keys = opening.stored_keys(db, wanted, at)
        except (Stale, *CONFLICTS):
            if attempt == ATTEMPTS:
                raise
    for performed, head in done.performed:
        after_commit(db, performed, head, at, actor)
    return done


def _rehearse(
    db: Database, rows: Sequence[IncomingRow], source: str, actor: Actor, at: dt.datetime, protocol: str
) -> list[RowReport]:
    """All rows in one transaction that is undone at the end."""
    reports: list[RowReport] = []

    def take(tx: Tx, row: IncomingRow) -> _Done:
        notification = _notification(row)
        keys = [(key_id, db.keys.sealer(key_id)) for key_id in lend(2)]
        return _take_in(tx, db, notification, _opening(notification, protocol), keys, source, actor, at)

    try:
        with db.keys.passing() as lend, db.write() as tx:
            for row in rows:
                reports.append(_report(row, lambda found=row: take(tx, found)))
            raise _Undo
    except _Undo:
        db.memory.pop("states", None)
    return reports


class _Undo(Exception):
    """The end of a rehearsal."""


class _KeysNeeded(Exception):
    """The row opens a case: its keys must be durable before the transaction begins."""


def _take_in(
    tx: Tx,
    db: Database,
    notification: Notification,
    wanted: Opening,
    keys: list[NewKey],
    source: str,
    actor: Actor,
    at: dt.datetime,
) -> _Done:
    row_key = blind(db.keys.index_secret, "row", notification.model_dump_json())
    seen = tx.one(_SEEN, {"row_key": row_key})
    if seen is not None:
        return _Done("known", seen[1])
    assert wanted.details is not None
    known = people.find(tx, db, notification.prison, notification.reference)
    if known is not None and known.details is not None and known.details.birth_date != notification.birth_date:
        raise Refused(
            "person.birth-date",
            "this reference of this prison belongs to a person with another birth date",
            "check reference and birth date with the prison; nothing was merged",
            "birth_date",
        )
    running = tx.one(_RUNNING, {"person": known.id}) if known is not None else None
    command_id = f"notification:{row_key.hex()}"
    if running is None:
        if not keys:
            raise _KeysNeeded
        done = opening.open_in(tx, db, actor, wanted, keys, command_id, at)
        outcome: _Done = _Done("accepted", done[0].ref, (done,))
        case_id = done[0].case_id
    else:
        case_id = running[0]
        outcome = _news(tx, db, actor, notification, running, command_id, at)
    values = {"row_key": row_key, "case_id": case_id, "outcome": outcome.outcome, "source": source, "received_at": at}
    tx.run(_REMEMBER, values)
    return outcome


def _opening(notification: Notification, protocol: str) -> Opening:
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
) -> _Done:
    """What an open case did not know yet. A notification older than the last one is no news."""
    case_id, ref, last_notified = running
    case = load(tx, case_id, actor)
    protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
    if not may(protocol, actor, "open", "", case.relations).allowed:
        raise NotAllowed("only who announces releases may report news by a notification")
    _key, state = state_of(tx, db, case)
    if notification.notified_at < last_notified:
        return _Done("known", ref)
    day = protocols.calendar(tx, db, protocol).local_day(notification.notified_at)
    done = []
    for number, command in enumerate(commands_for(protocol, state, notification, day)):
        # The row was allowed as a whole; single events of it need no role of their own.
        carrier = Actor(id=actor.id, roles=(*actor.roles, "system"), service=actor.service)
        done.append(perform_in(tx, db, carrier, case_id, command, f"{command_id}:{number}", at))
    tx.run(_NEWER, {"which": case_id, "notified_at": notification.notified_at})
    return _Done("moved" if any(performed.events for performed, _ in done) else "known", ref, tuple(done))


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
