"""Conformance over any log: it never fails, agrees with a slow reading day by day, and grows with the log only."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import events as e
from protocol.conformance import conformance
from protocol.verdicts import verdicts
from tests.protocol.ledgers import Ledger, begun, calendar, day, moment, small

DAYS = st.dates(day("11-02"), day("2027-03-01"))
STEPS = st.sampled_from([*small().steps, "unknown_step"])
IDS = st.sampled_from(
    ["notify", "mandate", "contact", "visit", "visit~2", "followup#1", "followup#2", "retain", "x#y~z", ""]
)
STAFF = st.sampled_from(["ann", "ben", "system"])
KEYS = st.sampled_from(["yes", "no", "declined", "not_decided", "done", "call", ""])
GIVEN = st.dictionaries(st.sampled_from(["held", "gate"]), KEYS, max_size=1)
PHASES = st.sampled_from([*small().phases, "unknown_phase"])

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "protocol": st.just("small"),
    "version": st.just("1"),
    "release_type": st.sampled_from(["conditional", "simple", "other"]),
    "conditions": st.sampled_from(["yes", "no", "unknown"]),
    "phase": PHASES,
    "notified_on": DAYS,
    "occurred_on": DAYS,
    "recorded_on": DAYS,
    "known_on": DAYS,
    "opened_on": DAYS,
    "ready_on": DAYS,
    "until": DAYS,
    "on": DAYS,
    "was": DAYS,
    "due": st.none() | DAYS,
    "at": st.sampled_from([None, "12:00", "23:59"]),
    "anchor": st.sampled_from(["notification", "planned_release", "actual_release", "unknown_anchor"]),
    "notice": st.sampled_from(["short", "long", "unknown_class"]),
    "working_days": st.none() | st.integers(0, 99),
    "id": IDS,
    "step": STEPS,
    "steps": st.lists(STEPS, max_size=2).map(tuple),
    "n": st.integers(-1, 4),
    "round": st.integers(1, 2),
    "form": KEYS,
    "trigger": st.sampled_from(["", "gate"]),
    "own_rule": st.booleans(),
    "last": st.booleans(),
    "as_settled": st.booleans(),
    "on_time": st.booleans(),
    "staff": STAFF,
    "by": STAFF,
    "second": st.none() | STAFF,
    "service": st.sampled_from(["", "police"]),
    "outcome": KEYS,
    "reason": KEYS,
    "given": GIVEN,
    "event": st.sampled_from([*small().events, "unknown_event"]),
    "milestone": st.just("mandated"),
    "rung": st.integers(0, 3),
    "who": st.just(("coordinator",)),
    "extra": st.just({}),
}


def any_of(event: type[e.Frozen]) -> st.SearchStrategy[Any]:
    fields = {}
    for name, field in event.model_fields.items():
        words = get_args(field.annotation)
        if name != "kind" and words and all(isinstance(word, str) for word in words):
            fields[name] = st.sampled_from(words)
        elif name == "at" and event is e.StepAppointed:
            fields[name] = st.none()
        elif name in FIELDS:
            fields[name] = FIELDS[name]
        elif name == "why":
            fields[name] = KEYS
    return st.builds(event, **fields)


KINDS: tuple[type[e.Frozen], ...] = get_args(get_args(e.Event)[0])
MOMENTS = st.integers(0, 120 * 24 * 60).map(lambda minutes: moment("11-02 00:00") + dt.timedelta(minutes=minutes))
EVENTS = st.lists(st.one_of([any_of(kind) for kind in KINDS]), max_size=4).map(tuple)
ENTRY = st.builds(e.Entry, seq=st.just(1), recorded_at=MOMENTS, by=STAFF, command=st.just("test"), events=EVENTS)
BEGUN = begun().entries


@st.composite
def logs(draw: st.DrawFn) -> Sequence[e.Entry]:
    entries = draw(st.lists(ENTRY, max_size=12))
    if draw(st.booleans()):
        entries.sort(key=lambda entry: entry.recorded_at)
    return [*(BEGUN if draw(st.booleans()) else ()), *entries]


ABSENCES = st.lists(st.tuples(STAFF, DAYS, DAYS), max_size=2)


@settings(max_examples=400, deadline=None)
@given(logs(), DAYS, ABSENCES)
def test_no_sequence_of_valid_events_makes_it_fail(entries: Sequence[e.Entry], until: dt.date, away: list[Any]) -> None:
    deviations = conformance(small(), entries, calendar(), until, away)
    assert all(deviation.words.endswith(".") and deviation.working_days_late >= 0 for deviation in deviations)
    judged = verdicts(small(), entries, calendar(), until, away)
    late = [(d.kind, d.id, d.due) for d in deviations if d.kind in ("late", "missed")]
    assert late == [(v.verdict, v.id, v.due) for v in judged if v.verdict in ("late", "missed")], "both say the same"


@st.composite
def one_step(draw: st.DrawFn) -> tuple[Ledger, str]:
    """A step that opens on 16 November, whose due day changes a few times, and that may be done or waived."""
    ledger = begun().opened("contact", draw(LATER), trigger="x")
    ledger.entries[-1] = ledger.entries[-1].model_copy(update={"recorded_at": moment("11-16 09:00")})
    for when in sorted(draw(st.lists(LATER, max_size=4))):
        ledger.on(f"{when} 11:00").due("contact", draw(LATER))
    recorded = draw(LATER)
    if draw(st.booleans()) and recorded >= str(ledger.today):
        ledger.on(f"{recorded} 15:00").done("contact", happened=draw(LATER.filter(lambda d: d <= recorded)))
    return ledger, draw(LATER)


LATER = st.dates(day("11-16"), day("12-18")).map(str)


def late_day_by_day(ledger: Ledger, until: dt.date) -> dt.date | None:
    """Slowly: at the end of every day, is the step due that day (or before) by what was known, and not done by then?"""
    opened = next(
        ev for en in ledger.entries for ev in en.events if isinstance(ev, e.StepOpened) and ev.id == "contact"
    )
    changes = [(day("11-16"), opened.due)]
    done = None
    for entry in ledger.entries:
        on = calendar().local_day(entry.recorded_at)
        for event in entry.events:
            if isinstance(event, e.StepDue):
                changes.append((on, event.due))
            if isinstance(event, e.StepDone) and event.id == "contact" and on <= until:
                done = event.occurred_on
    today = day("11-16")
    while today < until:
        known = [due for since, due in changes if since <= today]
        if done is not None and done <= today:
            return None
        if known[-1] is not None and known[-1] <= today:
            return known[-1]
        today += dt.timedelta(days=1)
    return None


@settings(max_examples=400, deadline=None)
@given(one_step())
def test_lateness_agrees_with_a_slow_reading_day_by_day(case: tuple[Ledger, str]) -> None:
    ledger, until = case
    judged = next(v for v in verdicts(small(), ledger.entries, calendar(), day(until)) if v.id == "contact")
    assert (judged.due if judged.verdict in ("late", "missed") else None) == late_day_by_day(ledger, day(until))


@settings(max_examples=200, deadline=None)
@given(one_step())
def test_once_late_a_step_stays_late_whatever_is_recorded_afterwards(case: tuple[Ledger, str]) -> None:
    ledger, _ = case
    moved = Ledger()
    moved.entries = ledger.entries[:]
    moved.on("2027-01-04").due("contact", "2027-02-01").on("2027-01-05").cancelled("contact")
    for until in ("2027-01-03", "2027-01-10"):
        rules = {
            d.kind for d in conformance(small(), ledger.entries, calendar(), day("2027-01-03")) if d.id == "contact"
        }
        after = {d.kind for d in conformance(small(), moved.entries, calendar(), day(until)) if d.id == "contact"}
        assert bool(rules & {"late", "missed"}) <= bool(after & {"late", "missed"})


def long_log(follow_ups: int) -> Ledger:
    ledger = begun().on("11-13").known("actual_release", "11-13")
    for n in range(1, follow_ups + 1):
        ledger.on("11-16").opened(f"followup#{n}", "11-20").due(f"followup#{n}", "11-24").on("11-27").done(
            f"followup#{n}"
        )
    return ledger


def test_the_time_it_takes_grows_with_the_log_only() -> None:
    def seconds(follow_ups: int) -> float:
        entries, best = long_log(follow_ups).entries, 9.0
        for _ in range(5):
            start = time.perf_counter()
            conformance(small(), entries, calendar(), day("12-31"))
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(1600) < 16 * seconds(200), "eight times the log, at most twice that"
