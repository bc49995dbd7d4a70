"""Conformance: every property of the log, once kept and once not. Lateness and its causes stand apart."""

from __future__ import annotations

from protocol.events import CaseErased, ProtocolMoved, StepReopened, StepsRenewed
from tests.protocol.ledgers import Ledger, begun, day, found, kinds, only, verdict

# --- recorded late


def test_recording_more_than_two_working_days_later_is_a_deviation_of_its_own() -> None:
    def recorded(on: str) -> Ledger:
        return begun().opened("contact", "11-25").on(on).done("contact", happened="11-20")

    assert found(recorded("11-24")) == []  # Friday to Tuesday: two working days
    deviation = only(recorded("11-25"))
    assert (deviation.rule, deviation.kind, deviation.working_days_late) == ("step.recorded-late", "recorded_late", 1)
    assert (deviation.occurred_on, deviation.recorded_on) == (day("11-20"), day("11-25"))
    assert verdict(recorded("11-25"), "contact").verdict == "kept"


def test_a_second_person_who_takes_time_does_not_make_the_owner_record_late() -> None:
    ledger = begun().opened("share", "11-18").on("11-11").proposed("share", "cas", "police")
    ledger.on("11-18").done("share", happened="11-11", outcome="shared", by="cas", second="ann")
    assert found(ledger) == []


def test_a_notification_or_an_event_recorded_late_is_a_deviation_of_the_case() -> None:
    ledger = (
        Ledger().on("11-18").case(notified="11-10").opened("notify", "11-18").done("notify").phase("waiting", "12-30")
    )
    deviation = only(ledger)
    assert (deviation.rule, deviation.id) == ("case.recorded-late", "")
    ledger = begun().on("11-18").happened("other_prison", "11-12")
    assert only(ledger).words == "Other prison of 12 Nov 2026 was recorded only on 18 Nov 2026."
    assert found(begun().on("11-16").happened("other_prison", "11-12")) == []


# --- four eyes, waivers, order


def test_four_eyes_needs_a_second_person_of_another_service() -> None:
    def shared(**more: object) -> Ledger:
        ledger = begun().opened("share", "11-18").proposed("share", "cas", "police")
        return ledger.on("11-11").done("share", outcome="shared", by="cas", **more)

    assert found(shared(second="ann")) == []
    assert only(shared()).rule == "step.four-eyes"
    assert only(shared(second="cas")).rule == "step.four-eyes.same-person"
    assert found(shared(second="dirk")) == [], "nobody knows where dirk works"
    assert only(shared(second="dirk"), services={"dirk": "police"}).rule == "step.four-eyes.same-service"


def test_a_waiver_that_the_protocol_allows_to_nobody() -> None:
    ledger = begun().opened("contact", "11-25").on("11-12").waived("contact")
    assert only(ledger).rule == "step.waiver"
    # the variant of a simple release lets nobody waive the visit
    ledger = begun("simple").opened("visit", "11-25").on("11-12").waived("visit")
    assert only(ledger).rule == "step.waiver"


def test_what_was_settled_under_an_earlier_version_is_not_held_against_this_one() -> None:
    ledger = begun().opened("share", "11-18").on("11-11").done("share", outcome="shared").opened("contact", "11-25")
    assert kinds(ledger, until="11-20") == [("four_eyes", "share")]
    ledger.on("11-12").add(ProtocolMoved(version="1", reason="decided"))
    assert found(ledger, until="11-20") == []
    assert kinds(ledger.on("11-13").waived("contact")) == [("waiver", "contact")]


def test_no_two_follow_ups_running_are_waived() -> None:
    def followed(*waived: int) -> Ledger:
        ledger = begun().on("11-13").cancelled("confirm").known("actual_release", "11-13").phase("waiting", "12-31")
        for n, (opens, due) in enumerate([("11-13", "11-18"), ("11-18", "11-27"), ("11-27", "12-11")], 1):
            ledger.on(f"{opens} 15:00").opened(f"followup#{n}", due, last=n == 3)
            ledger.on(f"{due} 09:00")
            ledger.waived(f"followup#{n}") if n in waived else ledger.done(f"followup#{n}")
        return ledger

    assert found(followed(1, 3)) == []
    deviation = only(followed(2, 3))
    assert (deviation.rule, deviation.id, deviation.n) == ("step.waiver.twice-running", "followup#3", 3)
    assert deviation.words == "Follow-up meeting 3 was waived, and so was the one before it."


def test_a_step_done_before_what_it_waits_for() -> None:
    ledger = Ledger().on("11-10").case().opened("notify", "11-12").opened("mandate", "11-16").opened("confirm", None)
    ledger.known("planned_release", "2027-03-01").on("11-11").done("mandate", outcome="yes", second="ben").done(
        "notify"
    )
    deviation = only(ledger)
    assert (deviation.rule, deviation.kind, deviation.id) == ("step.before-ready", "out_of_order", "mandate")
    assert deviation.words == "Mandate check was done on 11 Nov 2026 but still had to wait for: Notification."


