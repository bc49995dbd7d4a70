"""The deadline sweep: each due timer has one effect, whoever sweeps, however often, and wherever it was killed."""

import datetime as dt
import threading

import pytest

from casework import clock, notices, timers
from casework.automatic import deadlines
from casework.automatic.facts import facts_of
from casework.db import Database
from casework.errors import NotFound
from tests.casework.helpers import T0, assigned_case, complete, later, new_case, rows
from tests.flows.partnership import at, contacted, prepared
from tests.personas import CORA, DIRK, PIET, settle_in

pytestmark = pytest.mark.usefixtures("partnership")


@pytest.fixture
def partnership(db: Database) -> None:
    settle_in(db)
    clock.set_to(T0)


def escalations(db: Database) -> int:
    return (
        len(rows(db, "SELECT 1 FROM outbox WHERE kind = 'tell' AND payload LIKE '%\"late\"%'"))
        if db.kind == "sqlite"
        else len(rows(db, "SELECT 1 FROM outbox WHERE kind = 'tell' AND payload ->> 'what' = 'late'"))
    )


def test_late_work_is_told_to_its_owner_and_then_up_the_chain(db: Database) -> None:
    ref = new_case(db).ref
    deadlines.sweep(db, later(days=3))  # notify and mandate were due on Thursday 12 November
    assert facts_of(db, ref).state.steps["notify"].escalated == 0
    before = escalations(db)
    deadlines.sweep(db, later(days=7))
    assert escalations(db) > before


def test_sweeping_twice_has_the_effect_of_sweeping_once(db: Database) -> None:
    new_case(db)
    assert deadlines.sweep(db, later(days=3))["done"] > 0
    entries = rows(db, "SELECT count(*) FROM ledger_entry")
    assert deadlines.sweep(db, later(days=3)) == {"done": 0, "void": 0, "later": 0}
    assert rows(db, "SELECT count(*) FROM ledger_entry") == entries


def test_a_sweep_killed_between_the_transition_and_the_timer_changes_nothing_when_done_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_case(db)
    timer = timers.due(db, later(days=3), 1)[0]
    with monkeypatch.context() as killed:
        killed.setattr(timers, "settle", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            deadlines.fire(db, timer, later(days=3))
    entries = rows(db, "SELECT count(*) FROM ledger_entry")
    deadlines.fire(db, timer, later(days=3))
    assert rows(db, "SELECT count(*) FROM ledger_entry") == entries


def test_a_killed_sweep_gives_its_timers_back_when_the_lease_runs_out(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_case(db)
    taken = timers.due(db, later(days=3), 100)
    assert taken
    assert timers.due(db, later(days=3), 100) == []
    real = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: real + timers.LEASE + dt.timedelta(seconds=1))
    assert {timer.key for timer in timers.due(db, later(days=3), 100)} == {timer.key for timer in taken}


def test_two_sweeps_at_once_share_the_work(db: Database) -> None:
    for number in range(1, 7):
        new_case(db, number)
    threads = [threading.Thread(target=deadlines.sweep, args=(db, later(days=3), 2)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    late = rows(db, "SELECT case_id, occurrence, rung FROM step WHERE occurrence = 'notify' ORDER BY case_id")
    assert len(late) == 6
    done = rows(db, "SELECT case_id, count(*) FROM command_done WHERE command_id LIKE 'timer:%' GROUP BY case_id")
    assert len({count for _, count in done}) == 1


def test_a_timer_that_fails_waits_and_hides_no_other(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    new_case(db, 1)
    new_case(db, 2)
    real_perform = deadlines._perform

    def broken(database: Database, timer: timers.Due, moment: dt.datetime) -> str:
        if timer.case_id == 1:
            raise RuntimeError
        return real_perform(database, timer, moment)

    monkeypatch.setattr(deadlines, "_perform", broken)
    counts = deadlines.sweep(db, later(days=3))
    assert counts["later"] > 0 and counts["done"] > 0
    waiting, seconds = deadlines.delay(db, later(days=3))
    assert waiting == counts["later"] and seconds > 0


def urgent_case(db: Database) -> str:
    """A release that was due to be confirmed at noon and was not."""
    ref = assigned_case(db).ref
    contacted(db, ref)
    release_day = dt.datetime(2027, 3, 1, 11, 30, tzinfo=dt.UTC)  # 12:30 in Brussels
    prepared(db, release_day)
    return ref


def test_urgent_work_becomes_a_phone_now_task_until_somebody_acknowledges(db: Database) -> None:
    ref = urgent_case(db)
    now = clock.now()
    calls = deadlines.phone_now(db, "s-cora")
    assert [(call.case, call.occurrence) for call in calls] == [(ref, "confirm_release")]
    assert deadlines.phone_now(db, "s-dirk") == []
    with pytest.raises(NotFound):
        deadlines.acknowledge(db, DIRK, calls[0].message)
    deadlines.acknowledge(db, CORA, calls[0].message, now)
    assert deadlines.phone_now(db, "s-cora") == []
    prepared(db, now + dt.timedelta(hours=5))
    assert deadlines.phone_now(db, "s-dirk") == []
    assert facts_of(db, ref).state.steps["confirm_release"].acknowledged_by == "s-cora"


def test_a_call_that_nobody_acknowledges_goes_up_and_then_to_the_high_level_meeting(db: Database) -> None:
    ref = urgent_case(db)
    for hours in (4, 8, 9):
        prepared(db, clock.now() + dt.timedelta(hours=hours - 3))
    prepared(db, at(dt.datetime(2027, 3, 1, 18, 45, tzinfo=dt.UTC)))
    assert [call.occurrence for call in deadlines.phone_now(db, "s-dirk")] == ["confirm_release"]
    assert [call.occurrence for call in deadlines.phone_now(db, "s-maya")] == ["confirm_release"]
    prepared(db, dt.datetime(2027, 3, 3, 9, tzinfo=dt.UTC))
    opened = [one.trigger for one in facts_of(db, ref).state.steps.values() if one.step == "highlevel"]
    assert opened == ["unacknowledged"]


def test_the_announcer_hears_that_the_notification_was_handled_and_nothing_else(db: Database) -> None:
    ref = assigned_case(db).ref
    prepared(db)
    told = notices.for_me(db, PIET).lines
    assert {(one.ref, one.what, one.occurrence) for one in told if one.what == "handled"} == {(ref, "handled", "")}


def test_confirming_the_release_ends_the_urgent_chain(db: Database) -> None:
    ref = urgent_case(db)
    now = clock.now()
    answer = {"answer": "released", "released_on": "2027-03-01"}
    complete(db, PIET, ref, "confirm_release", answer, now)
    assert deadlines.phone_now(db, "s-cora") == []
