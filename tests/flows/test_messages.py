"""Who is told what, and when it goes out by mail: grouped on Monday 09:00, at once only what cannot wait."""

import datetime as dt

import pytest

from casework import clock, notices, staff
from casework.automatic import delivery, mail, sending
from casework.automatic.facts import facts_of
from casework.automatic.recipients import Directory, recipients
from casework.db import Database
from models.people import Staff
from protocol.commands import SYSTEM
from tests.casework.helpers import T0, assigned_case, counts, mandated_case, new_case
from tests.flows.partnership import BRUSSELS_MONDAY, at, prepared
from tests.personas import ADDED, CORA, settle_in

pytestmark = pytest.mark.usefixtures("partnership")


@pytest.fixture
def partnership(db: Database) -> None:
    settle_in(db)
    clock.set_to(T0)


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        ("2026-11-10T10:00+01:00", "2026-11-16T09:00+01:00"),
        ("2026-11-16T08:59+01:00", "2026-11-16T09:00+01:00"),
        ("2026-11-16T09:00+01:00", "2026-11-16T09:00+01:00"),
        ("2026-11-16T09:01+01:00", "2026-11-23T09:00+01:00"),
        ("2027-03-27T10:00+01:00", "2027-03-29T09:00+02:00"),  # summer time begins on Sunday 28 March
    ],
)
def test_the_grouped_mail_goes_out_on_monday_at_nine_in_brussels(moment: str, monday: str) -> None:
    assert delivery.next_grouped(dt.datetime.fromisoformat(moment)) == dt.datetime.fromisoformat(monday)


def test_telling_is_seen_in_the_application_at_once(db: Database) -> None:
    ref = new_case(db).ref
    delivery.address(db, T0)
    told = notices.for_me(db, CORA, at=T0).lines
    assert ("opened", "notify") in {(one.what, one.occurrence) for one in told}
    assert {one.ref for one in told} == {ref} and notices.unseen(db, CORA, T0) == len(told)
    notices.looked_at(db, CORA, T0, T0)
    assert notices.unseen(db, CORA, T0) == 0


def test_telling_twice_changes_nothing(db: Database) -> None:
    mandated_case(db)
    assert delivery.address(db, T0) > 0
    before = counts(db)
    assert delivery.address(db, T0) == 0
    assert counts(db) == before


def test_work_due_before_monday_cannot_wait_and_the_rest_can(db: Database) -> None:
    announced = facts_of(db, new_case(db, 2).ref)
    assert delivery.send_at(announced, "opened", "notify", False, T0) == T0  # due on Thursday
    facts = facts_of(db, assigned_case(db).ref)
    contact = next(one.id for one in facts.state.steps.values() if one.step == "contact")
    assert delivery.send_at(facts, "opened", contact, False, T0) == BRUSSELS_MONDAY
    assert delivery.send_at(facts, "settled", "assign", False, T0) == BRUSSELS_MONDAY
    assert delivery.send_at(facts, "late", contact, False, T0) == T0
    assert delivery.send_at(facts, "opened", contact, True, T0) == T0


def test_an_absent_person_is_covered_by_the_first_present_substitute(db: Database) -> None:
    people = {member.id: member for member in staff.everybody(db)}
    cora = people["s-cora"].model_copy(update={"substitutes": {"coordinator": ["s-dirk", "s-sara"]}})
    staff.save(db, [Staff(**cora.model_dump())], SYSTEM, at=ADDED)
    staff.record_absence(db, "s-cora", T0.date(), T0.date(), SYSTEM, at=T0)
    facts = facts_of(db, new_case(db).ref)
    assert recipients(db, Directory(db, T0.date()), facts, "coordinator", "notify") == ["s-dirk"]
    assert recipients(db, Directory(db, dt.date(2026, 11, 12)), facts, "coordinator", "notify") == ["s-cora"]


def test_the_person_concerned_is_never_told_by_the_software(db: Database) -> None:
    facts = facts_of(db, assigned_case(db).ref)
    directory = Directory(db, T0.date())
    assert recipients(db, directory, facts, "person", "plan") == []
    assert recipients(db, directory, facts, "lead_worker", "assign") == ["s-lena"]
    assert recipients(db, directory, facts, "mayors_emergency_number", "notify") == ["s-maya"]


def test_everything_of_one_person_goes_into_one_mail(db: Database) -> None:
    for number in (1, 2, 3):
        assigned_case(db, number)
    prepared(db)
    at(BRUSSELS_MONDAY)
    for member in sending.people_waiting(db, BRUSSELS_MONDAY):
        assert len(sending.pack(db, member, BRUSSELS_MONDAY)) == 1
    assert sending.people_waiting(db, BRUSSELS_MONDAY) == []


def test_a_mail_holds_case_number_step_and_link_and_never_a_name(db: Database) -> None:
    ref = assigned_case(db).ref
    prepared(db)
    (parcel,) = sending.pack(db, "s-lena", BRUSSELS_MONDAY)
    message = mail.compose(
        parcel.lines, "lena@example.org", "nl", mail_id=parcel.id, sender="sluis@example.org",
        public_url="https://sluis.example.org", at_once=parcel.at_once,
    )  # fmt: skip
    text = message.as_bytes().decode()
    content = message.get_content()
    assert f"{ref} · Informatie en eerste contact · nieuwe taak" in content
    assert f"https://sluis.example.org/cases/{ref}" in content
    for canary in ("Canaryname", "Robin", "REF-0001", "1990", "Lena", "Imaginair", "Canary reason"):
        assert canary not in text


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_every_word_of_a_mail_exists_in_three_languages(language: str) -> None:
    assert all(texts.get(language) for texts in mail.WORDS.values())


@pytest.mark.parametrize(
    "bad",
    ["", "nobody", "a@b\r\nBcc: evil@example.org", "a@b\nSubject: x", "a b@example.org", "a@", "<a@b.be>, c@d.be"],
)
def test_an_address_cannot_add_a_header_or_another_recipient(bad: str) -> None:
    line = mail.Line("2026-001", "Step", "late", False)
    with pytest.raises(mail.BadAddress):
        mail.compose([line], bad, "nl", mail_id="1", sender="s@example.org", public_url="http://x", at_once=True)


def test_a_step_name_with_a_line_break_stays_in_the_body() -> None:
    line = mail.Line("2026-001", "Step\r\nBcc: evil@example.org", "late", False)
    message = mail.compose(
        [line], "a@example.org", "nl", mail_id="1", sender="s@example.org", public_url="http://x", at_once=True
    )
    assert message["Bcc"] is None
    assert b"\r\nBcc:" not in message.as_bytes().partition(b"\r\n\r\n")[0]
