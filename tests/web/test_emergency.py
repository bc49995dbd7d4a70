"""Emergency access end to end: a reason, 24 hours, told at once, reviewed, to read and not to act."""

from collections.abc import Callable

from casework import clock
from casework.db import Database
from tests.casework.helpers import assigned_case, later, rows
from tests.flows.partnership import prepared
from tests.personas import somebody
from tests.web.conftest import Browser

As = Callable[..., Browser]
WHY = "Canary: a threat was heard on the phone"


def asked(browser: Browser, ref: str, why: str = WHY) -> int:
    form = {"ref": ref, "f.reason": why, "command": browser.hidden(browser.get("/emergency").text, "command")}
    return int(browser.post("/emergency", form).status_code)


def test_a_case_opens_for_a_day_and_closes_by_itself(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    lars = as_("s-lars")
    assert lars.get(f"/cases/{ref}").status_code == 404
    assert asked(lars, ref) == 303
    page = lars.get(f"/cases/{ref}").text
    assert "You read this by emergency access, until" in page and somebody(1).family_name in page
    assert "Lena Imaginair" in page, "whom to phone"
    assert "History" not in page and WHY not in page
    clock.set_to(later(hours=23.9))
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 200
    clock.set_to(later(hours=24.1))
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 404


def test_it_gives_nothing_to_do(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    lars = as_("s-lars")
    asked(lars, ref)
    entries = "SELECT count(*) FROM ledger_entry WHERE stream LIKE 'case%'"
    before = rows(db, entries)
    for what, data in (
        ("complete", {"occurred_on": "2026-11-10"}),
        ("waive", {"reason": "not_needed"}),
        ("assign", {"staff": "s-lars"}),
    ):
        answer = lars.post(f"/cases/{ref}/steps/contact.1/{what}", data)
        assert answer.status_code in (403, 404, 422), what
    assert lars.post(f"/cases/{ref}/report/death", {"occurred_on": "2026-11-10"}).status_code in (403, 404)
    assert rows(db, entries) == before
    assert ref not in lars.get("/my-cases").text and ref not in lars.get("/tasks").text


def test_the_coordinator_and_the_dpo_are_told_at_once_and_it_is_reviewed(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    asked(as_("s-lars"), ref)
    prepared(db)
    told = {row[0] for row in rows(db, "SELECT staff FROM message WHERE what = 'urgent_news'")}
    assert {"s-cora", "s-frank"} <= told
    soon = rows(db, "SELECT send_at FROM message WHERE what = 'urgent_news'")
    assert all(str(at)[:10] == "2026-11-10" for (at,) in soon), "not on Monday"
    page = as_("s-dana").get("/tasks").text
    assert "Review of the emergency" in page and ref in page
    due = rows(db, "SELECT due_on FROM step WHERE step = 'override_review'")
    assert str(due[0][0]) == "2026-11-12", "the 11th is Armistice Day"


def test_every_reading_meanwhile_is_noted_as_such(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    lars = as_("s-lars")
    asked(lars, ref)
    lars.get(f"/cases/{ref}")
    log = rows(db, "SELECT reason FROM access_entry WHERE staff = 's-lars' AND what = 'case' AND allowed")
    assert log and all("Emergency access" in reason for (reason,) in log)
    assert "Emergency access" in as_("s-frank").get(f"/reading?case={ref}").text


def test_an_unknown_number_is_said_beside_the_field_and_noted(db: Database, as_: As) -> None:
    assigned_case(db)
    lars = as_("s-lars")
    assert asked(lars, "2026-999") == 422
    assert rows(db, "SELECT count(*) FROM access_entry WHERE what = 'emergency' AND NOT allowed") == [(1,)]
    assert asked(lars, "2026-001", "") == 422, "without a reason there is no access"


def test_it_cannot_be_used_to_leaf_through_cases(db: Database, as_: As) -> None:
    refs = [assigned_case(db, n).ref for n in range(1, 5)]
    lars = as_("s-lars")
    assert [asked(lars, ref) for ref in refs] == [303, 303, 303, 422]
    assert lars.get(f"/cases/{refs[3]}").status_code == 404


def test_whoever_has_no_such_role_does_not_get_the_page(db: Database, as_: As) -> None:
    for who in ("s-omar", "s-anna", "s-bert", "s-maya", "s-piet"):
        assert as_(who).get("/emergency").status_code == 403, who


def test_who_reads_the_case_anyway_is_led_there_and_nothing_is_recorded(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    assert asked(as_("s-lena"), ref) == 303
    assert rows(db, "SELECT count(*) FROM emergency_access") == [(0,)]
