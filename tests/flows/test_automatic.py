"""The automatic half of each step: proposals from the database, sealed, and the same when done twice."""

import datetime as dt

import pytest

from casework import clock, staff
from casework.automatic import (
    assignment,
    closure,
    deadlines,
    follow_up,
    meetings,
    notification,
    orders,
    oversight,
)
from casework.automatic.facts import facts_of
from casework.automatic.work import PREPARES
from casework.db import Database
from models.cases import CaseMember
from models.people import Staff
from protocol import parse
from protocol.commands import SYSTEM
from tests.casework.helpers import T0, assigned_case, counts, later, mandated_case, new_case, rows
from tests.flows.partnership import contacted, open_now, prepared, proposal, visited
from tests.personas import ADDED, settle_in

pytestmark = pytest.mark.usefixtures("partnership")
TODAY = T0.date()


@pytest.fixture
def partnership(db: Database) -> None:
    settle_in(db)
    clock.set_to(T0)


def test_every_flow_that_a_shipped_protocol_names_exists() -> None:
    for name in ("mechelen", "outreach"):
        found = parse.load(f"protocol/definitions/{name}.yaml")
        assert {step.flow for step in found.steps.values() if step.flow} <= set(PREPARES)
    assert set(PREPARES) == set(orders.FLOWS)


def test_the_notification_is_checked_and_its_form_filled_in(db: Database) -> None:
    ref = new_case(db).ref
    prepared(db)
    checks = proposal(db, ref, "notify", notification.CHECKS)
    assert checks == {"missing": [], "doubts": [], "earlier_cases": [], "who_knew": []}
    assert proposal(db, ref, "notify", notification.PREFILL) == {
        "prison": "Mechelen", "release_type": "end_of_sentence", "conditions": "no",
        "planned_release": "2027-03-01", "certainty": "confirmed",
    }  # fmt: skip


def test_what_a_notification_leaves_open_is_named(db: Database) -> None:
    ref = new_case(db, anchors={}).ref
    prepared(db)
    assert proposal(db, ref, "notify", notification.CHECKS)["missing"] == ["planned_release"]


def test_preparing_twice_changes_nothing(db: Database) -> None:
    assigned_case(db)
    prepared(db)
    before = counts(db)
    assert prepared(db).get("done", 0) == 0
    assert counts(db) == before


def test_lead_workers_are_proposed_with_reasons_and_a_human_decides(db: Database) -> None:
    ref = mandated_case(db).ref
    prepared(db)
    found = proposal(db, ref, "assign", assignment.KIND)
    assert {one["staff"] for one in found["proposed"]} == {"s-lena", "s-lars", "s-dora"}
    assert all("speaks_the_language" in one["reasons"] for one in found["proposed"])
    assert facts_of(db, ref).lead is None


def test_who_knew_the_person_comes_first_then_the_lowest_load(db: Database) -> None:
    one = assignment.Candidate("s-1", True, False, points=30, capacity=20, away_on_due_day=False)
    two = assignment.Candidate("s-2", False, True, points=10, capacity=20, away_on_due_day=False)
    three = assignment.Candidate("s-3", False, True, points=8, capacity=10, away_on_due_day=False)
    away = assignment.Candidate("s-4", True, True, points=0, capacity=20, away_on_due_day=True)
    assert [found.staff for found in assignment.in_order([away, three, two, one])] == ["s-1", "s-2", "s-3", "s-4"]


def test_load_is_pro_rated_to_contracted_hours_minus_dated_absences(db: Database) -> None:
    ref = mandated_case(db).ref
    half = Staff(id="s-half", name="Half Time", roles=["lead_worker"], hours_per_week=19.0, added_at=ADDED)
    staff.save(db, [half], SYSTEM, at=ADDED)
    calendar = facts_of(db, ref).calendar
    full = assignment.capacity(38.0, [], TODAY, calendar)
    assert assignment.capacity(19.0, [], TODAY, calendar) == pytest.approx(full / 2)
    staff.record_absence(db, "s-lars", TODAY, TODAY + dt.timedelta(days=40), SYSTEM, at=T0)
    prepared(db)
    assert {"staff": "s-lars", "reason": "away"} in proposal(db, ref, "assign", assignment.KIND)["left_out"]


def test_a_conflict_of_interest_is_left_out(db: Database) -> None:
    case = mandated_case(db)
    with db.session(read_only=False) as session:
        session.add(CaseMember(case_id=case.case_id, staff="s-lena", relation=assignment.CONFLICT, since=T0))
    prepared(db)
    found = proposal(db, case.ref, "assign", assignment.KIND)
    assert {"staff": "s-lena", "reason": "conflict_of_interest"} in found["left_out"]
    assert "s-lena" not in {one["staff"] for one in found["proposed"]}


