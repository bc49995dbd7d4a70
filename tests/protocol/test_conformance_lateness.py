"""Kept, late, missed: every step judged by what was known on the day."""

from __future__ import annotations

import pytest

from protocol.events import StepCorrected, StepReopened, TakenOver
from protocol.verdicts import verdicts
from tests.protocol.ledgers import Ledger, begun, calendar, day, found, kinds, only, small, verdict


def test_a_case_on_time_has_no_deviation() -> None:
    ledger = begun().opened("contact", "11-25").on("11-25 17:30").done("contact")
    assert found(ledger) == []
    assert verdict(ledger, "contact").verdict == "kept"
    assert verdict(ledger, "contact").done_on == day("11-25")


def test_late_begins_after_the_due_day() -> None:
    ledger = begun().opened("contact", "11-25").on("11-27").done("contact")
    deviation = only(ledger)
    assert (deviation.rule, deviation.kind, deviation.id) == ("step.late", "late", "contact")
    assert (deviation.due, deviation.occurred_on, deviation.working_days_late) == (day("11-25"), day("11-27"), 2)
    assert deviation.words == "First contact was done on 27 Nov 2026, 2 working days after its due day 25 Nov 2026."
    assert (verdict(ledger, "contact").verdict, verdict(ledger, "contact").working_days_late) == ("late", 2)


def test_kept_is_judged_on_the_day_it_happened_not_on_the_day_it_was_recorded() -> None:
    ledger = begun().opened("contact", "11-25").on("11-27").done("contact", happened="11-25")
    assert found(ledger) == []


def test_a_step_still_open_after_its_due_day_is_missed() -> None:
    ledger = begun().opened("contact", "11-25")
    assert found(ledger, until="11-25") == []
    assert verdict(ledger, "contact", until="11-25").verdict == "running"
    deviation = only(ledger, until="11-26")
    assert (deviation.rule, deviation.kind, deviation.cause) == ("step.missed", "missed", "missed")
    assert deviation.words == "First contact is still open, 1 working day after its due day 25 Nov 2026."
    assert verdict(ledger, "contact", until="11-26").verdict == "missed"


def test_what_was_recorded_after_the_day_of_the_question_is_not_looked_at() -> None:
    ledger = begun().opened("contact", "11-25").on("12-04").done("contact")
    assert kinds(ledger, until="12-03") == [("missed", "contact")]
    assert kinds(ledger, until="12-04") == [("late", "contact")]


def test_past_lateness_stays_when_the_date_moves_afterwards() -> None:
    ledger = begun("simple").opened("visit", "11-20").on("11-24").known("planned_release", "2027-01-10", "moved")
    ledger.due("visit", "12-21").on("12-10").done("visit")
    deviation = only(ledger)
    assert (deviation.kind, deviation.due, deviation.working_days_late) == ("late", day("11-20"), 2)
    assert deviation.cause == "missed", "the date moved only when it was late already"
    assert "had been late 2 working days" in deviation.words and "before that day changed" in deviation.words


def test_a_date_that_moves_in_time_gives_the_new_due_day() -> None:
    ledger = begun("simple").opened("visit", "11-20").on("11-20").known("planned_release", "2027-01-10", "moved")
    ledger.due("visit", "12-21").on("12-21").done("visit")
    assert found(ledger) == []
    assert verdict(ledger, "visit").due == day("12-21")


def test_a_date_that_moves_before_it_is_recorded_does_not_make_a_kept_step_late() -> None:
    ledger = begun("simple").opened("visit", "11-27").on("11-26").known("planned_release", "12-10", "moved")
    ledger.due("visit", "11-26").on("11-27").done("visit", happened="11-25")
    assert found(ledger) == []


def test_a_due_day_that_had_passed_when_it_became_known_runs_to_the_end_of_that_day() -> None:
    ledger = begun("simple").opened("visit", "11-30").on("11-26").due("visit", "11-20", "calendar")
    assert found(ledger, until="11-26") == []
    assert only(ledger, until="11-27").working_days_late == 1


def test_a_step_with_an_hour_is_late_after_that_hour() -> None:
    def confirmed(at: str, happened: str) -> Ledger:
        ledger = (
            Ledger()
            .on("11-10")
            .case()
            .known("planned_release", "11-20")
            .notice("short")
            .opened("confirm", "11-20", "12:00")
        )
        return ledger.on(at).done("confirm", happened=happened).phase("waiting", "12-31")

    assert found(confirmed("11-20 12:00", "11-20")) == []
    deviation = only(confirmed("11-20 12:01", "11-20"))
    assert (deviation.kind, deviation.working_days_late) == ("late", 0)
    assert deviation.words.startswith(
        "Confirmation of release was done on 20 Nov 2026, after its due day 20 Nov 2026 at 12:00"
    )
    # recorded on a later day, only the day is known
    assert found(confirmed("11-23 09:00", "11-20")) == []
    assert only(confirmed("11-23 09:00", "11-21")).kind == "late"


