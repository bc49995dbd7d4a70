"""One transaction per action: everything of it or nothing, once per command id, one winner."""

import datetime as dt
import threading
from typing import Any

import pytest

from casework import ledger, protocols, staff, states
from casework.cases import OneOpenCase, migrate_case, open_case, perform, recalculate
from casework.db import Database
from casework.errors import CommandReused, NotAllowed, NotFound, StaffUnknown
from casework.moving import change_closing_days
from casework.transitions import content_of
from casework.verify import verify
from models.columns import NO_LIMIT
from protocol.commands import SYSTEM, AssignStep, CompleteStep, DecideSecond, RecordAnchor, ReportEvent, Wake
from protocol.errors import Refused
from protocol.events import Entry
from protocol.replay import replay
from tests.casework.helpers import (
    MANDATE,
    NOTIFY,
    P0,
    T0,
    assigned_case,
    complete,
    counts,
    later,
    mandated_case,
    new_case,
    opening,
    rows,
)
from tests.personas import CORA, DIRK, LARS, LENA, OMAR, PAUL, PIET, SARA, VERA

pytestmark = pytest.mark.usefixtures("partnership")


def test_a_case_opens_with_its_number_its_steps_and_its_timers(db: Database) -> None:
    first, second = new_case(db, 1), new_case(db, 2)
    assert [first.ref, second.ref] == ["2026-001", "2026-002"]
    assert {step for (step,) in rows(db, "SELECT step FROM step WHERE case_id = 1 AND is_open")} >= {"notify"}
    assert rows(db, "SELECT count(*) FROM timer WHERE case_id = 1")[0][0] >= 2
    assert rows(db, "SELECT planned_release, certainty, prison, phase FROM release_case WHERE id = 1") == [
        (P0 if db.kind == "postgresql" else P0.isoformat(), "confirmed", "Mechelen", "active")
    ]


def test_nothing_about_the_person_stands_in_the_database(db: Database) -> None:
    mandated_case(db)
    everything = []
    for table in ("person", "person_identity", "release_case", "step", "ledger_entry", "outbox", "timer", "import_row"):
        everything += [str(value) for row in rows(db, f"SELECT * FROM {table}") for value in row]
    stored = " ".join(everything)
    for canary in ("Canaryname1", "Robin", "REF-0001", "1990-01-02", "Canary reason"):
        assert canary not in stored


def test_the_forms_texts_stand_in_the_sealed_ledger_only(db: Database) -> None:
    ref = mandated_case(db).ref
    with db.read() as tx:
        entries = ledger.entries(tx, ledger.case_stream(ref))
    key_id = rows(db, "SELECT key_id FROM release_case")[0][0]
    contents = [content_of(db.keys.sealer(key_id), *entry) for entry in entries]
    assert contents[2]["form"]["reason"] == "Canary reason in free text"
    assert "Canary reason" not in str([content["events"] for content in contents])


def test_the_state_is_what_a_replay_of_the_ledger_makes_of_it(db: Database) -> None:
    performed = assigned_case(db)
    key = states.key_of(db, rows(db, "SELECT key_id FROM release_case")[0][0])
    with db.read() as tx:
        found = [(header, content_of(key, header, body)) for header, body in ledger.entries(tx, "case:2026-001")]
    log = [
        Entry(seq=h.seq, recorded_at=h.recorded_at, by=h.by, command=h.command, events=content["events"])
        for h, content in found
    ]
    assert replay(log) == performed.state
    db.memory.clear()
    again = perform(db, SYSTEM, performed.ref, Wake(), "", T0)
    assert again.state == performed.state


def test_a_refused_command_changes_nothing(db: Database) -> None:
    ref = new_case(db).ref
    before = counts(db), rows(db, "SELECT version, head_hash FROM release_case")
    with pytest.raises(Refused):
        complete(db, CORA, ref, "notify", {"source": "nonsense"})
    with pytest.raises(Refused):
        complete(db, CORA, ref, "close", {})
    assert (counts(db), rows(db, "SELECT version, head_hash FROM release_case")) == before


