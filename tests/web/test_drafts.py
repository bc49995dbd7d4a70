"""A form that somebody began: kept for them alone, thrown away, gone when the step is done or the case is erased."""

import datetime as dt
from collections.abc import Callable

import pytest

from casework import clock, drafts
from casework.db import Database
from casework.erasure import erase
from protocol.commands import SYSTEM
from tests.casework.helpers import NOTIFY, T0, assigned_case, complete, later, new_case, rows
from tests.personas import CORA, DIRK
from tests.web.conftest import Browser
from tests.web.test_tasks import typed

Choose = Callable[..., Browser]
sqlite_only = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
BEGUN = {"channel": "mail", "prison": "Mechelen, halve zin zonder ein"}
HX = {"hx-request": "true"}


def begun(browser: Browser, ref: str, **more: str) -> None:
    answer = browser.post(f"/cases/{ref}/steps/notify/draft", typed({**BEGUN, **more}))
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?done=draft")


def form_of(ref: str, browser: Browser) -> str:
    return str(browser.get(f"/cases/{ref}/steps/notify").text)


def kept(db: Database) -> int:
    return int(rows(db, "SELECT count(*) FROM draft")[0][0])


def test_what_was_begun_stands_in_the_form_again_for_its_writer_alone(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    cora, dirk = as_("s-cora"), as_("s-dirk")
    begun(cora, ref)
    page = form_of(ref, cora)
    assert "halve zin" in page and "Kept as a draft" in page and "steps/notify/draft/drop" in page
    other = form_of(ref, dirk)
    assert "halve zin" not in other and "Kept as a draft" not in other


def test_a_draft_is_no_record_and_its_text_is_sealed(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    entries = rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = :s", s=f"case:{ref}")
    begun(as_("s-cora"), ref)
    assert rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = :s", s=f"case:{ref}") == entries
    assert rows(db, "SELECT status FROM step WHERE step = 'notify'") == [("open",)]
    sealed = bytes(rows(db, "SELECT sealed FROM draft")[0][0])
    assert b"halve" not in sealed


def test_the_last_draft_replaces_the_one_before(db: Database, as_: Choose) -> None:
    ref, cora = new_case(db).ref, as_("s-cora")
    begun(cora, ref)
    begun(cora, ref, prison="De griffie")
    assert kept(db) == 1
    assert "De griffie" in form_of(ref, cora) and "halve zin" not in form_of(ref, cora)


def test_a_draft_is_thrown_away_by_its_writer(db: Database, as_: Choose) -> None:
    ref, cora = new_case(db).ref, as_("s-cora")
    begun(cora, ref)
    answer = cora.post(f"/cases/{ref}/steps/notify/draft/drop")
    assert answer.headers["location"] == f"/cases/{ref}/steps/notify?done=draft_dropped"
    assert kept(db) == 0 and "halve zin" not in form_of(ref, cora)


def test_a_draft_goes_when_the_form_is_sent(db: Database, as_: Choose) -> None:
    ref, cora = new_case(db).ref, as_("s-cora")
    begun(cora, ref)
    assert cora.post(f"/cases/{ref}/steps/notify/complete", typed(NOTIFY)).status_code == 303
    assert kept(db) == 0


def test_a_refused_form_leaves_the_draft(db: Database, as_: Choose) -> None:
    ref, cora = new_case(db).ref, as_("s-cora")
    begun(cora, ref)
    assert cora.post(f"/cases/{ref}/steps/notify/complete", typed({})).status_code == 422
    assert kept(db) == 1


def test_nobody_keeps_a_draft_of_a_step_that_they_may_not_do(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    assert as_("s-lars").post(f"/cases/{ref}/steps/contact.1/draft", typed({})).status_code == 404
    assert as_("s-ilse").post(f"/cases/{ref}/steps/contact.1/draft", typed({})).status_code == 403
    assert kept(db) == 0


def test_a_step_that_is_settled_meanwhile_takes_no_draft(db: Database, as_: Choose) -> None:
    ref, cora = new_case(db).ref, as_("s-cora")
    complete(db, DIRK, ref, "notify", NOTIFY)
    assert cora.post(f"/cases/{ref}/steps/notify/draft", typed(BEGUN)).status_code == 403
    assert kept(db) == 0


@sqlite_only
def test_a_page_that_saves_by_itself_gets_one_line_back(db: Database, as_: Choose) -> None:
    ref, cora = new_case(db).ref, as_("s-cora")
    answer = cora.post(f"/cases/{ref}/steps/notify/draft", typed(BEGUN), headers=HX)
    assert answer.status_code == 200
    assert "Kept as a draft" in answer.text and "<html" not in answer.text and "halve" not in answer.text


def test_erasing_the_case_erases_its_drafts(db: Database, as_: Choose) -> None:
    case = new_case(db)
    begun(as_("s-cora"), case.ref)
    erase(db, case.case_id, SYSTEM, later(days=1))
    assert kept(db) == 0


def test_what_nobody_came_back_to_goes_after_thirty_days(db: Database, as_: Choose) -> None:
    as_("s-cora")
    first, second = new_case(db, 1).ref, new_case(db, 2).ref
    drafts.save(db, CORA, first, "notify", BEGUN, T0)
    drafts.save(db, CORA, second, "notify", BEGUN, T0 + dt.timedelta(days=20))
    assert drafts.sweep(db, later(days=30)) == 0
    assert drafts.sweep(db, later(days=30, seconds=1)) == 1
    clock.set_to(T0)
    assert drafts.read(db, CORA, first, "notify", later(days=31)) is None
    left = drafts.read(db, CORA, second, "notify", later(days=31))
    assert left is not None and left.values == BEGUN and left.saved_at == later(days=20)
