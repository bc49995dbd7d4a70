"""Prisons: kept by those who administer, read on a phone by those who go there, told to nobody else."""

from collections.abc import Callable
from typing import Any

import pytest

from casework import prisons
from casework.db import Database
from casework.errors import NotAllowed
from casework.prisons import same
from protocol.errors import Refused
from tests.casework.helpers import T0, assigned_case, counts, rows
from tests.personas import CORA, LENA
from tests.web.conftest import ADMINISTRATOR, BERT, Browser

Choose = Callable[..., Browser]
CARD: dict[str, Any] = {
    "name": "Mechelen",
    "hours": "Maandag 9.00–11.30\nDinsdag 13.00–16.00",
    "address": "Liersesteenweg 0",
    "entry": "Bring an identity card",
    "phones": [{"what": "Reception", "number": "+32 (0)15 00 00 01"}],
    "contacts": [
        {"name": "Greta Bedacht", "function": "PSD", "phone": "015 00 00 02", "email": "greta@prison.example"}
    ],
}
FORM = {
    **{name: CARD[name] for name in ("name", "hours", "address", "entry")},
    "phones.1.what": "Reception", "phones.1.number": "+32 (0)15 00 00 01",
    "contacts.2.name": "Greta Bedacht", "contacts.2.function": "PSD", "contacts.2.phone": "015 00 00 02",
    "contacts.2.email": "greta@prison.example",
}  # fmt: skip


def test_a_prison_is_kept_changed_and_removed_and_the_ledger_names_nobody(partnership: Database) -> None:
    db = partnership
    made = prisons.save(db, BERT, CARD, T0)
    assert prisons.find(db, made).contacts == CARD["contacts"]
    assert prisons.id_of(db, "  mechelen ") == made and prisons.id_of(db, "") is None
    prisons.save(db, CORA, {**CARD, "name": "Mechelen-Noord"}, T0, made)
    assert [each.name for each in prisons.every(db)] == ["Mechelen-Noord"]
    told = str(rows(db, "SELECT entry FROM ledger_entry WHERE stream = 'partnership'"))
    assert "prison_changed" in told and made in told and "Greta" not in told
    prisons.remove(db, BERT, made, T0)
    assert prisons.every(db) == []


def test_only_those_who_administer_change_a_prison(partnership: Database) -> None:
    before = counts(partnership)
    with pytest.raises(NotAllowed):
        prisons.save(partnership, LENA, CARD, T0)
    assert counts(partnership) == before


def test_every_fault_is_told_with_its_row(partnership: Database) -> None:
    prisons.save(partnership, BERT, CARD, T0)
    wrong = {"name": "MECHELEN", "phones": [{"what": "x"}], "contacts": [{}, {"phone": "ring me", "email": "no"}]}
    with pytest.raises(Refused) as refused:
        prisons.save(partnership, BERT, wrong, T0)
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["name", "phones.1.number", "contacts.2.name", "contacts.2.phone", "contacts.2.email"]


def test_names_of_prisons_are_compared_as_people_write_them() -> None:
    assert same("Gevangenis  Mechelen", "gevangenis mechelen") and not same(None, "x") and not same("", "")


def test_the_administrator_keeps_a_prison_by_its_form(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    grown = browser.post("/prisons/new", {**FORM, "add": "phones"})
    assert grown.status_code == 200 and 'name="phones.3.number"' in grown.text and "Greta Bedacht" in grown.text
    wrong = browser.post("/prisons/new", {**FORM, "phones.1.number": "ring me"})
    assert wrong.status_code == 422 and "telephone number" in wrong.text and "ring me" in wrong.text
    answer = browser.post("/prisons/new", FORM)
    assert answer.status_code == 303
    where = answer.headers["location"].partition("?")[0]
    assert browser.post(f"{where}/change", {**FORM, "entry": ""}).status_code == 303
    assert "Not filled in yet." in browser.get(where).text
    assert browser.post(f"{where}/remove").headers["location"] == "/prisons?done=prison_removed"
    assert browser.get(where).status_code == 404


def test_a_social_worker_reads_and_dials_but_does_not_change(db: Database, as_: Choose) -> None:
    made = prisons.save(db, BERT, CARD, T0)
    browser = as_("s-lena")
    page = browser.get(f"/prisons/{made}").text
    assert 'href="tel:+3215000001"' in page and 'href="tel:015000002"' in page and "mailto:greta@prison.example" in page
    assert page.index("Maandag 9.00") < page.index("Reception") < page.index("Greta")
    assert f"/prisons/{made}/change" not in page
    for what in ("change", "remove"):
        assert browser.post(f"/prisons/{made}/{what}", FORM).status_code == 403
    assert browser.get(f"/prisons/{made}/change").status_code == 403
    assert as_("s-maya").get(f"/prisons/{made}").status_code == 403


def test_the_task_page_leads_to_the_prison_for_those_who_work_on_the_case(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    task = f"/cases/{ref}/steps/contact.1"
    assert "Practical:" not in as_("s-lena").get(task).text
    made = prisons.save(db, BERT, CARD, T0)
    assert f'href="/prisons/{made}"' in as_("s-lena").get(task).text
    assert "Practical:" not in as_("s-anna").get(task).text
