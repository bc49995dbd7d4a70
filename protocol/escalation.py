"""Who hears of late work, and when. Source: protocol, "Escalation". Escalation is about the work, never about the person."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from protocol.language import Chain, Protocol, Step
from protocol.state import CaseState, Occurrence
from protocol.variants import steps_for
from protocol.workdays import ONE_DAY, WorkCalendar

REMINDER = -1


class Call(NamedTuple):
    """One rung: its number (-1 the reminder), the moment in UTC, the roles told, and whether it must be acknowledged."""

    rung: int
    at: dt.datetime
    who: tuple[str, ...]
    urgent: bool = False


def chain_of(protocol: Protocol, step: Step, occurrence: Occurrence) -> Chain | None:
    key = step.prefer_last if step.prefer_last and occurrence.last else step.escalation
    return protocol.escalations[key] if key else None


def calls(protocol: Protocol, state: CaseState, occurrence: Occurrence, calendar: WorkCalendar) -> list[Call]:
    """Every rung of an open step, in order of time. Empty: nothing escalates (no due day, or no chain)."""
    steps = steps_for(protocol, state.release_type, state.notice, state.conditions)
    step = steps.get(occurrence.step) or protocol.steps.get(occurrence.step)
    if step is None or occurrence.due is None:
        return []
    chain = chain_of(protocol, step, occurrence)
    if chain is None:
        return []
    if chain.needs_certainty and _unconfirmed(protocol, state):  # "unconfirmed dates raise no E!"
        chain = protocol.escalations.get(step.escalation or "") if step.prefer_last else None
        if chain is None or chain.needs_certainty:
            return [Call(0, calendar.moment(occurrence.due, occurrence.at), ("owner",))]
    found = _reminder(chain, occurrence, calendar)
    for n, rung in enumerate(chain.for_owner.get(step.owner, chain.rungs)):
        if step.owner in rung.until_owner:
            continue
        found.append(
            Call(
                n,
                _moment(chain, occurrence, calendar, rung.working_days, rung.hours),
                tuple(rung.who),
                chain.acknowledged,
            )
        )
    return found


def _unconfirmed(protocol: Protocol, state: CaseState) -> bool:
    happened = {anchor.stands_in_for for key, anchor in protocol.anchors.items() if key in state.anchors}
    return any(
        anchor.certainty and key in state.anchors and state.anchors[key].certainty == "unconfirmed"
        for key, anchor in protocol.anchors.items()
        if key not in happened  # what happened is certain
    )


def _reminder(chain: Chain, occurrence: Occurrence, calendar: WorkCalendar) -> list[Call]:
    """ "Reminder at half of the period (periods of 4 WD or more, rounded down)"."""
    assert occurrence.due is not None
    period = calendar.between(occurrence.ready_on, occurrence.due)
    if chain.remind_at_half_from is None or period < chain.remind_at_half_from:
        return []
    day = calendar.add(occurrence.ready_on, period // 2)
    return [Call(REMINDER, calendar.moment(day, "08:00"), ("owner",))]


def _moment(
    chain: Chain, occurrence: Occurrence, calendar: WorkCalendar, days: int | None, hours: int | None
) -> dt.datetime:
    assert occurrence.due is not None
    if hours is None:
        return calendar.moment(calendar.add(occurrence.due, days or 0), occurrence.at if not days else None)
    # the hours run from the first call, so that whoever is called has the time to acknowledge it
    first = _within_calling_hours(chain, calendar.moment(occurrence.due, occurrence.at), calendar)
    return _within_calling_hours(chain, first + dt.timedelta(hours=hours), calendar)


def _within_calling_hours(chain: Chain, at: dt.datetime, calendar: WorkCalendar) -> dt.datetime:
    """Calls 08:00–20:00 only: later ones wait for the morning."""
    if chain.calls_from is None or chain.calls_until is None:
        return at
    local = at.astimezone(calendar.zone)
    hour = local.strftime("%H:%M")
    if hour < chain.calls_from:
        return calendar.moment(local.date(), chain.calls_from)
    if hour > chain.calls_until:
        return calendar.moment(local.date() + ONE_DAY, chain.calls_from)
    return at


def next_call(
    protocol: Protocol, state: CaseState, occurrence: Occurrence, calendar: WorkCalendar, after: int | None
) -> Call | None:
    """The first rung after this one (None: the very first)."""
    found = calls(protocol, state, occurrence, calendar)
    return next((call for call in found if after is None or call.rung > after), None)


def first_call(
    protocol: Protocol, state: CaseState, occurrence: Occurrence, calendar: WorkCalendar, at: dt.datetime
) -> Call | None:
    """The first rung still to come; a reminder whose moment has passed is left out, a late step is not."""
    found = calls(protocol, state, occurrence, calendar)
    return next((call for call in found if call.rung != REMINDER or call.at > at), None)
