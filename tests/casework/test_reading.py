"""The only door to case data: it asks visibility, hides what must be hidden, and notes every reading."""

import datetime as dt
import json

import pytest

from casework import ledger
from casework.cases import perform
from casework.db import Database
from casework.errors import NotFound
from casework.reading import Page, case_for, form_of, history, late_work, open_tasks, tasks_for
from casework.verify import verify
from protocol.commands import Actor, AssignStep
from protocol.errors import Refused
from tests.casework.helpers import MANDATE, NOTIFY, T0, assigned_case, complete, later, mandated_case, new_case, rows
from tests.personas import ANNA, CORA, DORA, ILSE, LARS, LENA, OMAR, PAUL, PIET, SARA, VERA

pytestmark = pytest.mark.usefixtures("partnership")


def lines(page: Page) -> list[tuple[str, str]]:
    return [(task.ref, task.id) for task in page.tasks]


# --- lists ---


def test_my_tasks_are_mine_and_those_of_my_roles_that_are_nobodys_yet(db: Database) -> None:
    ref = assigned_case(db).ref
    assert (ref, "contact#1") in lines(tasks_for(db, LENA, at=T0))
    assert (ref, "contact#1") not in lines(tasks_for(db, LARS, at=T0))
    assert (ref, "infocheck") in lines(tasks_for(db, ILSE, at=T0))
    perform(db, CORA, ref, AssignStep(id="infocheck", staff="s-paul"), "a", T0)
    assert (ref, "infocheck") not in lines(tasks_for(db, ILSE, at=T0))
    assert (ref, "infocheck") in lines(tasks_for(db, PAUL, at=T0))


def test_the_deputy_finds_the_coordinators_tasks(db: Database) -> None:
    ref = new_case(db).ref
    deputy = Actor(id="s-dirk", roles=("deputy_coordinator",), service="prevention")
    assert (ref, "notify") in lines(tasks_for(db, deputy, at=T0))


def test_a_liaison_finds_the_tasks_of_own_notifications_only(db: Database) -> None:
    ref = new_case(db).ref
    assert lines(tasks_for(db, PIET, at=T0)) == [(ref, "confirm_release")]
    assert lines(tasks_for(db, VERA, at=T0)) == []


@pytest.mark.parametrize("second", [PAUL, SARA])
def test_a_proposed_step_is_a_task_of_every_role_that_may_decide_second(db: Database, second: Actor) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    assert lines(tasks_for(db, second, at=T0)) == [(ref, "mandate")]
    assert (ref, "mandate") not in lines(tasks_for(db, CORA, at=T0))
    assert form_of(db, second, ref, "mandate", T0)["reason"] == MANDATE["reason"]


def test_a_list_holds_25_lines_in_the_order_of_due_days_and_counts_to_99(db: Database) -> None:
    for number in range(1, 31):
        new_case(db, number)
    first, second = tasks_for(db, CORA, 1, T0), tasks_for(db, CORA, 2, T0)
    assert [len(first.tasks), len(second.tasks), first.more, second.more] == [25, 5, True, False]
    assert first.count == "30"
    found = [*lines(first), *lines(second)]
    assert len(set(found)) == 30
    with db.begin() as connection:
        for number in range(100):
            connection.exec_driver_sql(
                "INSERT INTO step (case_id, occurrence, step, n, status, is_open, ready_on, due_at, role, rung) SELECT "
                f"case_id, 'extra#{number}', step, n, status, is_open, ready_on, due_at, role, rung "
                "FROM step WHERE case_id = 1 AND occurrence = 'notify'"
            )
    assert tasks_for(db, CORA, 1, T0).count == "99+"


def test_late_work_is_of_every_case_for_who_runs_it_and_of_own_cases_for_others(db: Database) -> None:
    mine, other = assigned_case(db, 1).ref, assigned_case(db, 2, lead="s-lars").ref
    when = later(days=30)
    everything = late_work(db, CORA, at=when)
    assert {ref for ref, _ in lines(everything)} == {mine, other}
    assert all(task.late for task in everything.tasks)
    assert {ref for ref, _ in lines(late_work(db, LENA, at=when))} == {mine}
    assert {ref for ref, _ in lines(late_work(db, ANNA, at=when))} == {mine, other}
    assert lines(late_work(db, OMAR, at=when)) == []
    assert lines(late_work(db, CORA, at=T0)) == []


def test_late_begins_when_the_due_day_is_over_in_brussels(db: Database) -> None:
    ref = new_case(db).ref  # notify is due on Thursday 12 November
    last = dt.datetime(2026, 11, 12, 22, 59, 59, tzinfo=dt.UTC)
    assert lines(late_work(db, CORA, at=last)) == []
    assert lines(late_work(db, CORA, at=last + dt.timedelta(seconds=1))) == [(ref, "notify")]


def test_the_open_tasks_of_a_case_are_for_who_may_know_it(db: Database) -> None:
    ref = assigned_case(db).ref
    assert {task.id for task in open_tasks(db, LENA, ref, T0)} >= {"contact#1", "infocheck"}
    for nobody in (OMAR, LARS, VERA):
        with pytest.raises(NotFound):
            open_tasks(db, nobody, ref, T0)


