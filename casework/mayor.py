"""What the mayor decides, and counts per quarter. Never a name, never a list of cases behind a figure.

Source: domain section 3 ("Mayor: own agenda items") and section 6 ("The mayor's quarterly page shows counts only").
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.lists import Task, task_rows
from casework.loading import load_each, state_of
from casework.priorities import FEWEST, quarter_of
from casework.rows import CASE, STEP
from casework.statements import Statement
from models.base import table_of
from models.cases import StepOutcome
from protocol.commands import Actor
from protocol.language import Protocol, Text
from protocol.visibility import Decision

QUARTERS = 8
"""finished quarters that are counted"""
MOST = 100
FIGURES = ("opened", "released", "ended", "outside", "decided", "late")
_OUTCOME = table_of(StepOutcome)
_p = sa.bindparam
_ITEMS = Statement(
    sa.select(
        CASE.c.ref, STEP.c.case_id, STEP.c.occurrence, STEP.c.step, STEP.c.n, STEP.c.status, STEP.c.due_on, STEP.c.due_at,
        STEP.c.role, STEP.c.assignee, STEP.c.rung, STEP.c.appointment, CASE.c.protocol, CASE.c.protocol_version,
    )
    .select_from(STEP.join(CASE, CASE.c.id == STEP.c.case_id))
    .where(STEP.c.is_open, STEP.c.step == _p("which"), CASE.c.protocol == _p("key"), CASE.c.protocol_version == _p("version"))
    .order_by(STEP.c.due_at, CASE.c.ref)
    .limit(MOST)
)  # fmt: skip
_CASES = Statement(
    sa.select(CASE.c.opened_at, CASE.c.actual_release, CASE.c.ended_at, CASE.c.ended).where(
        sa.or_(CASE.c.opened_at >= _p("since"), CASE.c.ended_at >= _p("since"), CASE.c.actual_release >= _p("day"))
    )
)
_STEPS = Statement(
    sa.select(_OUTCOME.c.step, _OUTCOME.c.verdict, _OUTCOME.c.due_on, _OUTCOME.c.done_on).where(
        sa.or_(_OUTCOME.c.due_on >= _p("day"), _OUTCOME.c.done_on >= _p("day"))
    )
)


class Item(NamedTuple):
    """A question that waits for a high-level meeting."""

    task: Task
    trigger: str
    """why it is asked: `gate2`, `extension` …; empty: nobody said"""
    asked: tuple[Text, ...]
    """the decisions that the meeting must take, in the words of the protocol file"""


def decides(protocol: Protocol, roles: Iterable[str]) -> list[str]:
    """The steps whose outcome is told to one of these roles with its content: their agenda items."""
    mine = set(roles)
    return [
        key
        for key, step in protocol.steps.items()
        if any(told.who in mine and told.what == "content_in_case" for told in step.told)
    ]


def agenda(db: Database, actor: Actor, at: dt.datetime | None = None) -> list[Item]:
    """The open questions for this person's meeting, first what is due first. Noted in the read log."""
    at = at or clock.now()
    with db.write() as tx:
        rows = []
        for protocol in protocols.all_in_force(tx, db):
            for step in decides(protocol, actor.roles):
                rows += tx.all(_ITEMS, {"which": step, "key": protocol.protocol, "version": protocol.version})
        tasks = sorted(task_rows(tx, db, rows, at), key=lambda task: (task.due_on or dt.date.max, task.ref))
        loaded = load_each(tx, {task.case_id for task in tasks}, actor)
        found = []
        for task in tasks:
            _key, state = state_of(tx, db, loaded[task.case_id])
            trigger = state.steps[task.id].trigger or ""
            found.append(
                Item(task, trigger, _asked(protocols.version(tx, db, task.protocol, task.version), task, trigger))
            )
        read_log.note(tx, actor, None, "agenda", Decision(True, "own agenda items"), at, [task.ref for task in tasks])
    return found


def _asked(protocol: Protocol, task: Task, trigger: str) -> tuple[Text, ...]:
    """What the form asks just because of this trigger; without any, whatever it always asks to decide."""
    fields = protocol.steps[task.step].form.fields
    because = [each for each in fields if each.required_when is not None and _fits(each.required_when.trigger, trigger)]
    return tuple(each.label for each in because)


def _fits(wanted: object, trigger: str) -> bool:
    return bool(trigger) and (trigger == wanted or (isinstance(wanted, (list, tuple)) and trigger in wanted))


def quarters(db: Database, today: dt.date) -> dict[str, dict[str, int | None]]:
    """Per finished quarter, the newest first: how many cases were opened, released, ended, ended outside the mandate;
    how many questions a high-level meeting decided; how many steps were late. None: fewer than 5."""
    first = _first_day(today)
    since = dt.datetime.combine(first, dt.time(), dt.UTC)
    counts: dict[str, Counter[str]] = {}

    def count(what: str, day: dt.date | None) -> None:
        if day is not None and day >= first:
            counts.setdefault(quarter_of(day), Counter())[what] += 1

    with db.read() as tx:
        deciding = {key for each in protocols.all_in_force(tx, db) for key in decides(each, ("mayor",))}
        for opened, released, ended, how in tx.all(_CASES, {"since": since, "day": first}):
            count("opened", opened.date())
            count("released", released)
            count("outside" if how == "out_of_mandate" else "ended", ended.date() if ended else None)
        for step, verdict, due, done in tx.all(_STEPS, {"day": first}):
            if step in deciding:
                count("decided", done)
            if verdict in ("late", "missed"):
                count("late", due)
    running = quarter_of(today)
    return {
        quarter: {what: n if (n := found[what]) >= FEWEST else None for what in FIGURES}
        for quarter, found in sorted(counts.items(), reverse=True)
        if quarter < running
    }


def _first_day(today: dt.date) -> dt.date:
    """The first day of the earliest quarter that is counted."""
    month = today.year * 12 + (today.month - 1) // 3 * 3 - 3 * QUARTERS
    return dt.date(month // 12, month % 12 + 1, 1)
