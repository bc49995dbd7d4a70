"""Taking over cases that run already, so that a city starts on Monday without every case being late.

One row is one case, taken over in one transaction: its past steps stand with their true days, what is still open is
due by the protocol's own floor. The same row again changes nothing; a person who has an open case is refused.
"""

import datetime as dt
import json
from collections.abc import Iterable

from casework import clock, opening, protocols, staff
from casework.adopt_rows import AdoptRow, read_adoptions
from casework.db import Database
from casework.opening import NewKey, Opening
from casework.receiving import known_person, notification_of, opening_of, remember_row, row_seen
from casework.row_by_row import Done, KeysNeeded, RowReport, Taking, Told, take_rows
from casework.sealing import blind
from casework.statements import Tx
from protocol.commands import Actor, OpenCase, TakeOver

__all__ = ["AdoptRow", "adopt", "read_sheet"]

SOURCE = "adopt"


def read_sheet(
    db: Database, name: str, content: bytes, at: dt.datetime, protocol: str = protocols.DEFAULT
) -> list[AdoptRow]:
    """The rows of a sheet, by the protocol in force and the staff of today. Raises FileProblem."""
    with db.read() as tx:
        in_force = protocols.newest(tx, db, protocol)
    return read_adoptions(name, content, in_force, staff.everybody(db), at)


def adopt(
    db: Database,
    rows: Iterable[AdoptRow],
    actor: Actor,
    *,
    dry_run: bool = False,
    at: dt.datetime | None = None,
    protocol: str = protocols.DEFAULT,
    told: Told | None = None,
) -> list[RowReport]:
    """Take over the case of every row, on behalf of somebody who administers: `accepted`, `known` or `refused`.

    With `dry_run` everything is checked and nothing is kept. `told` hears each report as soon as it is known.
    """
    at = at or clock.now()
    with db.read() as tx:
        today = protocols.calendar(tx, db, protocols.newest(tx, db, protocol)).local_day(at)

    def wanted(row: AdoptRow) -> Opening:
        plain = opening_of(notification_of(row), protocol)
        assert isinstance(plain.command, OpenCase)
        command = TakeOver(open=plain.command, done=row.past, since=today)
        return Opening(command, plain.details, protocol=protocol, people=row.people)

    def take_in(tx: Tx, row: AdoptRow, to_open: Opening, keys: list[NewKey]) -> Done:
        return _take_in(tx, db, row, to_open, keys, actor, at)

    return take_rows(Taking(db, actor, at), rows, wanted, take_in, dry_run=dry_run, told=told)


def _take_in(
    tx: Tx, db: Database, row: AdoptRow, to_open: Opening, keys: list[NewKey], actor: Actor, at: dt.datetime
) -> Done:
    protocols.must_administer(tx, db, actor)  # the past is believed on this person's word, four eyes included
    notification = notification_of(row)
    row_key = blind(db.keys.index_secret, SOURCE, _content(row))
    seen = row_seen(tx, row_key)
    if seen is not None:
        return Done("known", seen)
    known_person(tx, db, notification)
    if not keys:
        raise KeysNeeded
    done = opening.open_in(tx, db, actor, to_open, keys, f"adoption:{row_key.hex()}", at)
    remember_row(tx, row_key, done[0].case_id, "accepted", SOURCE, at)
    return Done("accepted", done[0].ref, (done,))


def _content(row: AdoptRow) -> str:
    """What a row says, whatever the order of its columns."""
    assert row.notification is not None
    past = sorted(one.model_dump_json() for one in row.past)
    return json.dumps([row.notification.model_dump_json(), sorted(row.people.items()), past])
