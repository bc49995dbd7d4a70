"""Why a step was late, as far as the log tells: told late, date moved, access refused, absence, else missed.

A cause explains late work for the yearly evaluation; it never excuses and never speaks about a person. Source: design
of the engine ("each deviation has a cause"); notice and floor as in the protocol.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from protocol.language import Rule
from protocol.lateness import Late
from protocol.lives import AnchorFact, CaseLog, Life
from protocol.variants import in_class
from protocol.workdays import add_months

Absence = tuple[str, dt.date, dt.date]
"""A member of staff, first and last day of a recorded absence."""

NEAR = 2
"""Working days before the due day; news after that is late, where the protocol's floor gives no number of its own."""

REFUSED = "access_refused"

MOVES = frozenset({"moved", "withdrawn", "corrected"})


@dataclass(frozen=True, slots=True)
class Question:
    log: CaseLog
    life: Life
    late: Late
    absences: Sequence[Absence]


def cause(log: CaseLog, life: Life, late: Late, absences: Sequence[Absence] = ()) -> str:
    """The first cause of the table that the log bears out; `missed` when there is none."""
    question = Question(log, life, late, absences)
    return next((name for name, holds in CAUSES if holds(question)), "missed")


def access_refused(q: Question) -> bool:
    """Somebody who has to let it happen did not: the prison gave no permission, a visit was turned away.

    A protocol says so with the key `access_refused`: an outcome or an option of the step's form (recorded for it or for
    the occurrence before), or an event that names the step in one of its fields. A person who wishes no help is not it.
    """
    for life in filter(None, (q.life, q.life.previous)):
        recorded = [(ending.outcome, ending.given) for ending in (*life.undone, life.settled) if ending is not None]
        recorded += [(proposal.outcome, proposal.given) for proposal, _ in life.proposals]
        if any(REFUSED in (outcome, *given.values()) for outcome, given in recorded):
            return True
    return any(
        event.event == REFUSED and q.life.name in event.given.values() and event.occurred_on <= q.late.from_
        for event, _ in q.log.happened
    )


def absence(q: Question) -> bool:
    """Whoever it was assigned to was away on the due day, or for at least half of the time there was."""
    assigned = [staff for stamp, staff in q.life.assignees if stamp.day <= q.late.from_]
    if not assigned or not q.absences:
        return False
    start, end = q.late.known.since.day, q.late.from_
    there_was = q.log.calendar.between(start, end)
    for staff, first, last in q.absences:
        if staff != assigned[-1]:
            continue
        away = q.log.calendar.between(max(first - dt.timedelta(days=1), start), min(last, end))
        if first <= end <= last or (there_was and 2 * away >= there_was):
            return True
    return False


def date_moved(q: Question) -> bool:
    """A date the step depends on moved between its opening and the day it became late."""
    counted_from = {reference for reference, _ in _leaves(_rule(q.life), q.life.notice)}
    changed = {known.since.at for known in q.life.known[1:]}
    return any(
        fact.event.why in MOVES and (anchor in counted_from or fact.stamp.at in changed)
        for anchor, facts in q.log.anchors.items()
        for fact in _between(facts, q.life.position, q.late.from_)
    )


def _between(facts: list[AnchorFact], opened: int, until: dt.date) -> Iterator[AnchorFact]:
    """What became known after this place in the log, up to and including this day."""
    first = bisect_right(facts, opened, key=lambda fact: fact.position)
    return takewhile(lambda fact: fact.stamp.day <= until, islice(facts, first, None))


def told_late(q: Question) -> bool:
    """The news came so late that less than the step's normal period was left."""
    known = q.late.known
    if known.since.day > q.late.due and known.why != "reopened":
        return True  # the due day had passed when it became known
    if q.life.triggered:
        return False  # counted from the event that opened it, which is when it was told
    return (
        _short_form(q)
        or _short_notice(q)
        or any(
            _known_late(q, rule, reference, sure) for reference, (rule, sure) in _leaves(_rule(q.life), q.life.notice)
        )
    )


CAUSES: tuple[tuple[str, Callable[[Question], bool]], ...] = (
    ("access_refused", access_refused),
    ("absence", absence),
    ("date_moved", date_moved),
    ("told_late", told_late),
)


def _short_form(q: Question) -> bool:
    """No time left: the step took its short form, which its notice class alone would not give it."""
    step = q.life.step
    return step is not None and step.short_form is not None and q.late.known.form == step.short_form


def _short_notice(q: Question) -> bool:
    """The shortest notice class was in force, and it gives this step less time than the longest."""
    step, notice = q.life.step, q.log.protocol.notice
    if step is None or notice is None or len(notice.classes) < 2:
        return False
    if q.log.notice_at(q.late.known.position) != notice.classes[0].key or _released(q):
        return False
    rule = _rule(q.life)
    shorter = in_class(rule, notice.classes[0].key) != in_class(rule, notice.classes[-1].key)
    return shorter or step.floor


def _released(q: Question) -> bool:
    """An anchor that sets the notice class by itself was known: what follows is not late because of the notice."""
    return any(
        q.log.anchor(key, q.late.known.position) is not None
        for key, anchor in q.log.protocol.anchors.items()
        if anchor.notice is not None
    )


def _known_late(q: Question, rule: Rule, reference: str, sure: bool) -> bool:
    """Whether this anchor became known too late for this rule."""
    anchor = q.log.protocol.anchors.get(reference)
    fact = q.log.anchor(reference, q.late.known.position)
    if anchor is None or fact is None:
        return False
    known_on, rota = fact.event.known_on, q.life.step is not None and q.life.step.rota
    if rule.before is not None or (rule.on is not None and anchor.may_be_future):
        if reference == q.log.protocol.opens_with:
            return False
        floor = q.log.protocol.floor
        near = floor.working_days if floor else NEAR
        return q.log.calendar.between(known_on, q.late.due, rota) <= near
    happened_before = fact.event.on is not None and fact.event.on < known_on
    return sure and happened_before and _less_left(q, rule, known_on, rota)


def _less_left(q: Question, rule: Rule, known_on: dt.date, rota: bool) -> bool:
    """Counted forward: fewer days were left, from the day it became known, than the rule gives."""
    if rule.on is not None:
        return True  # due on a day that had passed already
    if rule.working_days:
        return q.log.calendar.between(known_on, q.late.due, rota) < rule.working_days
    if rule.months:
        return add_months(known_on, rule.months) > q.late.due
    return (q.late.due - known_on).days < (rule.days or 0)


def _rule(life: Life) -> Rule | None:
    """The due rule of this occurrence."""
    step = life.step
    if step is None:
        return None
    if step.repeat is not None and step.repeat.occurrences:
        listed = step.repeat.occurrences
        return listed[life.n - 1] if 0 < life.n <= len(listed) else step.due
    return step.due


def _leaves(rule: Rule | None, notice: str | None, sure: bool = True) -> Iterator[tuple[str, tuple[Rule, bool]]]:
    """The references a rule counts from, each with its part of the rule.

    Not `sure`: another part may have set an earlier date, so what was left says nothing about this one.
    """
    rule = in_class(rule, notice)
    if rule is None:
        return
    for part in rule.earliest or ():
        yield from _leaves(part, notice, sure=False)
    for part in rule.latest or ():
        yield from _leaves(part, notice, sure)
    reference = rule.after or rule.before or rule.on
    if reference is not None:
        yield reference, (rule, sure)
