"""Why a step was late: told late, date moved, access refused, absence; otherwise missed."""

from __future__ import annotations

import pytest

from protocol.conformance import conformance
from protocol.deviations import Deviation
from tests.protocol.ledgers import Ledger, begun, calendar, day, small


def late(ledger: Ledger, id: str, *absences: tuple[str, str, str]) -> Deviation:
    away = [(staff, day(first), day(last)) for staff, first, last in absences]
    deviations = conformance(small(), ledger.entries, calendar(), day("2027-03-31"), absences=away)
    return next(d for d in deviations if d.id == id and d.kind in ("late", "missed"))


def test_without_any_other_cause_it_was_missed() -> None:
    deviation = late(begun().opened("contact", "11-24").on("11-26").done("contact"), "contact")
    assert deviation.cause == "missed"
    assert deviation.words.endswith("after its due day 24 Nov 2026.")


# --- told late


def test_a_notification_recorded_so_late_that_less_than_the_normal_period_was_left() -> None:
    def notified(recorded: str) -> Ledger:
        ledger = Ledger().on(recorded).case(notified="11-10").known("notification", "11-10").opened("notify", "11-12")
        return ledger.on("11-16").done("notify").opened("confirm", None)

    # Wednesday 11 November is Armistice Day: one working day from Tuesday to Thursday
    assert late(notified("11-10"), "notify").cause == "missed"
    told = late(notified("11-12"), "notify")
    assert told.cause == "told_late"
    assert told.words.endswith("; the news came late.")


def test_the_shortest_notice_for_a_step_that_gets_less_time_by_it() -> None:
    def contacted(notice: str) -> Ledger:
        return begun().on("11-10 13:00").notice(notice, 8).opened("contact", "11-13").on("11-16").done("contact")

    assert late(contacted("short"), "contact").cause == "told_late"
    assert late(contacted("long"), "contact").cause == "missed"


def test_short_notice_explains_nothing_once_the_person_is_free() -> None:
    ledger = begun().on("11-13").known("actual_release", "11-13").notice("short").opened("followup#1", "11-18")
    assert late(ledger.on("11-19").done("followup#1"), "followup#1").cause == "missed"


def test_a_release_that_became_known_after_the_day_itself() -> None:
    def released(recorded: str) -> Ledger:
        ledger = begun().on(recorded).known("actual_release", "11-13").opened("followup#1", "11-18")
        return ledger.on("11-20").done("followup#1")

    assert late(released("11-13"), "followup#1").cause == "missed"
    assert late(released("11-17"), "followup#1").cause == "told_late"


@pytest.mark.parametrize(("known", "cause"), [("11-18", "told_late"), ("11-17", "missed")])
def test_a_planned_release_that_became_known_near_the_due_day(known: str, cause: str) -> None:
    ledger = Ledger("simple").on("11-10").case().on(known).known("planned_release", "12-10").opened("visit", "11-20")
    assert late(ledger.on("11-23").done("visit"), "visit").cause == cause


def test_a_step_in_its_short_form_had_no_time_left() -> None:
    ledger = begun("simple").opened("visit", "11-20", form="call").on("11-23").done("visit")
    assert late(ledger, "visit").cause == "told_late"


def test_a_step_opened_by_an_event_is_counted_from_that_event() -> None:
    ledger = begun().on("11-10 13:00").notice("short", 8).opened("contact", "11-13", trigger="accepted")
    assert late(ledger.on("11-16").done("contact"), "contact").cause == "missed"


def test_a_due_day_that_had_passed_when_it_became_known() -> None:
    ledger = begun().on("11-20").opened("contact", "11-18", trigger="accepted").on("11-24").done("contact")
    deviation = late(ledger, "contact")
    assert (deviation.cause, deviation.working_days_late) == ("told_late", 2)


# --- date moved


@pytest.mark.parametrize("why", ["moved", "withdrawn", "corrected"])
def test_a_date_that_moved_between_opening_and_the_due_day(why: str) -> None:
    ledger = begun("simple").opened("visit", "12-10").on("11-16").known("planned_release", "12-17", why)
    ledger.due("visit", "11-27").on("12-01").done("visit")
    deviation = late(ledger, "visit")
    assert deviation.cause == "date_moved"
    assert deviation.words.endswith("2 working days after its due day 27 Nov 2026; a date had moved.")