def test_a_step_opened_after_its_hour_has_the_rest_of_the_day() -> None:
    ledger = Ledger().on("11-20 13:00").case().known("planned_release", "11-20").opened("confirm", "11-20", "12:00")
    ledger.on("11-20 15:00").done("confirm").phase("waiting", "12-31")
    assert found(ledger) == []


def test_a_waiver_by_the_due_day_is_not_late_and_one_after_it_is() -> None:
    def waived(on: str) -> Ledger:
        ledger = begun().opened("contact", "11-25").on("11-11").done("contact")
        return ledger.opened("visit", "11-20").on(on).waived("visit")

    assert found(waived("11-20")) == []
    assert verdict(waived("11-20"), "visit").verdict == "waived"
    assert kinds(waived("11-23")) == [("late", "visit")]


def test_cancelled_before_its_due_day_is_neither_and_after_it_is_missed() -> None:
    def cancelled(on: str) -> Ledger:
        return begun().opened("contact", "11-25").on(on).cancelled("contact")

    assert found(cancelled("11-25")) == []
    assert verdict(cancelled("11-25"), "contact").verdict == "cancelled"
    assert kinds(cancelled("11-26")) == [("missed", "contact")]
    assert verdict(cancelled("11-26"), "contact").verdict == "missed"


@pytest.mark.parametrize("outcome", ["declined", "not_decided"])
def test_declined_sharing_is_never_late(outcome: str) -> None:
    ledger = begun().opened("share", "11-18").on("11-30", by="cas").done("share", outcome=outcome, second="cas")
    assert found(ledger) == []
    assert verdict(ledger, "share").verdict == ("kept" if outcome == "declined" else "cancelled")


def test_sharing_that_was_decided_late_is_late() -> None:
    ledger = begun().opened("share", "11-18").on("11-30", by="cas").done("share", outcome="shared", second="cas")
    assert kinds(ledger) == [("late", "share")]


def test_paused_time_does_not_count() -> None:
    def resumed(done: str) -> Ledger:
        ledger = begun().opened("contact", "11-25").on("11-24").phase("paused", "12-24")
        ledger.on("12-07").phase("open").due("contact", "12-09", "resumed")
        return ledger.on(done).done("contact")

    assert found(resumed("12-09")) == []
    assert kinds(resumed("12-10")) == [("late", "contact")]


def test_what_is_due_while_a_case_is_still_paused_is_not_late() -> None:
    assert found(begun().opened("contact", "11-25").on("11-24").phase("paused", "12-24")) == []


def test_what_was_late_before_the_pause_stays_late() -> None:
    ledger = begun().opened("contact", "11-20").on("11-24").phase("paused", "12-24")
    assert kinds(ledger) == [("missed", "contact")]


def test_a_due_day_in_the_pause_that_was_not_counted_anew_runs_to_the_day_of_resuming() -> None:
    ledger = begun().opened("contact", "11-25").on("11-24").phase("paused", "12-24").on("12-07").phase("open")
    assert found(ledger, until="12-07") == []
    assert only(ledger, until="12-08").due == day("11-25")


def test_a_step_undone_as_an_accident_is_judged_without_the_time_it_stood_as_done() -> None:
    ledger = begun().opened("contact", "11-25").on("11-24").done("contact")
    ledger.on("12-02").add(StepReopened(id="contact", reason="by_accident"))
    assert found(ledger, until="12-02") == []
    assert kinds(ledger, until="12-03") == [("missed", "contact")]
    ledger.on("12-02 15:00").done("contact")
    assert found(ledger) == []


def test_a_corrected_day_is_the_day_that_is_judged() -> None:
    ledger = begun().opened("contact", "11-25").on("11-26").done("contact", happened="11-26")
    assert kinds(ledger) == [("late", "contact")]
    ledger.on("11-27").add(StepCorrected(id="contact", occurred_on=day("11-25"), was=day("11-26"), reason="wrong_date"))
    assert found(ledger) == []


def test_steps_of_an_ended_phase_are_judged() -> None:
    ledger = begun().opened("retain", "12-10", trigger="closed").cancelled("confirm").phase("closed")
    assert kinds(ledger, until="12-11") == [("missed", "retain")]


def test_steps_settled_before_the_case_was_taken_over_are_not_judged() -> None:
    ledger = Ledger().on("12-01").case(notified="11-02").add(TakenOver(on=day("12-01")))
    ledger.opened("notify", "11-03").done("notify", happened="11-09").opened("mandate", "12-03")
    assert found(ledger, until="12-03") == []
    assert [v.id for v in verdicts(small(), ledger.entries, calendar(), day("12-03"))] == ["mandate"]
