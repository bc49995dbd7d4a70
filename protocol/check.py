"""Is a protocol sound? Proves it on untimed states, and on on-time runs for the dates. Source: design, "soundness check".

Proved: every step can open and be settled; every case can be closed, whatever happened before; no join waits for what
never holds together; no open case is without anything to do or to wait for; every outcome named is possible; dates
are in order for every notice of 0 to 400 days and every release type.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from protocol import references, run_dates
from protocol.answers import answers
from protocol.language import Form, Protocol, Step
from protocol.run_dates import Kind, Seen
from protocol.untimed_joins import Joins
from protocol.untimed_matter import Matter
from protocol.untimed_model import Untimed
from protocol.untimed_proof import Finding, TooMany, prove

Progress = Callable[[int, int], None]
TOGETHER = 67
"""runs that one task of the second process does: six tasks for one release type"""

ABSTRACTION = (
    "states without days: variant, phase, which dates are known, which milestones are reached, and per step what is "
    "open and what was settled as far as anything depends on it; a repetition counts as none, some or all of its "
    "occurrences; whatever depends on days may happen or not; a date may become known, move or be unknown again, and an "
    "event be reported, at any time the protocol allows it; closing may need no exceptional event; steps on which "
    "nothing depends, and duties on which nothing depends, are looked at apart; variants that do not differ without "
    "days count once; corrections of recorded steps, adoption and migration are left out; dates: on-time runs"
)


def check(protocol: Protocol, progress: Progress | None = None) -> dict[str, Any]:
    """Everything that was proved or found: `sound`, and `faults` with field, rule and remedy."""
    count = Count(progress)
    matter = Matter(protocol)
    report: dict[str, Any] = {
        "protocol": protocol.protocol,
        "version": protocol.version,
        "steps": len(matter.book.steps),
    }
    found = [Finding(fault.field, fault.rule, fault.remedy) for fault in references.faults(protocol)]
    variants = states = 0
    if not found:  # a name that does not exist would only be found a second time
        with Runs(protocol, count) as runs:
            try:
                variants, states, found = untimed(matter, count)
            except TooMany:
                found = [TOO_MANY]
            found += run_dates.faults(runs.seen())
    return report | {
        "variants": variants, "states": states, "runs": count.runs, "abstraction": ABSTRACTION, "sound": not found,
        "faults": [fault._asdict() for fault in dict.fromkeys(found)],
    }  # fmt: skip


TOO_MANY = Finding(
    "steps",
    "this protocol has too many states to walk through",
    "let fewer steps wait for each other, or fewer of them act on the case as a whole",
)


def untimed(matter: Matter, count: Count) -> tuple[int, int, list[Finding]]:
    """Variants that differ, states looked at, and what is wrong without looking at days."""
    joins = Joins(matter, count.states)
    found = [*outcomes(matter, joins.untimed), *events(matter), *joins.look()]
    walk, faults = prove(matter, count.states)
    return len(joins.untimed.variants), joins.states + len(walk.states), [*found, *faults]


# outcomes and events


def outcomes(matter: Matter, model: Untimed) -> Iterator[Finding]:
    """Every outcome that is named can be given in some form of its step."""
    answered = {(key, outcome) for action in model.general for key, outcome in (action.settle or {}).items()}
    for key, steps in matter.book.steps.items():
        possible = {outcome for step in steps for outcome in _possible(step)}
        for name in sorted(matter.outcomes[key] - possible):
            if (key, name) not in answered:
                words = f"the outcome {name} of {key} is named, but can never be given: no answer leads to it"
                yield Finding(f"steps.{key}", words, "let answers of its form lead to it, or name another outcome")
        for name, form in _forms(steps):
            for outcome in form.expected:
                if outcome not in {answer.outcome for answer in answers(form, {}, {})}:
                    words = f"{key} expects the outcome {outcome}, which no answer in its form {name} leads to"
                    yield Finding(f"steps.{key}", words, "expect an outcome that can be given")


def _forms(steps: tuple[Step, ...]) -> Iterator[tuple[str, Form]]:
    for step in steps:
        yield "full", step.form
        yield from step.forms.items()


def _possible(step: Step) -> Iterator[str]:
    for _, form in _forms((step,)):
        yield from (answer.outcome for answer in answers(form, {}, {}))
    if step.four_eyes is not None and step.four_eyes.disagree:
        yield step.four_eyes.disagree
    if step.not_decided:
        yield step.not_decided
    if step.skip.by:
        yield "waived"


def events(matter: Matter) -> Iterator[Finding]:
    """An event that only happens by itself is brought about by something."""
    protocol = matter.protocol
    caused = {
        getattr(part, name, None) for _, part in matter.everything for name in ("event", "then", "unacknowledged")
    }
    for key, event in protocol.events.items():
        if tuple(event.by) == ("system",) and key not in caused:
            words = f"nothing brings about the event {key}"
            yield Finding(
                f"events.{key}", words, "let an outcome or the end of a phase bring it about, or name who reports it"
            )


# on-time runs


class Count:
    """How far the check is; states are not known beforehand, so they count when they are done."""

    def __init__(self, progress: Progress | None):
        self.progress = progress
        self.done = self.total = self.runs = 0

    def states(self, some: int) -> None:
        self.done += some
        self.total += some
        self._tell()

    def ran(self, some: int) -> None:
        self.done += some
        self.runs += some
        self._tell()

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self.done, max(self.done, self.total))


class Runs:
    """The on-time runs, in a second process while this one walks through the states; in this one where that is not worth it."""

    def __init__(self, protocol: Protocol, count: Count):
        self.protocol = protocol
        self.count = count
        wanted = run_dates.notices(protocol)
        some = [wanted[n : n + TOGETHER] for n in range(0, len(wanted), TOGETHER)]
        self.tasks = [(kind, part) for kind in run_dates.kinds(protocol) for part in some]
        count.total += sum(len(part) for _, part in self.tasks)
        self.pool: ProcessPoolExecutor | None = None
        self.waiting: dict[Future[list[Seen]], Kind] = {}

    def __enter__(self) -> Runs:
        if len(self.tasks) > TOGETHER // 8 and (os.cpu_count() or 1) > 1:
            # not forked: the caller may have threads, such as one that draws the progress
            self.pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
            for kind, part in self.tasks:
                self.waiting[self.pool.submit(run_dates.look, self.protocol, kind, part)] = kind
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def seen(self) -> list[tuple[Kind, Seen]]:
        try:
            return [
                one for done in as_completed(self.waiting) for one in self._took(self.waiting[done], done.result())
            ] or [
                one for kind, part in self.tasks for one in self._took(kind, run_dates.look(self.protocol, kind, part))
            ]
        except BrokenProcessPool:
            self.waiting, self.count.runs = {}, 0
            return self.seen()

    def _took(self, kind: Kind, some: list[Seen]) -> list[tuple[Kind, Seen]]:
        self.count.ran(len(some))
        return [(kind, one) for one in some]