def test_a_date_that_moved_before_the_step_opened_or_after_it_was_late() -> None:
    ledger = begun("simple").on("11-11").known("planned_release", "12-20", "moved").opened("visit", "11-27")
    assert late(ledger.on("12-01").done("visit"), "visit").cause == "missed"
    ledger = begun("simple").opened("visit", "11-27").on("11-30").known("planned_release", "12-20", "moved")
    assert late(ledger.on("12-01").done("visit"), "visit").cause == "missed"


def test_a_date_that_this_step_does_not_depend_on() -> None:
    ledger = begun().opened("contact", "11-24").on("11-16").known("planned_release", "2027-04-01", "moved")
    assert late(ledger.on("11-26").done("contact"), "contact").cause == "missed"


def test_a_date_that_became_known_is_not_a_date_that_moved() -> None:
    ledger = Ledger("simple").on("11-10").case().opened("visit", None).on("11-12").known("planned_release", "12-20")
    ledger.due("visit", "11-27").on("12-01").done("visit")
    assert late(ledger, "visit").cause == "missed"


# --- access refused


def test_a_visit_that_was_not_let_in_as_its_form_says() -> None:
    def visited(**given: str) -> Ledger:
        return begun("simple").opened("visit", "11-27").on("12-01").done("visit", given=given)

    deviation = late(visited(held="access_refused"), "visit")
    assert deviation.cause == "access_refused"
    assert deviation.words.endswith("; access was refused.")
    assert late(visited(held="held"), "visit").cause == "missed"


def test_a_visit_turned_away_the_first_time() -> None:
    ledger = begun("simple").opened("visit#1", "11-27").on("11-26").done("visit#1", outcome="access_refused")
    ledger.opened("visit#2", "12-01").on("12-03").done("visit#2")
    assert late(ledger, "visit#2").cause == "access_refused"


def test_an_event_says_so_for_the_step_it_names() -> None:
    def turned_away(step: str) -> Ledger:
        ledger = begun("simple").opened("visit", "11-27").on("11-26").happened("access_refused", "11-26", which=step)
        return ledger.on("12-01").done("visit")

    assert late(turned_away("visit"), "visit").cause == "access_refused"
    assert late(turned_away("contact"), "visit").cause == "missed"


# --- absence


@pytest.mark.parametrize(
    ("staff", "first", "last", "cause"),
    [
        ("lea", "11-24", "11-24", "absence"),  # on the due day
        ("lea", "11-12", "11-18", "absence"),  # four of the eight working days there were
        ("lea", "11-12", "11-17", "missed"),  # three of them
        ("lea", "11-25", "12-20", "missed"),  # only afterwards
        ("mia", "11-10", "11-30", "missed"),  # somebody else
    ],
)
def test_an_absence_of_whoever_it_was_assigned_to(staff: str, first: str, last: str, cause: str) -> None:
    # from Thursday 12 November there are the 13th, 16 to 20, 23 and 24: eight working days
    ledger = begun().on("11-12").opened("contact", "11-24").assigned("contact", "lea").on("11-26").done("contact")
    assert late(ledger, "contact", (staff, first, last)).cause == cause


def test_a_task_that_was_handed_over_in_time_is_the_substitutes() -> None:
    ledger = begun().opened("contact", "11-24").assigned("contact", "lea").on("11-16").assigned("contact", "mia")
    ledger.on("11-26").done("contact")
    assert late(ledger, "contact", ("lea", "11-10", "11-30")).cause == "missed"
    assert late(ledger, "contact", ("mia", "11-24", "11-24")).cause == "absence"


def test_nobody_is_named_in_the_words() -> None:
    ledger = (
        begun().opened("contact", "11-24").assigned("contact", "lea").on("11-26", by="lea").done("contact", by="lea")
    )
    deviation = late(ledger, "contact", ("lea", "11-24", "11-24"))
    assert deviation.words.endswith("; whoever it was assigned to was absent.")
    assert "lea" not in str(deviation).replace("release", "")
