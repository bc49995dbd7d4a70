"""The verdict on every step is judged anew when its case changed, and when its due day passed."""

import datetime as dt

import pytest

from casework import erasure, outcomes
from casework.cases import perform
from casework.db import Database
from protocol.commands import RecordAnchor, ReportEvent
from tests.casework.helpers import T0, assigned_case, later, mandated_case, rows
from tests.personas import CORA, DANA

pytestmark = pytest.mark.usefixtures("partnership")

VERDICTS = "SELECT occurrence, verdict FROM step_outcome WHERE case_id = 1 ORDER BY occurrence"


def test_every_step_that_opened_has_a_verdict(db: Database) -> None:
    mandated_case(db)
    assert outcomes.refresh(db, T0) == 1
    assert rows(db, VERDICTS) == [
        ("assign", "running"),
        ("confirm_release", "running"),
        ("infocheck", "running"),
        ("mandate", "kept"),
        ("notify", "kept"),
        ("opreview#1", "running"),
    ]


def test_only_what_changed_is_judged_again(db: Database) -> None:
    assigned_case(db, 1)
    assigned_case(db, 2)
    assert outcomes.refresh(db, T0) == 2
    assert outcomes.refresh(db, T0) == 0
    assigned_case(db, 3)
    assert outcomes.refresh(db, T0) == 1


def test_a_due_day_that_passes_changes_the_verdict(db: Database) -> None:
    mandated_case(db)
    outcomes.refresh(db, T0)
    assert outcomes.refresh(db, later(days=10)) == 1
    found = dict(rows(db, VERDICTS))
    assert (found["assign"], found["notify"]) == ("missed", "kept")
    assert rows(db, "SELECT days_late FROM step_outcome WHERE occurrence = 'assign'") == [(4,)]


def test_the_verdicts_of_an_erased_case_stay_and_name_nobody(db: Database) -> None:
    performed = assigned_case(db)
    outcomes.refresh(db, T0)
    erasure.erase(db, performed.case_id, DANA, T0)
    assert outcomes.refresh(db, later(days=400)) == 1
    assert outcomes.refresh(db, later(days=400)) == 0
    assert {verdict for _, verdict in rows(db, VERDICTS)} == {"kept"}


def test_a_step_that_was_cancelled_and_opened_again_has_a_verdict_for_each_time(db: Database) -> None:
    ref = mandated_case(db).ref
    perform(db, CORA, ref, ReportEvent(event="withdrawn", occurred_on=T0.date()), "w", T0)
    perform(db, CORA, ref, RecordAnchor(anchor="planned_release", on=dt.date(2027, 4, 1)), "p", later(days=1))
    outcomes.refresh(db, later(days=1))
    found = dict(rows(db, VERDICTS))
    assert (found["confirm_release"], found["confirm_release/2"]) == ("cancelled", "running")
