"""A case changes hands: by its lead worker or the coordinator, with what the next one should know."""

from collections.abc import Callable
from typing import Any

import pytest

from casework.cases import perform
from casework.db import Database
from protocol.commands import AssignStep
from tests.casework.helpers import T0, assigned_case, rows
from tests.personas import LENA
from tests.web.conftest import Browser

Choose = Callable[..., Browser]
sqlite_only = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
NOTE = "Dinsdag om tien uur spreekt hij af aan het station"


def form(**more: str) -> dict[str, str]:
    fields = {"lead": "s-dora", "deputy": "s-lars", "no_conflict": "yes", "note": NOTE, **more}
    return {
        **{f"f.{key}": value for key, value in fields.items()},
        "occurred_on": T0.date().isoformat(),
        "command": "h",
    }


def hand_over(browser: Browser, ref: str, **more: str) -> Any:
    return browser.post(f"/cases/{ref}/report/new_lead", form(**more))


def open_assignees(db: Database, ref: str) -> set[str | None]:
    return {
        row[0]
        for row in rows(
            db,
            "SELECT step.assignee FROM step JOIN release_case ON release_case.id = step.case_id "
            "WHERE ref = :ref AND step.is_open AND step.role = 'lead_worker'",
            ref=ref,
        )
    }


def test_the_lead_worker_hands_over_and_the_work_and_the_access_go_along(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    lena, dora, lars = as_("s-lena"), as_("s-dora"), as_("s-lars")
    assert f"/cases/{ref}/report/new_lead" in lena.links(f"/cases/{ref}")
    answer = hand_over(lena, ref)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tasks?done=report")
    assert open_assignees(db, ref) == {"s-dora"}
    assert lena.get(f"/cases/{ref}").status_code == 404
    assert ref in dora.get("/tasks").text and lars.get(f"/cases/{ref}").status_code == 200


def test_the_next_one_reads_what_they_should_know_and_nobody_outside_does(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    hand_over(as_("s-lena"), ref)
    page = as_("s-dora").get(f"/cases/{ref}/contacts").text
    assert NOTE in page and "Lars" in page
    assert NOTE not in as_("s-ilse").get(f"/cases/{ref}/contacts").text
    assert NOTE not in as_("s-lena").get(f"/cases/{ref}/contacts").text


def test_the_coordinator_hands_over_for_somebody_who_is_not_there(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    assert hand_over(as_("s-cora"), ref).status_code == 303
    assert open_assignees(db, ref) == {"s-dora"}


def test_both_are_told(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    hand_over(as_("s-cora"), ref)
    payloads = rows(db, "SELECT payload FROM outbox WHERE kind = 'tell'")
    last = [str(payload) for (payload,) in payloads if "assigned" in str(payload) and "lead_worker" in str(payload)]
    assert last and not any(NOTE in str(payload) for (payload,) in payloads)


@sqlite_only
def test_the_form_begins_with_who_has_the_case_now(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    page = as_("s-cora").get(f"/cases/{ref}/report/new_lead").text
    assert '<option value="s-lena" selected>' in page and '<option value="s-dora" selected>' in page


@sqlite_only
def test_somebody_who_does_not_work_here_is_refused_beside_the_field(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    answer = hand_over(as_("s-cora"), ref, lead="s-nobody")
    assert answer.status_code == 422 and NOTE in answer.text
    assert open_assignees(db, ref) == {"s-lena"}


def test_nobody_takes_a_case_over_by_themselves(db: Database, as_: Choose) -> None:
    """Not who has one task in it, though they hold the role of a lead worker elsewhere; not the deputy."""
    ref = assigned_case(db).ref
    perform(db, LENA, ref, AssignStep(id="contact#1", staff="s-lars"), "one task", T0)
    lars, dora = as_("s-lars"), as_("s-dora")
    assert lars.get(f"/cases/{ref}/steps/contact.1").status_code == 200
    for browser, who in ((lars, "s-lars"), (dora, "s-dora")):
        assert hand_over(browser, ref, lead=who, deputy="s-lena").status_code == 403
    conflict = {"f.conflicted": "s-lena", "occurred_on": T0.date().isoformat(), "command": "c"}
    assert lars.post(f"/cases/{ref}/report/conflict_of_interest", conflict).status_code == 403
    assert rows(db, "SELECT lead FROM release_case") == [("s-lena",)]


@sqlite_only
def test_the_information_officer_hands_nothing_over(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    assert hand_over(as_("s-ilse"), ref).status_code == 403
    assert open_assignees(db, ref) == {"s-lena"}
