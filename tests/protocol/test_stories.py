"""Stories that a lawyer can read, played on the engine: what people did, in order, and how the case must stand then.

Every case names the sentence of the protocol text it rests on. The expected days were counted by hand from the text.

A deed: `done` (a step; with `outcome`, `given`, `happened`: the day it happened if recorded later), `proposed` (done by
its owner, the second person still has to look), `second` (`agree` or `disagree`, `of` a step, on a `field`), `date` (a
date `to` a day or `unknown`), `corrected` (a date or a step was recorded wrongly), `event`, `waived` (`by` a role),
`moved`, `taken_back`, `called` (a `rung` of the ladder), `acknowledged`, `on_time_until` (everything is done on its due
day, `except` some steps). `refused` beside a deed: the engine says no, by this rule. `then` among the deeds looks at the
case on the way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from protocol import commands as c
from protocol.conformance import conformance
from protocol.errors import Refused
from protocol.escalation import REMINDER, calls
from protocol.explain import forecast
from protocol.state import Occurrence
from tests.protocol.story import COLLEAGUE, Story

CASES = Path(__file__).parent / "cases" / "stories"
Deed = dict[str, Any]


def cases() -> list[Any]:
    yaml = YAML(typ="safe")
    found = []
    for file in sorted(CASES.glob("*.yaml")):
        found += [pytest.param(case, id=f"{file.stem}: {case['name']}") for case in yaml.load(file.read_text())]
    return found


def when(value: Any) -> Any:
    """A day, or with quotes a day and an hour."""
    return dt.datetime.fromisoformat(value) if isinstance(value, str) and " " in value else value


def begin(given: dict[str, Any]) -> Story:
    story = Story(closing_days=tuple(given.get("closing_days", ())))
    dates = {
        "planned_release": given.get("release"),
        "actual_release": given.get("released"),
        "planned_return": given.get("return"),
    }
    rest = {key: given[key] for key in ("conditions", "certainty") if key in given}
    story.open(given["type"], when(given["notified"]), **dates, **rest)
    return story


# deeds


def done(story: Story, deed: Deed) -> None:
    story.complete(deed["done"], deed.get("outcome"), deed.get("happened"), **fields(deed))


def proposed(story: Story, deed: Deed) -> None:
    story.complete(deed["proposed"], deed.get("outcome"), deed.get("happened"), second=False, **fields(deed))


def fields(deed: Deed) -> dict[str, Any]:
    return {
        key: value.isoformat() if isinstance(value, dt.date) else value for key, value in deed.get("given", {}).items()
    }


def second(story: Story, deed: Deed) -> None:
    who = {
        None: COLLEAGUE,
        "the author": c.Actor(id="first", roles=tuple(story.protocol.roles), service="first-service"),
        "the same service": c.Actor(id="third", roles=tuple(story.protocol.roles), service="first-service"),
    }[deed.get("by")]
    id = story.occurrence(deed["of"]).id
    today = story.calendar.local_day(story.now)
    agree = deed["second"] == "agree"
    story.do(c.DecideSecond(id=id, agree=agree, field=deed.get("field"), occurred_on=today), who)


def date(story: Story, deed: Deed) -> None:
    on = None if deed["to"] == "unknown" else deed["to"]
    story.do(c.RecordAnchor(anchor=deed["date"], on=on, certainty=deed.get("certainty", "confirmed")))


def corrected(story: Story, deed: Deed) -> None:
    on = None if deed["to"] == "never" else deed["to"]
    if deed["corrected"] in story.protocol.anchors:
        story.do(c.CorrectAnchor(anchor=deed["corrected"], on=on))
    else:
        story.do(c.CorrectStep(id=deed["corrected"], occurred_on=deed["to"]))


def event(story: Story, deed: Deed) -> None:
    story.happens(deed["event"], deed.get("happened"), **fields(deed))


def waived(story: Story, deed: Deed) -> None:
    actor = c.Actor(id="waiver", roles=(deed["by"],), service="first-service")
    today = story.calendar.local_day(story.now)
    story.do(c.WaiveStep(id=story.occurrence(deed["waived"]).id, reason="other", occurred_on=today), actor)


def moved(story: Story, deed: Deed) -> None:
    story.do(c.MoveOccurrence(id=story.occurrence(deed["moved"]).id, to=deed["to"]))


def taken_back(story: Story, deed: Deed) -> None:
    story.do(c.UndoStep(id=deed["taken_back"]))


def called(story: Story, deed: Deed) -> None:
    story.do(c.Escalate(id=story.occurrence(deed["called"]).id, rung=deed["rung"]))


def acknowledged(story: Story, deed: Deed) -> None:
    story.do(c.Acknowledge(id=story.occurrence(deed["acknowledged"]).id))


DEEDS: dict[str, Callable[[Story, Deed], None]] = {
    "done": done,
    "proposed": proposed,
    "second": second,
    "date": date,
    "corrected": corrected,
    "event": event,
    "waived": waived,
    "moved": moved,
    "taken_back": taken_back,
    "called": called,
    "acknowledged": acknowledged,
}


def play(story: Story, deed: Deed) -> None:
    if "then" in deed:
        look(story, deed["then"])
        return
    if "on_time_until" in deed:
        story.on_time_until(deed["on_time_until"], tuple(deed.get("except", ())))
        return
    if "on" in deed:
        story.at(when(deed["on"]))
    for key in DEEDS.keys() & deed.keys():
        if "refused" in deed:
            with pytest.raises(Refused) as refused:
                DEEDS[key](story, deed)
            assert refused.value.rule == deed["refused"]
        else:
            DEEDS[key](story, deed)


# what must hold then


def look(story: Story, then: dict[str, Any]) -> None:
    if "on" in then:
        story.at(when(then["on"]))
    for key, wanted in then.items():
        if key not in ("on", "only"):
            LOOKS[key](story, wanted)
    if then.get("only"):
        assert set(story.open_steps()) == {story.occurrence(id).id for id in then.get("open", ())}


def due(occurrence: Occurrence) -> Any:
    return f"{occurrence.due} {occurrence.at}" if occurrence.at else occurrence.due


def see_open(story: Story, wanted: dict[str, Any]) -> None:
    assert {id: due(story.occurrence(id)) for id in wanted} == wanted


def see_not_open(story: Story, wanted: list[str]) -> None:
    found = story.open_steps()
    assert not [id for id in found if id in wanted or story.case.steps[id].step in wanted]


def see_status(story: Story, wanted: dict[str, str]) -> None:
    assert {id: story.case.steps[id].status for id in wanted} == wanted


def see_outcome(story: Story, wanted: dict[str, str]) -> None:
    assert {id: story.case.steps[id].outcome for id in wanted} == wanted


def see_form(story: Story, wanted: dict[str, str]) -> None:
    assert {id: story.occurrence(id).form for id in wanted} == wanted


def see_ready_on(story: Story, wanted: dict[str, Any]) -> None:
    assert {id: story.occurrence(id).ready_on for id in wanted} == wanted


def see_case(name: str) -> Callable[[Story, Any], None]:
    def see(story: Story, wanted: Any) -> None:
        assert getattr(story.case, name) == wanted

    return see


def see_known(story: Story, wanted: dict[str, Any]) -> None:
    found = {key: story.case.anchors[key].on if key in story.case.anchors else "unknown" for key in wanted}
    assert found == wanted


def see_deviations(story: Story, wanted: list[dict[str, str]]) -> None:
    until = story.calendar.local_day(story.now)
    found = conformance(story.protocol, story.entries, story.calendar, until)
    told = {(d.id or "the case", d.kind, d.cause) for d in found}
    assert {(id, kind) for id, kind, _ in told} == {(one["step"], one["kind"]) for one in wanted}
    assert {(one["step"], one["kind"], one["cause"]) for one in wanted if "cause" in one} <= told


def see_calls(story: Story, wanted: dict[str, list[str]]) -> None:
    for id, lines in wanted.items():
        occurrence = story.occurrence(id)
        found = calls(story.protocol, story.case, occurrence, story.calendar)
        local = [(call, call.at.astimezone(story.calendar.zone)) for call in found]
        said = [
            f"{at:%Y-%m-%d %H:%M} {'reminder ' if call.rung == REMINDER else ''}{' and '.join(call.who)}"
            for call, at in local
        ]
        assert said == lines


def see_told(story: Story, wanted: dict[str, list[str]]) -> None:
    for id, people in wanted.items():
        found = [
            effect.who
            for effect in story.effects
            if effect.kind == "tell" and effect.id == id and effect.what != "opened"
        ]
        assert sorted(set(found)) == sorted(people)


def see_rings(story: Story, wanted: dict[str, Any]) -> None:
    """When the last timer that was set for this step rings: the day, or never."""
    for id, day in wanted.items():
        key = f"escalate:{story.occurrence(id).id}"
        at = [effect.at for effect in story.effects if effect.kind == "timer" and effect.key == key][-1]
        assert (story.calendar.local_day(at) if at else "never") == day


def see_forecast(story: Story, wanted: dict[str, Any]) -> None:
    planned = forecast(story.protocol, story.case, story.calendar, story.now)
    found = {plan.id: f"{plan.due} {plan.at}" if plan.at else plan.due for plan in planned}
    assert {id: found.get(id, "none") for id in wanted} == wanted


LOOKS: dict[str, Callable[[Story, Any], None]] = {
    "open": see_open,
    "not_open": see_not_open,
    "status": see_status,
    "outcome": see_outcome,
    "form": see_form,
    "ready_on": see_ready_on,
    "known": see_known,
    "deviations": see_deviations,
    "calls": see_calls,
    "told": see_told,
    "rings": see_rings,
    "forecast": see_forecast,
    **{name: see_case(name) for name in ("phase", "phase_until", "notice", "ended", "erased", "release_type")},
}


@pytest.mark.parametrize("case", cases())
def test_the_case_stands_as_the_text_says(case: dict[str, Any]) -> None:
    story = begin(case["given"])
    for deed in case["story"]:
        play(story, deed)
    look(story, case["then"])