def test_a_predecessor_with_another_outcome_does_not_count() -> None:
    ledger = Ledger().on("11-10").case().opened("notify", "11-12").done("notify").opened("mandate", "11-16")
    ledger.on("11-11").done("mandate", outcome="no", second="ben").opened("contact", "11-25").done("contact")
    ledger.phase("waiting", "12-30")
    assert kinds(ledger) == [("out_of_order", "contact")]
    assert only(ledger).words.endswith("still had to wait for: mandated.")
    # the high-level meeting may give the mandate too
    ledger = Ledger().on("11-10").case().opened("notify", "11-12").done("notify").opened("mandate", "11-16")
    ledger.on("11-11").done("mandate", outcome="no", second="ben").opened("highlevel", "11-18", trigger="gate")
    ledger.on("11-12").done("highlevel", outcome="yes").opened("contact", "11-25").done("contact")
    assert found(ledger.phase("waiting", "12-30")) == []


def test_what_was_undone_is_no_longer_settled_for_those_who_wait() -> None:
    ledger = begun().opened("contact", "11-25").on("11-12").done("contact").opened("visit", "11-27")
    ledger.on("11-13").add(StepReopened(id="contact", reason="by_accident")).on("11-16").done("visit")
    ledger.on("11-17").done("contact")
    assert kinds(ledger) == [("out_of_order", "visit")]


def test_a_predecessor_cancelled_as_settled_or_not_in_the_variant_is_not_waited_for() -> None:
    ledger = (
        begun().opened("contact", "11-25").on("11-13").cancelled("contact", as_settled=True).opened("visit", "11-27")
    )
    assert found(ledger.on("11-16").done("visit")) == []
    ledger = begun().opened("contact", "11-25").on("11-13").cancelled("contact").opened("visit", "11-27")
    assert kinds(ledger.on("11-16").done("visit")) == [("out_of_order", "visit")]
    assert found(begun("simple").opened("visit", "11-27").on("11-16").done("visit")) == []


def test_what_was_cancelled_before_it_opened_is_no_deviation() -> None:
    ledger = (
        begun().on("11-12").cancelled("contact", as_settled=True).opened("visit", "11-27").on("11-16").done("visit")
    )
    assert found(ledger) == []


def test_closure_waits_for_the_last_occurrence() -> None:
    def closed(*, last_done: bool) -> Ledger:
        ledger = begun().on("11-13").cancelled("confirm").known("actual_release", "11-13")
        ledger.opened("followup#1", "11-18").done("followup#1").on("11-18").opened("followup#2", "12-15", last=True)
        if last_done:
            ledger.done("followup#2")
        return ledger.opened("close", "2027-01-13").on("11-19").done("close").phase("closed")

    assert found(closed(last_done=True)) == []
    assert kinds(closed(last_done=False), until="12-14") == [("out_of_order", "close"), ("left_open", "followup#2")]


def test_a_step_that_never_opened_and_a_step_settled_twice() -> None:
    assert only(begun().on("11-12").done("contact")).rule == "step.never-opened"
    ledger = begun().opened("contact", "11-25").on("11-12").done("contact").on("11-13").done("contact")
    assert only(ledger).rule == "step.settled-twice"
    ledger = begun().opened("contact", "11-25").on("11-12").done("contact").on("11-13").opened("contact", "11-27")
    assert kinds(ledger, until="11-20") == [("out_of_order", "contact")]


def test_a_step_to_be_done_again_may_open_again() -> None:
    ledger = begun().opened("contact", "11-25").on("11-12").done("contact")
    ledger.on("11-13").add(StepsRenewed(steps=("contact",), why="date_moved")).opened("contact", "11-27")
    assert found(ledger, until="11-27") == []


def test_escalation_that_was_owed_is_not_a_deviation_of_the_case() -> None:
    ledger = begun().opened("contact", "11-12").on("12-01").done("contact")
    assert kinds(ledger) == [("late", "contact")]


# --- the case as a whole


def test_an_open_case_has_an_open_step_or_an_end_in_sight() -> None:
    ledger = begun().on("11-12").cancelled("confirm")
    deviation = only(ledger)
    assert (deviation.rule, deviation.kind, deviation.step) == ("case.stuck", "stuck", "")
    assert found(ledger.phase("waiting", "2027-02-10")) == []


def test_between_two_occurrences_a_case_is_not_stuck() -> None:
    ledger = begun().on("11-13").cancelled("confirm").known("actual_release", "11-13").opened("followup#1", "11-18")
    ledger.on("11-16").done("followup#1")
    assert found(ledger, until="11-18") == []
    assert only(ledger, until="11-19").kind == "stuck", "the next one should have opened"


def test_a_closed_case_keeps_only_the_steps_of_its_phase() -> None:
    ledger = begun().opened("retain", "2027-11-10", trigger="closed").on("11-12").phase("closed")
    assert kinds(ledger) == [("left_open", "confirm")]
    assert found(ledger.cancelled("confirm")) == []


def test_erasure_after_its_day() -> None:
    def erased(retained: str, on: str | None) -> Ledger:
        ledger = begun().cancelled("confirm").phase("closed").opened("retain", "12-10", trigger="closed")
        ledger.on(retained).done("retain")
        return ledger.on(on).add(CaseErased(on=day(on))) if on else ledger

    assert found(erased("12-10", "12-10")) == []
    assert kinds(erased("12-10", "12-14")) == [("erased_late", "retain")]
    assert "was not yet" in only(erased("12-10", None)).words
    assert kinds(erased("12-14", "12-14")) == [("late", "retain")], "once is enough"