# --- one case ---


def test_a_case_shows_the_person_only_to_who_may_see_it(db: Database) -> None:
    ref = assigned_case(db).ref
    for sees in (CORA, LENA, PIET, ILSE):
        person = case_for(db, sees, ref, T0).person
        assert person is not None and person.family_name == "Canaryname1"
    assert case_for(db, ANNA, ref, T0).person is None
    assert "Canary" not in repr(case_for(db, CORA, ref, T0))


def test_who_may_not_know_a_case_gets_the_answer_for_no_case(db: Database) -> None:
    ref = assigned_case(db).ref
    for nobody in (OMAR, LARS, VERA):
        for asked in (ref, "2026-999"):
            with pytest.raises(NotFound):
                case_for(db, nobody, asked, T0)
            with pytest.raises(NotFound):
                history(db, nobody, asked, T0)
            with pytest.raises(NotFound):
                form_of(db, nobody, asked, "mandate", T0)


def test_a_task_opens_the_case_to_its_owner_as_long_as_it_is_open(db: Database) -> None:
    ref = assigned_case(db).ref
    perform(db, LENA, ref, AssignStep(id="contact#1", staff="s-omar"), "a", T0)
    assert case_for(db, OMAR, ref, T0).relation == {"own_task"}
    perform(db, CORA, ref, AssignStep(id="contact#1", staff="s-lena"), "b", T0)
    with pytest.raises(NotFound):
        case_for(db, OMAR, ref, T0)


def test_outcomes_are_for_who_works_on_the_step_or_leads_the_case(db: Database) -> None:
    ref = mandated_case(db).ref
    assert case_for(db, CORA, ref, T0).state.steps["mandate"].outcome is not None
    seen = case_for(db, PIET, ref, T0).state.steps["mandate"]
    assert (seen.status, seen.outcome, seen.given) == ("done", None, {})
    told = json.dumps([event.model_dump(mode="json") for line in history(db, PIET, ref, T0) for event in line.events])
    assert "gate1" not in told
    with pytest.raises(Refused, match="form is for those"):
        form_of(db, PIET, ref, "mandate", T0)


def test_from_outside_a_sharing_decision_is_settled_on_its_due_day_and_never_earlier(db: Database) -> None:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    due = case_for(db, ILSE, ref, T0).state.steps["share"].due
    assert due is not None
    step = case_for(db, ILSE, ref, T0).protocol.steps["share"]
    declined = {"decision": next(key for key in step.form.fields[0].options or {} if "declin" in key)}
    complete(db, ILSE, ref, "share", declined)
    from protocol.commands import DecideSecond

    perform(db, SARA, ref, DecideSecond(id="share", agree=True, occurred_on=T0.date()), "second", T0)
    assert case_for(db, ILSE, ref, T0).state.steps["share"].status == "done"
    before = case_for(db, LENA, ref, T0).state.steps["share"]
    assert (before.status, before.outcome, before.given) == ("open", None, {})
    assert not [
        e for line in history(db, LENA, ref, T0) for e in line.events if e.kind == "step_done" and e.id == "share"
    ]
    on_the_day = dt.datetime.combine(due, dt.time(12), dt.UTC)
    after = case_for(db, LENA, ref, on_the_day).state.steps["share"]
    assert (after.status, after.settled_on, after.outcome) == ("done", due, None)


def test_the_history_tells_who_did_what_when(db: Database) -> None:
    ref = mandated_case(db).ref
    found = history(db, CORA, ref, T0)
    assert [(line.seq, line.by, line.command) for line in found] == [
        (1, "s-piet", "open_case"),
        (2, "s-cora", "complete_step"),
        (3, "s-cora", "complete_step"),
        (4, "s-paul", "decide_second"),
    ]


# --- the read log ---


def test_every_reading_is_noted_also_one_that_was_refused(db: Database) -> None:
    ref = assigned_case(db).ref
    case_for(db, LENA, ref, T0)
    with pytest.raises(NotFound):
        case_for(db, OMAR, ref, T0)
    tasks_for(db, LENA, at=T0)
    noted = rows(db, "SELECT staff, case_id, what, allowed FROM access_entry ORDER BY id")
    assert [(staff, case_id, what, bool(allowed)) for staff, case_id, what, allowed in noted] == [
        ("s-lena", 1, "case", True),
        ("s-omar", 1, "case", False),
        ("s-lena", None, "tasks", True),
    ]
    with db.read() as tx:
        bodies = [json.loads(body) for _, body in ledger.entries(tx, "reads:s-lena")]
    assert bodies == [
        {"read": [{"allowed": True, "cases": [ref], "what": "case"}]},
        {"read": [{"allowed": True, "cases": [ref], "what": "tasks"}]},
    ]
    assert verify(db)["intact"]


def test_lists_and_the_read_log_name_nobody(db: Database) -> None:
    ref = assigned_case(db).ref
    perform(db, LENA, ref, AssignStep(id="contact#1", staff="s-dora"), "a", T0)
    assert "Canary" not in repr(tasks_for(db, DORA, at=T0))
    assert "Canary" not in str(rows(db, "SELECT * FROM access_entry"))
