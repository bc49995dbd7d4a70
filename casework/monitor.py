"""The outcome monitor: how the basic conditions stand at fixed moments, as counts, so that a partnership can see what
its work changed without scoring anyone. Counts under five are never shown. Source: protocol, "Outcome monitor".

Counted in the transaction that records the step, and taken back by the one that corrects it: the counts name no case
and stay when the case is erased.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from casework import clock, ledger, protocols, read_log
from casework.db import Database
from casework.errors import NotAllowed
from casework.loading import Loaded, content_of
from casework.sealing import Sealer
from casework.statements import Statement, Tx
from models.base import table_of
from models.monitor import MonitorCount
from protocol.commands import Actor
from protocol.events import Event
from protocol.forms import monitored_form
from protocol.language import Monitored, Protocol, Text
from protocol.state import CaseState
from protocol.visibility import may

FEWEST = 5
"""smaller counts are not shown. Source: domain, guard rail 3 and section 6"""
_COUNT = table_of(MonitorCount)
_p = sa.bindparam
_KEYS = ("protocol", "quarter", "moment", "track", "state")
_VALUES: dict[str, Any] = {name: _p(name) for name in (*_KEYS, "n")}
_SUM: dict[str, Any] = {"n": _COUNT.c.n + _p("n")}
_ADD = Statement(
    sqlite_insert(_COUNT).values(_VALUES).on_conflict_do_update(index_elements=list(_KEYS), set_=_SUM),
    postgresql=postgresql_insert(_COUNT).values(_VALUES).on_conflict_do_update(index_elements=list(_KEYS), set_=_SUM),
)
_READ = Statement(
    sa.select(_COUNT.c.moment, _COUNT.c.track, _COUNT.c.state, sa.func.sum(_COUNT.c.n))
    .where(_COUNT.c.protocol == _p("key"), _COUNT.c.quarter >= _p("since"), _COUNT.c.quarter <= _p("until"))
    .group_by(_COUNT.c.moment, _COUNT.c.track, _COUNT.c.state)
)


def quarter_of(day: dt.date) -> str:
    """`2026-4`."""
    return f"{day.year}-{(day.month - 1) // 3 + 1}"


def moment_key(monitored: Monitored) -> str:
    return f"{monitored.step}#{monitored.occurrence}" if monitored.occurrence else monitored.step


# --- counting


def count(
    tx: Tx, protocol: Protocol, key: Sealer, case: Loaded, before: CaseState, outcome: tuple[Iterable[Event], dict[str, Any]]
) -> None:  # fmt: skip
    """Count what these events settled, and take back what they undid. Costs nothing where no step is monitored."""
    if not protocol.monitor:
        return
    events, form = outcome
    found: Counter[tuple[str, str, str, str]] = Counter()
    for event in events:
        for monitored in _monitored(protocol, before, event):
            for sign, day in _signs(event, before):
                filled = form if event.kind == "step_done" else _last_form(tx, key, case, str(getattr(event, "id", "")))
                for track, state in _states(monitored, filled):
                    found[quarter_of(day), moment_key(monitored), track, state] += sign
    rows = [
        dict(zip(_KEYS, (protocol.protocol, *cell), strict=True)) | {"n": n} for cell, n in sorted(found.items()) if n
    ]
    tx.many(_ADD, rows)


def _monitored(protocol: Protocol, before: CaseState, event: Event) -> Iterator[Monitored]:
    if event.kind not in ("step_done", "step_reopened", "step_corrected"):
        return
    occurrence = before.steps.get(event.id)
    if occurrence is not None:
        for each in protocol.monitor:
            if each.step == occurrence.step and each.occurrence in (None, occurrence.n):
                yield each


def _signs(event: Event, before: CaseState) -> list[tuple[int, dt.date]]:
    """What to add or take away, in the quarter of which day."""
    if event.kind == "step_done":
        return [(1, event.occurred_on)]
    if event.kind == "step_corrected":
        return [(-1, event.was), (1, event.occurred_on)]
    if event.kind == "step_reopened":
        settled = before.steps[event.id].settled_on
        return [(-1, settled)] if settled is not None and before.steps[event.id].status == "done" else []
    return []


def _states(monitored: Monitored, form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rows = form.get(monitored.field)
    for track, row in (rows if isinstance(rows, dict) else {}).items():
        state = row.get(monitored.column) if isinstance(row, dict) else None
        if state:
            yield str(track), str(state)


def _last_form(tx: Tx, key: Sealer, case: Loaded, occurrence: str) -> dict[str, Any]:
    for header, body in reversed(ledger.entries(tx, ledger.case_stream(case.ref))):
        if header.command == "complete_step":
            content = content_of(key, header, body)
            if any(event.get("id") == occurrence and event["kind"] == "step_done" for event in content["events"]):
                return dict(content["form"])
    return {}


# --- reading


@dataclass(frozen=True)
class Line:
    """One track at one moment: per state how often, None where that is fewer than five."""

    track: str
    counts: dict[str, int | None]


@dataclass(frozen=True)
class MomentTable:
    key: str
    name: Text
    states: dict[str, Text]
    tracks: dict[str, Text]
    lines: list[Line]


def table(db: Database, actor: Actor, since: str, until: str, at: dt.datetime | None = None) -> list[MomentTable]:
    """The counts from quarter to quarter, both included, per moment and track; for those who audit the protocol.

    Raises NotAllowed.
    """
    at = at or clock.now()
    with db.write() as tx:
        protocol = protocols.newest(tx, db, protocols.DEFAULT)
        decision = may(protocol, actor, "audit", "", frozenset())
        read_log.note(tx, actor, None, "monitor", decision, at, [])
        rows = tx.all(_READ, {"key": protocol.protocol, "since": since, "until": until}) if decision.allowed else []
    if not decision.allowed:
        raise NotAllowed(decision.reason)
    found = {(moment, track, state): int(n) for moment, track, state, n in rows}
    return [_moment(protocol, monitored, found) for monitored in protocol.monitor]


def _moment(protocol: Protocol, monitored: Monitored, found: dict[tuple[str, str, str], int]) -> MomentTable:
    form = monitored_form(protocol.steps[monitored.step], monitored)
    field = next(each for each in form.fields if each.key == monitored.field)
    column = next(each for each in field.fields if each.key == monitored.column)
    states, tracks, key = dict(column.options or {}), dict(protocol.tracks[field.tracks or ""]), moment_key(monitored)
    lines = [Line(track, {state: _shown(found.get((key, track, state), 0)) for state in states}) for track in tracks]
    return MomentTable(key, monitored.name, states, tracks, lines)


def _shown(n: int) -> int | None:
    return n if n >= FEWEST else None
