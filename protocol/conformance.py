"""Where a case did not go as the protocol says: properties over its ledger, written independently of the engine.

Source: design of the engine, "conformance": judged by what was known on the day; kept or late on `occurred_on`; each
late step has a cause. Every property below stands by itself, has a stable rule key, and names the rule of the protocol
it holds the log against. Nothing here is about a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from protocol.causes import Absence
from protocol.deviation_words import NOTHING, Named, Place, Sentence, amount
from protocol.deviations import Deviation, Kind, about, about_case, because_of, happened, name, name_of
from protocol.events import Entry
from protocol.language import Protocol, Rule
from protocol.lateness import Late, late
from protocol.lives import SYSTEM, CaseLog, Life, Stamp, step_of
from protocol.log_reader import read
from protocol.readiness import unmet
from protocol.verdicts import taken_over, verdict
from protocol.workdays import WorkCalendar, add_months


def conformance(
    protocol: Protocol,
    entries: Sequence[Entry],
    calendar: WorkCalendar,
    until: dt.date,
    absences: Sequence[Absence] = (),
    services: Mapping[str, str] | None = None,
) -> list[Deviation]:
    """Every deviation of one case, as things stood at the end of the local day `until`, in the order steps opened.

    `absences`: recorded absences of staff, for the causes. `services`: the service each member of staff works for,
    for four-eyes control; without it, what the log itself says of them.
    """
    return deviations(read(protocol, entries, calendar, until, services), absences)


def deviations(log: CaseLog, absences: Sequence[Absence] = ()) -> list[Deviation]:
    """The same, for a log that is read already."""
    found: list[Deviation] = []
    for life in log.lives:
        if not taken_over(life):
            found.extend(_lateness(log, life, absences))
            found.extend(recorded_late(log, life))
            if life.settled is not None and life.settled.position > log.version_from:
                for of_step in STEP_PROPERTIES:
                    found.extend(of_step(log, life))
    for of_case in CASE_PROPERTIES:
        found.extend(of_case(log))
    return found


def _lateness(log: CaseLog, life: Life, absences: Sequence[Absence]) -> Iterator[Deviation]:
    """`step.late`, `step.missed`: a due day passed while it was the one known.

    Source: Counting, "Late begins after 23:59:59 of the due day", "a step with an hour is late after that hour";
    Date moved, "past lateness stays, judged by what was known then".
    """
    lateness = late(log, life)
    if lateness is None:
        return
    judged = verdict(log, life, absences)
    kind: Kind = "late" if judged.verdict == "late" else "missed"
    yield about(f"step.{kind}", kind, life, _how_late(life, lateness, judged.cause), judged, lateness.working_days)


def _how_late(life: Life, lateness: Late, cause: str) -> Sentence:
    places: dict[str, Place] = {
        "what": happened(life),
        "amount": amount(lateness.working_days),
        "due": lateness.due,
        "at": Sentence("at", {"hour": lateness.at}) if lateness.at else NOTHING,
        "cause": because_of(cause),
    }
    return Sentence("late_before" if lateness.cured else "late", places)


def recorded_late(log: CaseLog, life: Life) -> Iterator[Deviation]:
    """`step.recorded-late`: recorded more than the protocol's `recorded_within` after it happened.

    Source: design of the engine, "recording more than 2 working days later is a deviation of its own kind". With a
    second person the owner's own record counts.
    """
    settled = life.settled
    if settled is None or settled.how == "cancelled" or SYSTEM in (settled.by, settled.stamp.by):
        return
    recorded = next((s.day for proposal, s in life.proposals if proposal.occurred_on == settled.on), settled.stamp.day)
    if beyond := _beyond(log, settled.on, recorded):
        words = Sentence("recorded_late", {"what": happened(life), "recorded": recorded})
        yield about("step.recorded-late", "recorded_late", life, words, working_days=beyond)


def before_ready(log: CaseLog, life: Life) -> Iterator[Deviation]:
    """`step.before-ready`: done while what it has to wait for was not settled in the log.

    Source: "Ready after" of each step. A step that an event or outcome opened has no such condition.
    """
    settled = life.settled
    if settled is None or settled.how != "done" or settled.by == SYSTEM or life.triggered:
        return
    if life.step is None or life.step.duty:
        return
    if waiting := unmet(log, life, settled.position):
        words = Sentence("before_ready", {"what": happened(life), "waiting": waiting})
        yield about("step.before-ready", "out_of_order", life, words)


def four_eyes(log: CaseLog, life: Life) -> Iterator[Deviation]:
    """`step.four-eyes…`: done without a second person of another service.

    Source: Four eyes, "two services"; guard rails, "the author cannot approve".
    """
    settled, step = life.settled, life.step
    if step is None or step.four_eyes is None or settled is None or settled.how != "done" or settled.by == SYSTEM:
        return
    if settled.second is None:
        words = Sentence("no_second", {"what": happened(life)})
        yield about("step.four-eyes", "four_eyes", life, words)
    elif settled.second == settled.by:
        words = Sentence("same_person", {"step": name(life), "on": settled.on})
        yield about("step.four-eyes.same-person", "four_eyes", life, words)
    elif _service(log, settled.by) and _service(log, settled.by) == _service(log, settled.second):
        words = Sentence("same_service", {"step": name(life), "on": settled.on})
        yield about("step.four-eyes.same-service", "four_eyes", life, words)


def waived_by_nobody(log: CaseLog, life: Life) -> Iterator[Deviation]:
    """`step.waiver`: waived although the protocol lets nobody waive it. Source: "Skip" of each step."""
    settled, step = life.settled, life.step
    if settled is not None and settled.how == "waived" and step is not None and not step.skip.by:
        words = Sentence("waived_by_nobody", {"what": happened(life)})
        yield about("step.waiver", "waiver", life, words)


def waived_twice_running(log: CaseLog) -> Iterator[Deviation]:
    """`step.waiver.twice-running`: two occurrences in a row waived. Source: "Skip: never twice running"."""
    for lives in log.of_step.values():
        if len(lives) < 2 or lives[0].step is None or not lives[0].step.skip.never_twice_running:
            continue
        settled = [life for life in lives if life.settled is not None and life.settled.how != "cancelled"]
        for first, second in pairwise(settled):
            if _waived(first) and _waived(second):
                words = Sentence("waived_twice", {"step": name(second)})
                yield about("step.waiver.twice-running", "waiver", second, words)


def settled_unopened(log: CaseLog) -> Iterator[Deviation]:
    """`step.never-opened`: settled although it was never ready.

    Source: design of the engine, "no step is recorded as done before it is ready".
    """
    for id, settled in log.unopened:
        if not settled.stamp.taken_over:
            what = Sentence(settled.how, {"step": name_of(log, id), "on": settled.on})
            words = Sentence("never_opened", {"what": what})
            step, n = step_of(id)
            yield Deviation(
                "step.never-opened", id, step, n, "out_of_order", None, settled.on, settled.stamp.day, 0, "", words
            )


def settled_twice(log: CaseLog) -> Iterator[Deviation]:
    """`step.settled-twice`: a settled step was settled or opened again.

    Source: design of the engine, "a done step never re-opens without an event that says so".
    """
    for life, stamp in log.twice:
        words = Sentence("settled_twice", {"step": name(life), "on": stamp.day})
        yield about("step.settled-twice", "out_of_order", life, words)


def news_recorded_late(log: CaseLog) -> Iterator[Deviation]:
    """`case.recorded-late`, `event.recorded-late`: the notification, or an exceptional event, was recorded too late.

    Source: design of the engine, "recording more than 2 working days later is a deviation of its own kind".
    """
    if log.opened is not None:
        opened, stamp = log.opened
        yield from _event_late(log, "case", Sentence("notification", {}), opened.occurred_on, stamp)
    for event, stamp in log.happened:
        if event.by != SYSTEM:
            known = log.protocol.events.get(event.event)
            title = Named(known.name if known else {"en": event.event})
            yield from _event_late(log, "event", title, event.occurred_on, stamp)


def _event_late(log: CaseLog, what: str, title: Place, occurred: dt.date, stamp: Stamp) -> Iterator[Deviation]:
    if stamp.by != SYSTEM and not stamp.taken_over and (beyond := _beyond(log, occurred, stamp.day)):
        words = Sentence("news_late", {"title": title, "on": occurred, "recorded": stamp.day})
        yield about_case(f"{what}.recorded-late", "recorded_late", words, occurred, stamp.day, beyond)


def stuck(log: CaseLog) -> Iterator[Deviation]:
    """`case.stuck`: an open case with nothing to do and no end in sight.

    Source: design of the engine, "every open case has at least one open step or timer": a phase with an end, or an
    occurrence still to come ("the n-th becomes ready on the due day of the one before").
    """
    if log.opened is None or _has_ended(log) or log.phase_until is not None:
        return
    if any(life.settled is None for life in log.current.values()):
        return
    if any(_another_to_come(log, lives[-1]) for lives in log.of_step.values()):
        return
    yield about_case("case.stuck", "stuck", Sentence("stuck", {"on": log.until}))


def open_after_end(log: CaseLog) -> Iterator[Deviation]:
    """`case.open-after-end`: a closed case with an open step other than those of its ended phase.

    Source: Closing events, "They cancel every open step except …".
    """
    if not _has_ended(log):
        return
    phase = log.protocol.phases.get(log.phase or "")
    if phase is None or phase.only is None:
        return
    for life in log.current.values():
        stays = life.name in phase.only or (life.step is not None and life.step.stays_open_when_ended)
        if life.settled is None and not stays:
            words = Sentence("left_open", {"what": happened(life)})
            yield about("case.open-after-end", "left_open", life, words)


def erased_late(log: CaseLog) -> Iterator[Deviation]:
    """`case.erased-late`: the step that erases was done in time, the erasure itself came after its due day, or not yet.

    Source: Retention. A retention step that is late itself is late like every other step.
    """
    for life in log.lives:
        settled = life.settled
        if settled is None or settled.how != "done" or life.due is None or not _erases(life) or late(log, life):
            continue
        erased_on = log.erased.on if log.erased else None
        if (erased_on or log.until) > life.due and not taken_over(life):
            words = (
                Sentence("erased_late", {"due": life.due, "on": erased_on})
                if erased_on
                else Sentence("not_erased", {"due": life.due})
            )
            beyond = log.calendar.between(life.due, erased_on or log.until)
            yield about("case.erased-late", "erased_late", life, words, working_days=beyond)


STEP_PROPERTIES: tuple[Callable[[CaseLog, Life], Iterator[Deviation]], ...] = (
    before_ready,
    four_eyes,
    waived_by_nobody,
)
"""Of a step settled under this version of the protocol: what an earlier version asked of it is not known here."""

CASE_PROPERTIES: tuple[Callable[[CaseLog], Iterator[Deviation]], ...] = (
    waived_twice_running,
    settled_unopened,
    settled_twice,
    news_recorded_late,
    stuck,
    open_after_end,
    erased_late,
)


def _beyond(log: CaseLog, occurred: dt.date, recorded: dt.date) -> int:
    """Working days by which the record came later than `recorded_within` allows; 0: in time."""
    if recorded <= occurred:
        return 0
    rule: Rule = log.protocol.recorded_within
    took = log.calendar.between(occurred, recorded)
    if rule.working_days is not None:
        return max(0, took - rule.working_days)
    limit = (
        add_months(occurred, rule.months) if rule.months is not None else occurred + dt.timedelta(days=rule.days or 0)
    )
    return max(1, log.calendar.between(limit, recorded)) if recorded > limit else 0


def _service(log: CaseLog, staff: str) -> str:
    return log.services.get(staff, "")


def _waived(life: Life) -> bool:
    return life.settled is not None and life.settled.how == "waived"


def _has_ended(log: CaseLog) -> bool:
    phase = log.protocol.phases.get(log.phase or "")
    return log.ended is not None or log.erased is not None or (phase is not None and phase.ended)


def _another_to_come(log: CaseLog, life: Life) -> bool:
    repeats = life.step is not None and life.step.repeat is not None
    return repeats and not life.last and life.due is not None and life.due >= log.until


def _erases(life: Life) -> bool:
    if life.step is None or life.settled is None:
        return False
    outcome = life.settled.outcome
    return any(
        action.erase and (action.when is None or action.when.outcome is None or outcome in action.when.outcome)
        for action in life.step.follows
    )
