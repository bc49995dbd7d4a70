"""A contact between the steps: noted by those who work on the case, read by few, in the person's own copy."""

from collections.abc import Callable

from casework.db import Database
from tests.casework.helpers import assigned_case
from tests.web.conftest import Browser

As = Callable[..., Browser]
FACTS = "Canary fact: the lease starts in March"


def note(browser: Browser, ref: str, **more: str) -> int:
    page = browser.get(f"/cases/{ref}/report/contact_noted").text
    form = {"f.how": "call", "f.with_whom": "person", "f.facts": FACTS, "occurred_on": "2026-11-10"} | more
    answer = browser.post(f"/cases/{ref}/report/contact_noted", {**form, "command": browser.hidden(page, "command")})
    return int(answer.status_code)


def test_a_contact_is_noted_and_read_by_those_who_work_on_the_case(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    assert note(lena, ref, **{"f.opinion": "Canary opinion"}) == 303
    for who in ("s-lena", "s-dora", "s-cora"):
        page = as_(who).get(f"/cases/{ref}/contacts").text
        assert FACTS in page and "Canary opinion" in page, who
    assert FACTS not in as_("s-lena").get(f"/cases/{ref}").text, "it has a page of its own"


def test_nobody_else_reads_it(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    note(as_("s-lena"), ref)
    for who in ("s-piet", "s-ilse", "s-omar", "s-yara", "s-anna", "s-maya", "s-bert", "s-lars", "s-frank", "s-dana"):
        answer = as_(who).get(f"/cases/{ref}/contacts")
        assert answer.status_code in (403, 404) and FACTS not in answer.text, who


def test_what_is_missing_is_said_and_what_was_typed_stays(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    page = lena.get(f"/cases/{ref}/report/contact_noted").text
    answer = lena.post(
        f"/cases/{ref}/report/contact_noted",
        {"f.facts": FACTS, "occurred_on": "2026-11-10", "command": lena.hidden(page, "command")},
    )
    assert answer.status_code == 422 and FACTS in answer.text
    assert "contact_noted" not in lena.get(f"/cases/{ref}").text, "it is no exceptional event"