def test_the_plan_starts_from_the_first_visit_and_leaves_out_what_was_not_chosen(db: Database) -> None:
    ref = assigned_case(db).ref
    contacted(db, ref, "partly", chosen={"housing": {"wanted": "yes"}, "debts": {"wanted": "yes"}})
    visited(db, ref, housing="missing", debts="under_way", care="in_order")
    prepared(db)
    rows_ = proposal(db, ref, "plan", "prefill")["conditions"]
    assert rows_["housing"] == {"status": "to_do", "owner": "s-lena"}
    assert rows_["debts"] == {"status": "under_way", "owner": "s-lena"}
    assert rows_["care"] == {"status": "not_asked"}


def test_visiting_slots_avoid_absences_and_end_at_the_due_day(db: Database) -> None:
    staff.record_absence(db, "s-lena", dt.date(2026, 11, 12), dt.date(2026, 11, 12), SYSTEM, at=T0)
    ref = assigned_case(db).ref
    prepared(db)
    found = proposal(db, ref, open_now(db, ref, "contact"), "slots")
    assert found[0] == "2026-11-13T10:00"  # the 11th is Armistice Day, on the 12th the worker is away
    assert all(slot[:10] <= "2026-11-25" for slot in found)


def test_the_agenda_of_the_next_meeting_is_built_and_kept_up_to_date(db: Database) -> None:
    ref = assigned_case(db, 1).ref
    db_anchor = facts_of(db, ref)
    series = db_anchor.protocol.meetings["operational"]
    due = next(step.due for step in db_anchor.state.steps.values() if step.step == "opreview")
    assert due is not None and meetings.next_of(series, due) == due
    assert meetings.build(db, "operational", due) == (1, 0)
    assert meetings.build(db, "operational", due) == (0, 0)
    assert rows(db, "SELECT case_id, occurrence FROM agenda_item") == [(1, "opreview#1")]


def test_people_at_the_table_fill_the_quorum(db: Database) -> None:
    facts = facts_of(db, assigned_case(db).ref)
    found = meetings.attendance(db, facts, facts.protocol.steps["conference"], TODAY)
    assert found[:2] == ["s-lena", "s-dora"]
    assert {"s-cora", "s-ilse"} <= set(found)


def test_figures_for_the_evaluation_say_what_was_recorded(db: Database) -> None:
    ref = assigned_case(db).ref
    contacted(db, ref)
    visited(db, ref, housing="missing")
    facts = facts_of(db, ref)
    from casework.automatic.facts import filled

    found = closure.figures(facts, filled(db, facts))
    assert found["held"] == {"visit1": 1}
    assert found["conditions"] == [{"step": "visit1", "on": "2026-11-10", "states": {"housing": "missing"}}]


def test_a_case_that_lost_its_alarms_is_found_and_woken(db: Database) -> None:
    case = assigned_case(db)
    with db.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM timer WHERE case_id = {case.case_id}")
    assert follow_up.asleep(db) == [case.case_id]
    follow_up.wake_all(db, later(days=1))
    assert follow_up.asleep(db) == []


def test_the_night_signs_a_checkpoint_and_removes_orphaned_keys(db: Database) -> None:
    new_case(db)
    orphan = db.keys.make(1, T0)[0]
    assert oversight.make_checkpoint(db, T0)["intact"] == 1
    assert [file.name for file in oversight.checkpoints_folder(db).iterdir()] == ["2026-11-10.json"]
    assert oversight.sweep_keys(db, later(days=2)) == 1
    assert not db.keys.has(orphan)
    assert facts_of(db, "2026-001").state


def test_work_that_keeps_failing_is_given_up_and_shown(db: Database) -> None:
    new_case(db)

    def broken(_db: Database, _order: orders.Order) -> None:
        raise RuntimeError("Canaryname1 must not be stored")

    order = orders.claim(db, "prepare", 1, "notification")[0]
    assert orders.carry_out(db, order, broken) == ("later", "RuntimeError")
    assert orders.claim(db, "prepare", 1, "notification") == []
    assert orders.carry_out(db, order._replace(attempts=orders.MOST_ATTEMPTS), broken).outcome == "dead"
    assert rows(db, "SELECT fault FROM outbox WHERE dead") == [("RuntimeError",)]


def test_preparing_an_erased_case_is_void_and_not_a_fault(db: Database) -> None:
    case = new_case(db)
    order = orders.claim(db, "prepare", 1, "notification")[0]
    from casework import erasure

    erasure.erase(db, case.case_id, SYSTEM, T0)
    assert orders.carry_out(db, order, notification.prepare).outcome == "void"
    assert deadlines.sweep(db, later(days=400))["later"] == 0
