"""What happened to a case, in words: one sentence per event. Never what was written about a person."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from protocol.advance import form_of
from protocol.language import Protocol, Step
from protocol.state import CaseState
from web.dates import short_day
from web.words import Words


class Sentence(NamedTuple):
    words: str
    consequence: bool = False
    """it followed from something else in the same transition"""


class Teller:
    """Tells the events of one case in one language. `secret`: steps of which nothing but *settled* may be told."""

    def __init__(
        self,
        t: Words,
        protocol: Protocol,
        state: CaseState,
        names: Mapping[str, str],
        secret: Collection[str] = (),
    ) -> None:
        self.t, self.protocol, self.state, self.names, self.secret = t, protocol, state, names, secret

    def sentence(self, event: Any) -> Sentence | None:
        """The event in words; None: it says nothing to people, or may not be told."""
        if getattr(event, "id", None) is not None and self._step_key(event.id) in self.secret:
            return None
        tell = TELLING.get(event.kind)
        return tell(self, event) if tell else None

    # pieces

    def _step_key(self, id: str) -> str:
        occurrence = self.state.steps.get(id)
        return occurrence.step if occurrence else id.partition("#")[0].partition("~")[0]

    def step(self, id: str) -> str:
        """A step as people call it; a repeated one with its number."""
        key = self._step_key(id)
        step = self.protocol.steps.get(key) or self._added(key)
        occurrence = self.state.steps.get(id)
        name = self.t.text(step.name) if step else key
        return f"{name} {occurrence.n}" if step and step.repeat and occurrence else name

    def _added(self, key: str) -> Step | None:
        return next((v.add[key] for v in self.protocol.variants.values() if key in v.add), None)

    def day(self, day: dt.date | None) -> str:
        return short_day(day, self.t.language) if day else self.t("case.no_date")

    def person(self, staff: str) -> str:
        return self.names.get(staff) or self.t.of("who", "system" if staff == "system" else "unknown")

    def outcome(self, id: str, key: str) -> str:
        occurrence = self.state.steps.get(id)
        name = self._step_key(id)
        step = self.protocol.steps.get(name) or self._added(name)
        if step is None or occurrence is None:
            return ""
        forms = (form_of(step, occurrence), step.form, *step.forms.values())
        found = next((outcome for form in forms for outcome in form.outcomes if outcome.key == key), None)
        return self.t.text(found.name) if found else self.t.of("outcome", key)

    def roles(self, keys: Collection[str]) -> str:
        found = (self.protocol.roles.get(key) for key in keys)
        named = [self.t.text(role.name) if role else key for role, key in zip(found, keys, strict=True)]
        return ", ".join(named)

    def certainty(self, event: Any) -> str:
        anchor = self.protocol.anchors[event.anchor]
        return f" ({self.t.of('certainty', event.certainty)})" if anchor.certainty else ""


def _opened(teller: Teller, e: Any) -> Sentence:
    kind = teller.protocol.release_types.get(e.release_type)
    return Sentence(teller.t("told.case_opened", type=teller.t.text(kind.name) if kind else e.release_type))


def _anchor(teller: Teller, e: Any) -> Sentence:
    name = teller.t.text(teller.protocol.anchors[e.anchor].name)
    if e.on is None:
        return Sentence(teller.t("told.anchor_gone", date=name))
    if e.was is not None and e.was != e.on:
        key = "told.anchor_corrected" if e.why == "corrected" else "told.anchor_moved"
        words = teller.t(key, date=name, was=teller.day(e.was), on=teller.day(e.on))
    else:
        words = teller.t("told.anchor_known", date=name, on=teller.day(e.on))
    return Sentence(words + teller.certainty(e))


def _notice(teller: Teller, e: Any) -> Sentence:
    notice = teller.protocol.notice
    found = next((each for each in (notice.classes if notice else ()) if each.key == e.notice), None)
    name = teller.t.text(found.name) if found else e.notice
    counted = "" if e.working_days is None else f" ({teller.t.count('case.working_days', e.working_days)})"
    return Sentence(name + counted, True)


def _step_opened(teller: Teller, e: Any) -> Sentence:
    if e.due is None:
        return Sentence(teller.t("told.step_opened_no_date", step=teller.step(e.id)), True)
    return Sentence(teller.t("told.step_opened", step=teller.step(e.id), due=teller.day(e.due)), True)


def _step_due(teller: Teller, e: Any) -> Sentence:
    why = teller.t.of("why", e.why)
    return Sentence(
        teller.t("told.step_due", step=teller.step(e.id), due=teller.day(e.due), why=why), e.why != "moved_once"
    )


def _done(teller: Teller, e: Any) -> Sentence:
    words = teller.t("told.step_done", step=teller.step(e.id), on=teller.day(e.occurred_on))
    outcome = teller.outcome(e.id, e.outcome) if e.outcome != "done" else ""
    words = f"{words}: {outcome}" if outcome else words
    if e.second:
        words += " · " + teller.t("told.second", who=teller.person(e.second))
    return Sentence(words)


def _cancelled(teller: Teller, e: Any) -> Sentence:
    return Sentence(teller.t("told.step_cancelled", step=teller.step(e.id)), True)


def _phase(teller: Teller, e: Any) -> Sentence:
    phase = teller.t.text(teller.protocol.phases[e.phase].name)
    if e.until is not None:
        return Sentence(teller.t("told.phase_until", phase=phase, until=teller.day(e.until)), True)
    return Sentence(teller.t("told.phase", phase=phase), True)


def _happened(teller: Teller, e: Any) -> Sentence:
    event = teller.protocol.events.get(e.event)
    name = teller.t.text(event.name) if event else e.event
    return Sentence(f"{name}, {teller.day(e.occurred_on)}")


def _milestone(teller: Teller, e: Any) -> Sentence:
    return Sentence(teller.t("told.milestone", what=teller.t.text(teller.protocol.milestones[e.milestone].name)), True)


def _milestone_lost(teller: Teller, e: Any) -> Sentence:
    what = teller.t.text(teller.protocol.milestones[e.milestone].name)
    return Sentence(teller.t("told.milestone_lost", what=what), True)


def _renewed(teller: Teller, e: Any) -> Sentence:
    steps = [teller.protocol.steps.get(key) for key in e.steps]
    names = ", ".join(teller.t.text(step.name) for step in steps if step)
    return Sentence(teller.t("told.steps_renewed", steps=names), True)


def _type(teller: Teller, e: Any) -> Sentence:
    kind = teller.protocol.release_types.get(e.release_type)
    return Sentence(teller.t("told.type_changed", type=teller.t.text(kind.name) if kind else e.release_type))


def _escalated(teller: Teller, e: Any) -> Sentence:
    key = teller._step_key(e.id)
    step = teller.protocol.steps.get(key) or teller._added(key)
    who = [step.owner if role == "owner" and step else role for role in e.who]
    word = "told.reminded" if e.rung < 0 else "told.escalated"
    return Sentence(teller.t(word, step=teller.step(e.id), who=teller.roles(who)))


def _about_step(key: str) -> Callable[[Teller, Any], Sentence]:
    """An event of which the step is all there is to say."""
    return lambda teller, e: Sentence(teller.t(key, step=teller.step(e.id)))


MISTAKES = defaultdict(
    lambda: "correction.by_accident",
    {"wrong_case": "correction.wrong_case", "wrong_answer": "correction.wrong_answer"},
)
"""Why something was corrected. A key, never free text."""

TELLING: dict[str, Callable[[Teller, Any], Sentence | None]] = {
    "case_opened": _opened,
    "anchor_known": _anchor,
    "notice_chosen": _notice,
    "step_opened": _step_opened,
    "step_due": _step_due,
    "step_assigned": lambda t, e: Sentence(t.t("told.step_assigned", step=t.step(e.id), who=t.person(e.staff))),
    "step_appointed": _about_step("told.step_appointed"),
    "step_proposed": _about_step("told.step_proposed"),
    "step_returned": _about_step("told.step_returned"),
    "step_done": _done,
    "step_waived": _about_step("told.step_waived"),
    "step_cancelled": _cancelled,
    "step_reopened": lambda t, e: Sentence(t.t("told.step_reopened", step=t.step(e.id), why=t.t(MISTAKES[e.reason]))),
    "step_corrected": lambda t, e: Sentence(
        t.t("told.step_corrected", step=t.step(e.id), was=t.day(e.was), on=t.day(e.occurred_on))
    ),
    "steps_renewed": _renewed,
    "milestone_reached": _milestone,
    "milestone_lost": _milestone_lost,
    "phase_entered": _phase,
    "event_happened": _happened,
    "type_changed": _type,
    "extended": lambda t, e: Sentence(t.t("told.extended", until=t.day(e.until))),
    "escalated": _escalated,
    "step_taken_over": lambda t, e: Sentence(t.t("told.step_taken_over", step=t.step(e.id), who=t.roles([e.by]))),
    "acknowledged": lambda t, e: Sentence(t.t("told.acknowledged", step=t.step(e.id), who=t.person(e.by))),
    "case_ended": lambda t, e: Sentence(t.t("told.case_ended", phase=t.t.text(t.protocol.phases[e.phase].name)), True),
    "case_erased": lambda t, e: Sentence(t.t("told.case_erased")),
    "protocol_moved": lambda t, e: Sentence(t.t("told.protocol_moved", version=e.version)),
    "taken_over": lambda t, e: Sentence(t.t("told.taken_over", on=t.day(e.on))),
}
"""`redated` is arithmetic that the due days tell already."""
