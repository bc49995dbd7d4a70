"""The read log: one chained entry for each page; very many files within an hour are stopped and told."""

import json
from collections.abc import Callable

import pytest

from casework import clock, ledger
from casework.automatic import delivery
from casework.db import Database
from casework.verify import verify
from tests.casework.helpers import assigned_case, later, rows
from tests.web.conftest import Browser

Choose = Callable[..., Browser]


def chain(db: Database, who: str) -> list[dict[str, object]]:
    with db.read() as tx:
        return [json.loads(body) for _, body in ledger.entries(tx, f"reads:{who}")]


def test_a_page_is_one_entry_that_lists_what_was_read_without_content(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    before = len(chain(db, "s-lena"))
    assert lena.get(f"/cases/{ref}").status_code == 200
    (entry,) = chain(db, "s-lena")[before:]
    assert entry["page"] == "/cases/{ref}"
    assert [(one["what"], one["cases"]) for one in entry["read"]] == [  # type: ignore[attr-defined]
        ("case", [ref]), ("history", [ref]), ("deviations", [ref]),
    ]  # fmt: skip
    assert "Canary" not in json.dumps(entry)
    found = rows(db, "SELECT what FROM access_entry WHERE staff = 's-lena' AND case_id IS NOT NULL ORDER BY id")
    assert [what for (what,) in found] == ["case", "history", "deviations"], "and each thing can be searched"
    assert verify(db)["intact"]


def test_a_page_that_is_refused_is_an_entry_too(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    assert as_("s-omar").get(f"/cases/{ref}").status_code == 404
    (entry,) = [one for one in chain(db, "s-omar") if one["page"] == "/cases/{ref}"]
    assert entry["read"] == [{"allowed": False, "cases": [ref], "what": "case"}]


@pytest.fixture
def slow(db: Database) -> Database:
    """A partnership in which nobody opens more than five files within an hour."""
    db.settings = db.settings.model_copy(update={"cases_an_hour": 5})
    return db


def test_very_many_files_within_an_hour_are_stopped_and_told(slow: Database, as_: Choose) -> None:
    refs = [assigned_case(slow, number).ref for number in range(1, 8)]
    lena = as_("s-lena")
    assert [lena.get(f"/cases/{ref}").status_code for ref in refs] == [200] * 5 + [429] * 2
    page = lena.get(f"/cases/{refs[6]}")
    assert page.status_code == 429 and int(page.headers["retry-after"]) == 3600
    assert "very many files" in page.text and "data protection officer" in page.text and "Canaryname" not in page.text
    assert lena.get(f"/cases/{refs[0]}").status_code == 200, "what was opened stays open"
    assert lena.get(f"/cases/{refs[0]}/steps/contact.1").status_code == 200
    assert lena.get(f"/cases/{refs[6]}/documents").status_code == 429, "no way around it"
    assert lena.get(f"/cases/{refs[6]}/steps/contact.1").status_code == 429
    assert as_("s-cora").get(f"/cases/{refs[6]}").status_code == 200
    delivery.address(slow, clock.now())
    frank = as_("s-frank")
    assert frank.get("/notices").text.lower().count("unusual reading") == 1, "once an hour"
    log = frank.get("/reading", params={"who": "s-lena"}).text
    assert "refused" in log and "Very many files within an hour" in log.replace("very many", "Very many")
    clock.set_to(later(minutes=61))
    assert lena.get(f"/cases/{refs[6]}").status_code == 200
    assert verify(slow)["intact"]


def test_the_same_pages_again_and_again_are_no_matter(slow: Database, as_: Choose) -> None:
    ref = assigned_case(slow).ref
    lena = as_("s-lena")
    assert {lena.get(f"/cases/{ref}").status_code for _ in range(12)} == {200}
