"""The hard stop of a step: from its day on the step is the work of another role, in the engine, the lists and the door."""

import datetime as dt
from pathlib import Path

import pytest

from casework import protocols
from casework.cases import Performed, perform
from casework.db import Database
from casework.errors import NotAllowed
from casework.reading import case_for, tasks_for
from protocol import definitions
from protocol.commands import SYSTEM, Actor, AssignStep, Wake
from protocol.parse import read
from tests.casework.helpers import T0, complete, mandated_case, rows
from tests.personas import CORA, ILSE, PAUL
from tests.protocol.story import Story

TEXT = (Path(definitions.__file__).parent / "mechelen.yaml").read_text("utf-8")
OWN = "  infocheck:\n    name:"
STOPPED = TEXT.replace('version: "2026.1"', 'version: "2026.9"').replace(
    OWN,
    '  infocheck:\n    hard_stop: {rule: {working_days: 2, after: "due:infocheck"}, by: chiefs_delegate}\n    name:',
)
KAREL = Actor(id="s-paul", roles=("chiefs_delegate",), service="police")
STOP = dt.datetime(2026, 11, 18, 9, tzinfo=dt.UTC)
"""told on Tue 10 November, the day before Armistice Day: due Mon 16, and two working days later it is Wed 18"""


def stopped_case(db: Database) -> Performed:
    assert OWN in TEXT
    protocols.put_in_force(db, STOPPED, "mechelen.yaml", SYSTEM, T0)
    return mandated_case(db)


def test_on_its_day_the_step_goes_to_the_other_role() -> None:
    story = Story(read(STOPPED, "mechelen.yaml"))
    story.open("end_of_sentence", dt.date(2026, 11, 10), planned_release=dt.date(2027, 3, 1), conditions="no")
    story.complete("notify")
    story.complete("mandate")
    assert story.occurrence("infocheck").due == dt.date(2026, 11, 16)
    story.at(dt.date(2026, 11, 17))
    assert story.occurrence("infocheck").taken_by is None
    story.at(dt.date(2026, 11, 18))
    assert story.occurrence("infocheck").taken_by == "chiefs_delegate"
    told = [
        (effect.who, effect.id) for effect in story.effects if effect.kind == "tell" and effect.what == "taken_over"
    ]
    assert told == [("chiefs_delegate", "infocheck")]
    before = len(story.entries)
    story.at(dt.date(2026, 11, 19))
    assert not [e for entry in story.entries[before:] for e in entry.events if e.kind == "step_taken_over"]


def test_a_step_done_in_time_is_never_taken_over() -> None:
    story = Story(read(STOPPED, "mechelen.yaml"))
    story.open("end_of_sentence", dt.date(2026, 11, 10), planned_release=dt.date(2027, 3, 1), conditions="no")
    story.complete("notify")
    story.complete("mandate")
    story.complete("infocheck")
    story.at(dt.date(2026, 11, 20))
    assert story.case.steps["infocheck"].taken_by is None


@pytest.mark.usefixtures("partnership")
def test_the_list_and_the_door_follow(db: Database) -> None:
    ref = stopped_case(db).ref
    perform(db, CORA, ref, AssignStep(id="infocheck", staff=ILSE.id), "assign", T0)
    assert not [task for task in tasks_for(db, KAREL, at=T0).tasks if task.id == "infocheck"]
    perform(db, SYSTEM, ref, Wake(), "wake", STOP)
    assert [task.ref for task in tasks_for(db, KAREL, at=STOP).tasks if task.id == "infocheck"] == [ref]
    assert not [task for task in tasks_for(db, ILSE, at=STOP).tasks if task.id == "infocheck"]
    assert rows(db, "SELECT role, assignee FROM step WHERE occurrence = 'infocheck'") == [("chiefs_delegate", None)]
    with pytest.raises(NotAllowed):
        complete(db, ILSE, ref, "infocheck", {"answer": "answered"}, STOP)
    complete(db, KAREL, ref, "infocheck", {"answer": "answered"}, STOP)
    assert case_for(db, CORA, ref, STOP).state.steps["infocheck"].status == "done"
    assert PAUL.id == KAREL.id
