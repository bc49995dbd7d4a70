"""One pass over the ledger entries of a case, into the index that verdicts and conformance are read from.

The engine decides; this only reads what was recorded, and when. It shares no code with the engine but the vocabulary.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from protocol import events as e
from protocol.language import Protocol
from protocol.lives import SYSTEM, AnchorFact, CaseLog, Known, Life, NoticeFact, Settled, Stamp, step_of
from protocol.workdays import WorkCalendar


def read(
    protocol: Protocol,
    entries: Iterable[e.Entry],
    calendar: WorkCalendar,
    until: dt.date,
    services: Mapping[str, str] | None = None,
) -> CaseLog:
    """The index of one case as it stood at the end of the local day `until`; later entries are not looked at."""
    log = CaseLog(protocol, calendar, until, dict(services or {}), steps=protocol.steps)
    for entry in entries:
        stamp = Stamp(entry.recorded_at, calendar.local_day(entry.recorded_at), entry.by)
        if stamp.day > until:
            continue
        for event in entry.events:
            log.position += 1
            reader = READERS.get(type(event))
            if reader is not None:
                reader(log, event, stamp)
    return log


def _case_opened(log: CaseLog, event: e.CaseOpened, stamp: Stamp) -> None:
    log.opened = (event, stamp)
    log.release_type, log.conditions = event.release_type, event.conditions
    log.enter(event.phase, stamp.day, None)
    log.variant()


def _type_changed(log: CaseLog, event: e.TypeChanged, stamp: Stamp) -> None:
    log.release_type, log.conditions = event.release_type, event.conditions
    log.variant()


def _notice(log: CaseLog, event: e.NoticeChosen, stamp: Stamp) -> None:
    log.notice = event.notice
    log.notices.append(NoticeFact(log.position, event.notice))
    log.variant()


def _anchor(log: CaseLog, event: e.AnchorKnown, stamp: Stamp) -> None:
    log.anchors.setdefault(event.anchor, []).append(AnchorFact(stamp, log.position, event))


def _step_opened(log: CaseLog, event: e.StepOpened, stamp: Stamp) -> None:
    before = log.current.get(event.id)
    done_before = before is not None and before.settled is not None and before.settled.how != "cancelled"
    if before is not None and done_before and not event.trigger and event.step not in log.renewed:
        log.twice.append((before, stamp))
    life = Life(
        id=event.id,
        name=event.step,
        n=event.n,
        step=log.steps.get(event.step) or log.protocol.steps.get(event.step),
        steps=log.steps,
        notice=log.notice,
        stamp=stamp,
        position=log.position,
        triggered=bool(event.trigger) or event.own_rule,
        last=event.last,
        known=[Known(stamp, log.position, event.due, event.at, event.form)],
    )
    siblings = log.of_step.setdefault(event.step, [])
    life.previous = siblings[-1] if siblings else None
    siblings.append(life)
    log.current[event.id] = life
    log.lives.append(life)


def _step_due(log: CaseLog, event: e.StepDue, stamp: Stamp) -> None:
    life = log.current.get(event.id)
    if life is not None:
        life.known.append(Known(stamp, log.position, event.due, event.at, event.form, event.why))
        life.last = event.last
        life.notice = log.notice


def _proposed(log: CaseLog, event: e.StepProposed, stamp: Stamp) -> None:
    log.services.setdefault(event.by, event.service)
    life = log.current.get(event.id)
    if life is not None:
        life.proposals.append((event, stamp))


def _assigned(log: CaseLog, event: e.StepAssigned, stamp: Stamp) -> None:
    life = log.current.get(event.id)
    if life is not None:
        life.assignees.append((stamp, event.staff))


def _settle(log: CaseLog, id: str, settled: Settled) -> None:
    life = log.current.get(id)
    if life is None and settled.how == "cancelled":
        log.dropped.setdefault(step_of(id)[0], []).append(settled)
    elif life is None:
        log.unopened.append((id, settled))
    elif life.settled is not None and life.settled.how == settled.how == "cancelled":
        life.settled.counts |= settled.counts  # cancelled already; from now on it counts as settled
    elif life.settled is not None:
        log.twice.append((life, settled.stamp))
    else:
        life.settled = settled
        life.step = log.steps.get(life.name) or life.step
        life.steps = log.steps


def _done(log: CaseLog, event: e.StepDone, stamp: Stamp) -> None:
    settled = Settled(
        "done", stamp, log.position, event.occurred_on, event.by, event.outcome, event.second, given=event.given
    )
    _settle(log, event.id, settled)


def _waived(log: CaseLog, event: e.StepWaived, stamp: Stamp) -> None:
    _settle(log, event.id, Settled("waived", stamp, log.position, event.occurred_on, event.by, "waived"))


def _cancelled(log: CaseLog, event: e.StepCancelled, stamp: Stamp) -> None:
    settled = Settled("cancelled", stamp, log.position, event.on, SYSTEM, event.why, counts=event.as_settled)
    _settle(log, event.id, settled)


def _reopened(log: CaseLog, event: e.StepReopened, stamp: Stamp) -> None:
    life = log.current.get(event.id)
    if life is None or life.settled is None:
        return
    before, was = life.settled, life.known[-1]
    before.undone = log.position
    # While it stood as done nobody could know that it was late: no due day from the record to its undoing.
    life.known.append(Known(before.stamp, before.position, None, None, was.form, "stood_as_done"))
    life.known.append(Known(stamp, log.position, was.due, was.at, was.form, "reopened"))
    life.undone.append(before)
    life.settled = None


def _corrected(log: CaseLog, event: e.StepCorrected, stamp: Stamp) -> None:
    life = log.current.get(event.id)
    if life is not None and life.settled is not None:
        life.settled.on = event.occurred_on


def _renewed(log: CaseLog, event: e.StepsRenewed, stamp: Stamp) -> None:
    log.renewed.update(event.steps)


def _phase(log: CaseLog, event: e.PhaseEntered, stamp: Stamp) -> None:
    log.enter(event.phase, event.on, event.until)
    phase = log.protocol.phases.get(event.phase)
    if phase is not None and not phase.ended:
        log.ended = None


def _happened(log: CaseLog, event: e.EventHappened, stamp: Stamp) -> None:
    log.happened.append((event, stamp))


def _ended(log: CaseLog, event: e.CaseEnded, stamp: Stamp) -> None:
    log.ended = event
    log.enter(event.phase, event.on, None)


def _erased(log: CaseLog, event: e.CaseErased, stamp: Stamp) -> None:
    log.erased = event


def _moved(log: CaseLog, event: e.ProtocolMoved, stamp: Stamp) -> None:
    log.version_from = log.position


def _taken_over(log: CaseLog, event: e.TakenOver, stamp: Stamp) -> None:
    stamp.taken_over = True


READERS: dict[type, Callable[[CaseLog, Any, Stamp], None]] = {
    e.CaseOpened: _case_opened,
    e.TypeChanged: _type_changed,
    e.NoticeChosen: _notice,
    e.AnchorKnown: _anchor,
    e.StepOpened: _step_opened,
    e.StepDue: _step_due,
    e.StepProposed: _proposed,
    e.StepAssigned: _assigned,
    e.StepDone: _done,
    e.StepWaived: _waived,
    e.StepCancelled: _cancelled,
    e.StepReopened: _reopened,
    e.StepCorrected: _corrected,
    e.StepsRenewed: _renewed,
    e.PhaseEntered: _phase,
    e.EventHappened: _happened,
    e.CaseEnded: _ended,
    e.CaseErased: _erased,
    e.ProtocolMoved: _moved,
    e.TakenOver: _taken_over,
}
"""What each kind of event adds to the index; the others say nothing that is judged."""
