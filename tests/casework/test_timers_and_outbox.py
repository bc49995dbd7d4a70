"""Timers and outbox: claimed under a lease, done at least once, never by two at the same time."""

import datetime as dt
import threading

import pytest

from casework import clock, outbox, timers
from casework.db import Database
from tests.casework.helpers import T0, later, new_case, rows

pytestmark = pytest.mark.usefixtures("partnership")

LATE = T0 + dt.timedelta(days=400)


def free_the_leases(db: Database, table: str) -> None:
    """As if the process that holds them had died and its leases had run out."""
    with db.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET leased_until = NULL")


def test_only_what_is_due_is_claimed_the_oldest_first(db: Database) -> None:
    new_case(db)
    assert timers.due(db, T0 - dt.timedelta(days=1)) == []
    soon = timers.next_at(db)
    assert soon is not None
    found = timers.due(db, LATE)
    assert [timer.at for timer in found] == sorted(timer.at for timer in found)
    assert found[0].at == soon
    assert {timer.key for timer in found} >= {"escalate:notify", "escalate:confirm_release"}


def test_a_claimed_timer_is_nobody_elses_until_its_lease_runs_out(db: Database) -> None:
    new_case(db)
    first = timers.due(db, LATE)
    assert first and timers.due(db, LATE) == []
    free_the_leases(db, "timer")
    again = timers.due(db, LATE)
    assert [timer.key for timer in again] == [timer.key for timer in first]
    assert {timer.attempts for timer in again} == {2}


def test_leases_follow_the_real_clock_and_not_the_demos(db: Database) -> None:
    new_case(db)
    timers.due(db, LATE)
    clock.set_to(LATE + dt.timedelta(days=4000))
    assert timers.due(db, clock.now()) == []


def test_a_timer_that_was_set_anew_meanwhile_is_not_settled(db: Database) -> None:
    new_case(db)
    claimed = next(timer for timer in timers.due(db, LATE) if timer.key == "escalate:notify")
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE timer SET at = '2028-01-01 00:00:00' WHERE key = 'escalate:notify'")
    timers.settle(db, claimed)
    assert rows(db, "SELECT count(*) FROM timer WHERE key = 'escalate:notify'") == [(1,)]
    for timer in timers.due(db, LATE):
        timers.settle(db, timer)


def test_two_sweeps_at_once_share_the_work(db: Database) -> None:
    for number in range(1, 6):
        new_case(db, number)
    found: list[list[timers.Due]] = [[], []]

    def sweep(n: int) -> None:
        for _ in range(5):
            found[n] += timers.due(db, LATE, limit=2)

    threads = [threading.Thread(target=sweep, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claimed = [(timer.case_id, timer.key) for timer in found[0] + found[1]]
    assert len(claimed) == len(set(claimed)) == rows(db, "SELECT count(*) FROM timer")[0][0]


def test_work_is_claimed_settled_and_then_gone(db: Database) -> None:
    new_case(db)
    items = outbox.claim(db, at=T0)
    assert {item.kind for item in items} == {"tell", "prepare"}
    assert outbox.claim(db, at=T0) == []
    outbox.settle(db, items, T0)
    free_the_leases(db, "outbox")
    assert outbox.claim(db, at=LATE) == []


def test_one_kind_can_be_claimed_by_itself(db: Database) -> None:
    new_case(db)
    assert {item.kind for item in outbox.claim(db, kind="tell", at=T0)} == {"tell"}


def test_the_same_dedupe_key_is_one_piece_of_work(db: Database) -> None:
    for _ in range(2):
        with db.write() as tx:
            outbox.put(tx, "letter", "letter:1", {"case": "2026-001"}, T0)
    (item,) = outbox.claim(db, at=T0)
    assert item.payload == {"case": "2026-001"}
    outbox.settle(db, [item], T0)
    with db.write() as tx:
        outbox.put(tx, "letter", "letter:1", {"case": "2026-001"}, later(days=1))
    assert outbox.claim(db, at=LATE) == []


def test_what_fails_again_and_again_becomes_a_dead_letter_and_can_be_tried_anew(db: Database) -> None:
    with db.write() as tx:
        outbox.put(tx, "letter", "letter:1", {"case": "2026-001"}, T0)
    for attempt in range(1, outbox.MOST_ATTEMPTS + 1):
        (item,) = outbox.claim(db, at=T0)
        assert item.attempts == attempt
        assert outbox.claim(db, at=T0) == []
        dead = outbox.fail(db, item, "ConnectionRefusedError", T0)
        assert dead == (attempt == outbox.MOST_ATTEMPTS)
        free_the_leases(db, "outbox")
    assert [(item.dedupe_key, item.fault) for item in outbox.dead_letters(db)] == [
        ("letter:1", "ConnectionRefusedError")
    ]
    assert outbox.claim(db, at=T0) == []
    outbox.again(db, item.id, T0)
    assert outbox.dead_letters(db) == []
    assert [item.attempts for item in outbox.claim(db, at=T0)] == [1]