def test_the_same_command_id_twice_has_one_effect(db: Database) -> None:
    ref = new_case(db).ref
    first = complete(db, CORA, ref, "notify", NOTIFY)
    before = counts(db)
    again = complete(db, CORA, ref, "notify", NOTIFY)
    assert again.repeated
    assert again.events == first.events
    assert again.seq == first.seq
    assert counts(db) == before


def test_the_same_opening_twice_opens_one_case(db: Database) -> None:
    first = new_case(db)
    again = new_case(db)
    assert again.repeated and again.ref == first.ref
    assert rows(db, "SELECT count(*) FROM release_case") == [(1,)]


def test_a_command_id_belongs_to_one_case(db: Database) -> None:
    first, second = new_case(db, 1), new_case(db, 2)
    perform(db, CORA, first.ref, AssignStep(id="notify", staff="s-cora"), "same-id", T0)
    with pytest.raises(CommandReused):
        perform(db, CORA, second.ref, AssignStep(id="notify", staff="s-cora"), "same-id", T0)


def at_once(*calls: Any) -> list[Any]:
    """Run calls in threads that start together; what each returned or raised."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(n: int) -> None:
        start.wait()
        try:
            results[n] = calls[n]()
        except Exception as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_people_completing_one_step_give_one_winner_and_one_clear_refusal(db: Database) -> None:
    ref = new_case(db).ref
    command = CompleteStep(id="notify", occurred_on=T0.date(), fields=NOTIFY)
    results = at_once(
        lambda: perform(db, CORA, ref, command, "by-cora", T0), lambda: perform(db, DIRK, ref, command, "by-dirk", T0)
    )
    refusals = [result for result in results if isinstance(result, Refused)]
    assert len(refusals) == 1
    assert "done already" in refusals[0].reason
    assert rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = 'case:2026-001'") == [(2,)]


def test_one_command_sent_twice_at_once_has_one_effect(db: Database) -> None:
    ref = new_case(db).ref
    results = at_once(*[lambda: complete(db, CORA, ref, "notify", NOTIFY)] * 4)
    assert sorted(result.repeated for result in results) == [False, True, True, True]


def test_many_cases_opened_at_once_have_numbers_of_their_own(db: Database) -> None:
    results = at_once(*[lambda n=n: new_case(db, n) for n in range(1, 9)])
    assert sorted(result.ref for result in results) == [f"2026-{n:03d}" for n in range(1, 9)]
    assert verify(db)["intact"]


def test_one_person_has_one_open_case(db: Database) -> None:
    first = new_case(db)
    with pytest.raises(OneOpenCase) as refused:
        open_case(db, PIET, opening(1), "again", T0)
    assert refused.value.ref == first.ref
    results = at_once(*[lambda n=n: open_case(db, PIET, opening(2), f"race-{n}", T0) for n in range(3)])
    assert sum(isinstance(result, OneOpenCase) for result in results) == 2


def test_the_same_name_and_birth_date_elsewhere_is_asked_about_and_never_merged(db: Database) -> None:
    new_case(db)
    same = opening(1, prison="Hasselt", reference="H-77")
    with pytest.raises(OneOpenCase, match="two persons"):
        open_case(db, PIET, same, "elsewhere", T0)
    decided = opening(1, prison="Hasselt", reference="H-77").__class__(same.command, same.details, another_person=True)
    assert open_case(db, PIET, decided, "decided", T0).ref == "2026-002"
    assert rows(db, "SELECT count(*) FROM person") == [(2,)]


def test_a_case_that_nobody_remembers_is_replayed_from_its_last_snapshot(db: Database) -> None:
    ref = assigned_case(db).ref
    for number in range(25):
        staff_id = ("s-dora", "s-lena")[number % 2]
        live = perform(db, LENA, ref, AssignStep(id="contact#1", staff=staff_id), f"hand-over-{number}", T0).state
        db.memory.pop("states")
        assert perform(db, SYSTEM, ref, Wake(), "", T0).state == live
    seq, snapshot_seq = rows(db, "SELECT head_seq, snapshot_seq FROM release_case")[0]
    assert 0 <= seq - snapshot_seq < states.EVERY


# --- who may ---


def test_who_may_not_know_the_case_gets_the_same_answer_as_for_no_case(db: Database) -> None:
    ref = new_case(db).ref
    for ref_asked in (ref, "2026-999"):
        with pytest.raises(NotFound) as refused:
            perform(db, OMAR, ref_asked, AssignStep(id="notify", staff="s-omar"), "x", T0)
        assert refused.value.rule == "case.unknown"
    with pytest.raises(NotFound):
        perform(db, VERA, ref, RecordAnchor(anchor="planned_release", on=P0), "y", T0)


def test_who_knows_the_case_but_may_not_act_gets_the_reason(db: Database) -> None:
    ref = assigned_case(db).ref
    with pytest.raises(NotAllowed, match="belongs to"):
        complete(db, PIET, ref, "contact#1", {})
    with pytest.raises(NotFound):
        complete(db, LARS, ref, "contact#1", {})
    with pytest.raises(NotAllowed, match="by itself"):
        perform(db, CORA, ref, Wake(), "w", T0)


def test_the_author_cannot_be_the_second_person(db: Database) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    with pytest.raises(NotAllowed):
        perform(db, CORA, ref, DecideSecond(id="mandate", agree=True, occurred_on=T0.date()), "own", T0)
    perform(db, SARA, ref, DecideSecond(id="mandate", agree=True, occurred_on=T0.date()), "other", T0)


def test_a_task_is_given_only_to_somebody_who_works_here(db: Database) -> None:
    ref = new_case(db).ref
    with pytest.raises(StaffUnknown):
        perform(db, CORA, ref, AssignStep(id="notify", staff="s-nobody"), "a", T0)
    mandated = mandated_case(db, 2).ref
    with pytest.raises(StaffUnknown) as refused:
        complete(db, CORA, mandated, "assign", {"lead": "s-nobody", "deputy": "s-dora", "no_conflict": "yes"})
    assert refused.value.field == "lead"


# --- rows ---


def test_a_proposed_step_waits_in_the_queue_of_the_second_persons(db: Database) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", MANDATE)
    found = rows(db, "SELECT status, role, assignee FROM step WHERE occurrence = 'mandate'")
    assert found == [("proposed", "second_member|second_police", None)]
    perform(db, PAUL, ref, DecideSecond(id="mandate", agree=True, occurred_on=T0.date()), "second", T0)
    assert rows(db, "SELECT status, role FROM step WHERE occurrence = 'mandate'") == [("done", "coordinator")]


def test_the_lead_worker_gets_the_tasks_of_the_lead_worker(db: Database) -> None:
    ref = assigned_case(db).ref
    assert rows(db, "SELECT lead, deputy FROM release_case") == [("s-lena", "s-dora")]
    assert rows(db, "SELECT assignee FROM step WHERE occurrence = 'contact#1'") == [("s-lena",)]
    relations = rows(db, "SELECT staff, relation FROM case_member ORDER BY relation")
    assert relations == [("s-piet", "announcer"), ("s-dora", "deputy"), ("s-lena", "lead")]
    perform(db, LENA, ref, AssignStep(id="contact#1", staff="s-dora"), "hand-over", T0)
    assert rows(db, "SELECT assignee FROM step WHERE occurrence = 'contact#1'") == [("s-dora",)]


def test_nothing_is_late_in_a_pause(db: Database) -> None:
    ref = assigned_case(db).ref
    perform(db, CORA, ref, ReportEvent(event="new_arrest", occurred_on=T0.date()), "arrest", T0)
    due = {str(at)[:4] for (at,) in rows(db, "SELECT due_at FROM step WHERE is_open")}
    assert due <= {str(NO_LIMIT.year)}
    assert rows(db, "SELECT count(*) FROM timer WHERE key LIKE 'escalate:%'") == [(0,)]
    perform(db, CORA, ref, ReportEvent(event="free_again", occurred_on=T0.date()), "free", later(hours=1))
    due = {str(at)[:4] for (at,) in rows(db, "SELECT due_at FROM step WHERE is_open AND occurrence = 'contact#1'")}
    assert due <= {"2026"}


def test_every_effect_is_in_the_outbox_once_with_opaque_ids_only(db: Database) -> None:
    performed = new_case(db)
    found = rows(db, "SELECT kind, dedupe_key FROM outbox ORDER BY id")
    wanted = [effect.kind for effect in performed.effects if effect.kind != "timer"]
    assert [kind for kind, _ in found] == wanted
    assert {key.split(":")[0] for _, key in found} == {performed.ref}


# --- moving ---


def other_version(db: Database, number: str, **changes: str) -> None:
    """The protocol with another version number and another text."""
    text = rows(db, "SELECT text FROM protocol_version WHERE key = 'mechelen'")[0][0]
    text = text.replace('version: "2026.1"', f'version: "{number}"').replace("version: 2026.1", f"version: '{number}'")
    for was, now in changes.items():
        assert was in text
        text = text.replace(was, now)
    protocols.put_in_force(db, text, "changed.yaml", SYSTEM, later(days=1))


def test_a_running_case_keeps_its_version_until_it_is_moved_by_decision(db: Database) -> None:
    old = new_case(db, 1).ref
    other_version(db, "2026.2")
    new = open_case(db, PIET, opening(2), "new", later(days=1)).ref
    assert rows(db, "SELECT ref, protocol_version FROM release_case ORDER BY ref") == [(old, "2026.1"), (new, "2026.2")]
    before = counts(db)
    migrate_case(db, CORA, old, "2026.2", "agreed in the meeting", "m", dry_run=True, at=later(days=1))
    assert counts(db) == before
    migrate_case(db, CORA, old, "2026.2", "agreed in the meeting", "m", at=later(days=1))
    assert rows(db, "SELECT protocol_version FROM release_case WHERE ref = '2026-001'") == [("2026.2",)]
    with pytest.raises(NotAllowed):
        migrate_case(db, PIET, new, "2026.1", "no", "n", at=later(days=1))
    with pytest.raises(Refused, match="not in force"):
        migrate_case(db, CORA, new, "2031.1", "typing error", "o", at=later(days=1))


def test_a_version_in_force_is_never_changed(db: Database) -> None:
    text = rows(db, "SELECT text FROM protocol_version WHERE key = 'mechelen'")[0][0]
    with pytest.raises(Refused, match="another text"):
        protocols.put_in_force(db, text + "\n# one more line\n", "changed.yaml", SYSTEM, T0)


def test_closing_days_added_later_move_what_is_due_and_show_it_first(db: Database) -> None:
    ref = new_case(db).ref
    thursday = dt.date(2026, 11, 12)
    before = counts(db)
    shown = change_closing_days(db, CORA, {thursday: "training"}, dry_run=True, at=T0)
    assert counts(db) == before
    moved = change_closing_days(db, CORA, {thursday: "training"}, at=T0)
    assert moved == shown
    assert [(change.case, change.step, change.was, change.now) for change in moved] == [
        (ref, "notify", thursday, dt.date(2026, 11, 13))
    ]
    assert recalculate(db, CORA, at=T0) == []
    back = change_closing_days(db, CORA, remove=(thursday,), at=T0)
    assert [(change.was, change.now) for change in back] == [(dt.date(2026, 11, 13), thursday)]
    before = counts(db)
    with pytest.raises(NotAllowed):
        change_closing_days(db, PIET, {thursday: "no"}, at=T0)
    assert counts(db) == before


def test_absences_pass_a_task_to_the_first_present_substitute_of_another_service(db: Database) -> None:
    member = staff.find(db, "s-paul")
    member.substitutes = {"second_police": ["s-ilse", "s-sara", "s-dirk"]}
    staff.save(db, [member], at=T0)
    day = T0.date()
    staff.record_absence(db, "s-ilse", day, day, CORA, at=T0)
    found = staff.substitute_for(db, "s-paul", "second_police", day, not_service="prevention")
    assert found is not None and found.id == "s-sara"
    staff.record_absence(db, "s-sara", day, day, SARA, at=T0)
    assert staff.substitute_for(db, "s-paul", "second_police", day, not_service="prevention") is None
