"""A conflict of interest: said without a reason; it ends access and work in the case, and keeps somebody out of proposals."""

from collections.abc import Callable
from typing import Any

import pytest

from casework.automatic.assignment import candidates
from casework.automatic.facts import facts_of
from casework.db import Database
from casework.projection import wrong_case
from tests.casework.helpers import T0, assigned_case, mandated_case, rows
from tests.web.conftest import Browser

Choose = Callable[..., Browser]
sqlite_only = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


def said(browser: Browser, ref: str, who: str) -> Any:
    form = {"f.conflicted": who, "occurred_on": T0.date().isoformat(), "command": f"conflict-{who}"}
    return browser.post(f"/cases/{ref}/report/conflict_of_interest", form)


def test_who_has_a_conflict_sees_and_does_nothing_in_the_case_any_more(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    assert f"/cases/{ref}/report/conflict_of_interest" in lena.links(f"/cases/{ref}")
    assert said(lena, ref, "s-lena").status_code == 303
    assert lena.get(f"/cases/{ref}").status_code == 404
    assert lena.get(f"/cases/{ref}/steps/contact.1").status_code == 404
    answer = lena.post(f"/cases/{ref}/steps/contact.1/complete", {"occurred_on": T0.date().isoformat()})
    assert answer.status_code == 404
    assert as_("s-dora").get(f"/cases/{ref}").status_code == 200


def test_they_are_left_out_of_the_proposals(db: Database, as_: Choose) -> None:
    ref = mandated_case(db).ref
    said(as_("s-cora"), ref, "s-lena")
    facts = facts_of(db, ref)
    found, left_out = candidates(db, facts, T0.date(), T0.date())
    assert "s-lena" not in {each.staff for each in found}
    assert ("s-lena", "conflict_of_interest") in left_out


def test_they_cannot_be_named_all_the_same(db: Database, as_: Choose) -> None:
    ref = mandated_case(db).ref
    cora = as_("s-cora")
    said(cora, ref, "s-lena")
    form = {"f.lead": "s-lena", "f.deputy": "s-dora", "f.no_conflict": "yes", "occurred_on": T0.date().isoformat()}
    answer = cora.post(f"/cases/{ref}/steps/assign/complete", {**form, "command": "assign"})
    assert answer.status_code == 422 and "conflict of interest" in answer.text
    assert rows(db, "SELECT lead FROM release_case") == [(None,)]


@sqlite_only
def test_the_coordinator_hands_the_case_to_somebody_else(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    said(as_("s-lena"), ref, "s-lena")
    form = {"f.lead": "s-dora", "f.deputy": "s-lars", "f.no_conflict": "yes", "occurred_on": T0.date().isoformat()}
    assert as_("s-cora").post(f"/cases/{ref}/report/new_lead", {**form, "command": "h"}).status_code == 303
    assert rows(db, "SELECT lead FROM release_case") == [("s-dora",)]
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 200


def test_said_by_mistake_it_is_taken_back_by_the_coordinator_alone(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    said(as_("s-lena"), ref, "s-lena")
    form = {"f.cleared": "s-lena", "occurred_on": T0.date().isoformat(), "command": "clear"}
    assert as_("s-dora").post(f"/cases/{ref}/report/no_conflict_of_interest", form).status_code == 403
    assert as_("s-cora").post(f"/cases/{ref}/report/no_conflict_of_interest", form).status_code == 303
    assert as_("s-lena").get(f"/cases/{ref}").status_code == 200


def test_the_ledger_knows_conflicts_and_hand_overs(db: Database, as_: Choose) -> None:
    first, second = assigned_case(db, 1), assigned_case(db, 2)
    said(as_("s-cora"), first.ref, "s-lars")
    form = {"f.lead": "s-dora", "f.deputy": "s-lena", "f.no_conflict": "yes", "occurred_on": T0.date().isoformat()}
    assert as_("s-cora").post(f"/cases/{second.ref}/report/new_lead", {**form, "command": "h"}).status_code == 303
    with db.read() as tx:
        assert [wrong_case(tx, db, case.case_id) for case in (first, second)] == ["", ""]
    with db.begin() as connection:
        connection.exec_driver_sql("DELETE FROM case_member WHERE relation = 'conflict'")
    with db.read() as tx:
        assert "relation" in wrong_case(tx, db, first.case_id)
