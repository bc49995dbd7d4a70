"""Agreed priorities: a dated list, its version in the mandate check, and figures that lead to no case."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from casework import priorities
from casework.db import Database
from casework.errors import NotAllowed
from protocol.errors import Refused
from tests.casework.helpers import MANDATE, NOTIFY, T0, complete, counts, new_case, rows
from tests.personas import CORA, LENA
from tests.web.conftest import ADMINISTRATOR, BERT, Browser

Choose = Callable[..., Browser]
TODAY = T0.date()
NAME = {"nl": "Eerste prioriteit", "fr": "Première priorité", "en": "First priority"}
FORM = {**NAME, "from_on": "2026-09-01", "decided_by": "College, 24 August 2026"}


def names(version: priorities.Version) -> list[str]:
    return [each.name["en"] for each in version.priorities]


def test_a_version_of_the_list_is_what_held_from_one_change_to_the_next(partnership: Database) -> None:
    db = partnership
    priorities.add(db, BERT, FORM, T0)
    second = priorities.add(db, CORA, {**FORM, "en": "Second", "from_on": "2026-10-01"}, T0)
    assert [(each.name, names(each)) for each in priorities.versions(priorities.every(db), TODAY)] == [
        ("2026-10-01", ["First priority", "Second"]), ("2026-09-01", ["First priority"]),
    ]  # fmt: skip
    priorities.end(db, CORA, second, TODAY, TODAY, T0)
    tomorrow = TODAY + dt.timedelta(days=1)
    newest = priorities.versions(priorities.every(db), tomorrow)[0]
    assert (newest.name, names(newest)) == ("2026-11-11", ["First priority"])
    assert priorities.versions(priorities.every(db), TODAY)[0].name == "2026-10-01"


def test_the_list_of_past_days_does_not_change(partnership: Database) -> None:
    db = partnership
    first = priorities.add(db, BERT, FORM, T0)
    with pytest.raises(Refused, match="past days"):
        priorities.end(db, BERT, first, dt.date(2026, 10, 1), TODAY, T0)
    coming = priorities.add(db, BERT, {**FORM, "from_on": "2027-01-01"}, T0)
    priorities.end(db, BERT, coming, TODAY, TODAY, T0)
    assert [each.id for each in priorities.every(db)] == [first]


def test_only_those_who_administer_keep_the_list(partnership: Database) -> None:
    before = counts(partnership)
    with pytest.raises(NotAllowed):
        priorities.add(partnership, LENA, FORM, T0)
    with pytest.raises(Refused) as refused:
        priorities.add(partnership, BERT, {**FORM, "fr": "", "from_on": "", "until_on": "2026-99-01"}, T0)
    assert [problem.field for problem in refused.value.problems] == ["fr", "from_on", "until_on"]
    assert counts(partnership) == before


def test_figures_are_of_finished_quarters_and_never_small(partnership: Database) -> None:
    db = partnership
    first = priorities.add(db, BERT, FORM, T0)
    second = priorities.add(db, BERT, {**FORM, "en": "Second"}, T0)
    for _ in range(5):
        priorities.count_one(db, first, TODAY)
    priorities.count_one(db, second, TODAY)
    priorities.count_one(db, second, dt.date(2026, 8, 1))  # not agreed on that day
    priorities.count_one(db, "y-nobody", TODAY)
    assert priorities.counts(db, TODAY) == {}
    assert priorities.counts(db, dt.date(2027, 1, 1)) == {"2026-Q4": {first: 5, second: None}}


def test_the_list_is_kept_on_its_page(db: Database, as_: Choose) -> None:
    browser = as_(ADMINISTRATOR)
    assert "Islamist extremism" in browser.get("/priorities").text  # as the protocol file proposes
    wrong = browser.post("/priorities", {**FORM, "from_on": "31/02/2026"})
    assert wrong.status_code == 422 and "existing date" in wrong.text and "Première priorité" in wrong.text
    assert browser.post("/priorities", {**FORM, "from_on": "01/09/2026"}).status_code == 303
    page = browser.get("/priorities").text
    assert "Version 2026-09-01" in page and "College, 24 August 2026" in page
    known = priorities.every(db)[0].id
    assert browser.post(f"/priorities/{known}/end", {"until_on": "2026-09-15"}).status_code == 422
    assert browser.post(f"/priorities/{known}/end", {"until_on": "2026-11-10"}).status_code == 303
    assert as_("s-maya").post(f"/priorities/{known}/end", {"until_on": "2026-11-10"}).status_code == 403
    assert browser.post("/priorities/y-nobody/end", {"until_on": "2026-11-10"}).status_code == 404
    assert "/priorities/" not in as_("s-maya").get("/priorities").text.replace('/priorities"', "")


def proposed(db: Database) -> str:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", {**MANDATE, "list_version": "2026-09-01"})
    return ref


def test_the_mandate_check_offers_the_list_in_force(db: Database, as_: Choose) -> None:
    ref = new_case(db).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    path = f"/cases/{ref}/steps/mandate"
    assert 'type="text" id="f-list_version"' in as_("s-cora").get(path).text
    priorities.add(db, BERT, FORM, T0)
    page = as_("s-cora").get(path).text
    assert 'type="radio"' in page and 'name="f.list_version" value="2026-09-01" checked' in page
    assert "1 Sep 2026: First priority" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_which_priority_applied_is_counted_once_and_leads_to_no_case(db: Database, as_: Choose) -> None:
    first = priorities.add(db, BERT, FORM, T0)
    ref = proposed(db)
    path, paul = f"/cases/{ref}/steps/mandate", as_("s-paul")
    page = paul.get(path).text
    assert "Which agreed priority applied?" in page
    form: dict[str, Any] = {"agree": "yes", "priority": first, "command": paul.hidden(page, "command")}
    for _ in range(2):  # sent twice
        assert paul.post(f"{path}/decide", form).status_code == 303
    assert rows(db, "SELECT priority, quarter, n FROM priority_count") == [(first, "2026-Q4", 1)]
    everywhere = {table for table in counts(db) if table not in ("priority", "priority_count")}
    for table in everywhere:
        told = str(rows(db, f'SELECT * FROM "{table}"'))
        assert first not in told or table == "ledger_entry"
    of_case = rows(db, "SELECT entry FROM ledger_entry WHERE stream LIKE 'case:%'")
    assert of_case and first not in str(of_case)


def test_nothing_is_counted_when_the_second_person_disagrees(db: Database, as_: Choose) -> None:
    first = priorities.add(db, BERT, FORM, T0)
    path = f"/cases/{proposed(db)}/steps/mandate"
    answer = as_("s-paul").post(f"{path}/decide", {"agree": "no", "field": "gate2", "priority": first})
    assert answer.status_code == 303
    assert rows(db, "SELECT count(*) FROM priority_count") == [(0,)]
