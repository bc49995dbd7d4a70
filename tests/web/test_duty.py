"""The duty rota: kept by those who administer, used by the real escalation, shown to those who are called."""

import datetime as dt
from collections.abc import Callable

import pytest

from casework import duty, staff
from casework.automatic import deadlines
from casework.automatic.facts import facts_of
from casework.automatic.recipients import Directory, recipients
from casework.db import Database
from casework.errors import NotAllowed
from models.people import Staff
from protocol.commands import SYSTEM
from protocol.errors import Refused
from tests.casework.helpers import T0, assigned_case, counts, new_case, rows
from tests.flows.partnership import prepared
from tests.personas import ADDED, CORA, DIRK, LENA
from tests.web.conftest import ADMINISTRATOR, BERT, Browser

Choose = Callable[..., Browser]
MONDAY = dt.date(2026, 11, 9)
WEEK = dt.timedelta(days=7)


@pytest.fixture
def chief(partnership: Database) -> Database:
    """Somebody more who may be called."""
    member = Staff(id="s-chief", name="Kim Fictief", roles=["chiefs_delegate"], service="police", added_at=ADDED)
    staff.save(partnership, [member], SYSTEM, at=ADDED)
    return partnership


def called(db: Database, ref: str, day: dt.date) -> list[list[str]]:
    """Who is told at each rung of an urgent escalation."""
    directory, facts = Directory(db, day), facts_of(db, ref)
    rungs = ("coordinator_on_duty", "next_on_rota", "mayors_emergency_number")
    return [recipients(db, directory, facts, rung, "notify") for rung in rungs]


def test_without_a_rota_the_coordinator_is_called_and_then_the_deputy(chief: Database) -> None:
    assert called(chief, new_case(chief).ref, T0.date()) == [["s-cora"], ["s-dirk"], ["s-maya"]]


def test_the_week_counts_first_and_the_phone_list_in_weeks_that_are_empty(chief: Database) -> None:
    ref = new_case(chief).ref
    duty.save_weeks(chief, CORA, {MONDAY: ("s-dirk", "s-chief"), MONDAY + WEEK: ("", "")}, T0)
    duty.save_phone_list(chief, BERT, ["s-chief", "", "s-cora"], "+32 15 00 00 09", T0)
    sunday, next_week = MONDAY + dt.timedelta(days=6), MONDAY + WEEK
    assert called(chief, ref, MONDAY)[:2] == called(chief, ref, sunday)[:2] == [["s-dirk"], ["s-chief"]]
    assert called(chief, ref, next_week)[:2] == [["s-chief"], ["s-cora"]]
    assert duty.order_on(chief, MONDAY) == ["s-dirk", "s-chief", "s-cora"]
    assert duty.emergency_number(chief) == "+32 15 00 00 09"


def test_who_is_away_or_has_left_is_not_called(chief: Database) -> None:
    ref = new_case(chief).ref
    duty.save_weeks(chief, CORA, {MONDAY: ("s-dirk", "s-chief")}, T0)
    staff.record_absence(chief, "s-dirk", T0.date(), T0.date(), DIRK, at=T0)
    assert called(chief, ref, T0.date())[:2] == [["s-chief"], ["s-cora"]]
    gone = staff.find(chief, "s-chief")
    staff.save(chief, [Staff(**{**gone.model_dump(), "left_at": T0})], SYSTEM, at=T0)
    assert called(chief, ref, MONDAY)[:2] == [["s-dirk"], ["s-cora"]]


def test_the_real_escalation_calls_who_is_on_duty(chief: Database) -> None:
    """The release is not confirmed by noon of its day: the sweep makes the call, and the rota says to whom."""
    ref = assigned_case(chief).ref
    release = dt.date(2027, 3, 1)  # a Monday
    duty.save_weeks(chief, CORA, {release: ("s-dirk", "s-chief")}, T0)
    for hour in (11, 15):  # noon and four o'clock in Brussels
        moment = dt.datetime(2027, 3, 1, hour, 1, tzinfo=dt.UTC)
        deadlines.sweep(chief, moment)
        prepared(chief, moment)
    told = rows(chief, "SELECT staff FROM message WHERE urgent AND occurrence LIKE 'confirm_release%' ORDER BY id")
    assert told == [("s-dirk",), ("s-chief",)]
    assert [call.case for call in deadlines.phone_now(chief, "s-dirk")] == [ref]


def test_only_those_who_may_acknowledge_can_be_on_duty_and_only_some_keep_the_rota(chief: Database) -> None:
    before = counts(chief)
    for given, field in (
        (("s-lena", ""), "first"), (("", "s-dirk"), "first"), (("s-dirk", "s-dirk"), "second"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            duty.save_weeks(chief, CORA, {MONDAY: given}, T0)
        assert [problem.field for problem in refused.value.problems] == [f"{MONDAY}.{field}"]
    with pytest.raises(Refused) as refused:
        duty.save_phone_list(chief, CORA, ["s-cora", "s-cora", "s-lena"], "ring", T0)
    assert [problem.field for problem in refused.value.problems] == ["list.2", "list.3", "number"]
    for keep in (lambda: duty.save_weeks(chief, LENA, {}, T0), lambda: duty.save_phone_list(chief, DIRK, [], "", T0)):
        with pytest.raises(NotAllowed):
            keep()
    assert counts(chief) == before


def test_the_rota_is_kept_and_read_on_its_pages(db: Database, as_: Choose) -> None:
    cora = staff.find(db, "s-cora")
    staff.save(db, [Staff(**{**cora.model_dump(), "phone": "+32 15 00 00 11"})], SYSTEM, at=ADDED)
    browser = as_(ADMINISTRATOR)
    assert "phone list counts then" in browser.get("/duty").text
    wrong = browser.post("/duty/weeks", {f"{MONDAY}.first": "s-dirk", f"{MONDAY}.second": "s-dirk"})
    assert wrong.status_code == 422 and "somebody else than the first" in wrong.text
    assert browser.post("/duty/weeks", {f"{MONDAY}.first": "s-dirk", f"{MONDAY}.second": "s-cora"}).status_code == 303
    assert browser.post("/duty/list", {"list.1": "s-cora", "number": "+32 15 00 00 09"}).status_code == 303
    page = as_("s-maya").get("/duty").text
    assert page.index("Dirk Verzonnen") < page.index('href="tel:+3215000011"') < page.index('href="tel:+3215000009"')
    assert "/duty/weeks" not in page
    assert as_("s-lena").get("/duty").status_code == 403


def test_an_absence_in_a_week_of_duty_is_told(db: Database, as_: Choose) -> None:
    duty.save_weeks(db, CORA, {MONDAY + WEEK: ("s-dirk", "")}, T0)
    day = MONDAY + WEEK + dt.timedelta(days=3)
    staff.record_absence(db, "s-dirk", day, day, DIRK, at=T0)
    assert "Dirk Verzonnen: away in this week" in as_("s-cora").get("/duty").text
