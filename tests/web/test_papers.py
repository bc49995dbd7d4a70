"""What the person concerned gets on paper, and the counts of the outcome monitor."""

import datetime as dt
import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from casework import monitor
from casework.cases import perform
from casework.db import Database
from casework.errors import NotAllowed
from protocol.commands import CorrectStep, UndoStep
from tests.casework.helpers import T0, assigned_case, complete, rows
from tests.flows.partnership import contacted, visited
from tests.personas import CORA, LENA, PIET, somebody
from tests.web.conftest import Browser

As = Callable[..., Browser]
STATES = dict.fromkeys(("id", "housing", "income", "debts", "care", "network", "daytime"), "missing")


def words_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def planned(db: Database) -> str:
    ref = assigned_case(db).ref
    contacted(db, ref)
    visited(db, ref, **STATES)
    rows_of = {track: {"status": "to_do", "owner": "s-lena", "fallback": "Back to the desk"} for track in STATES}
    complete(db, LENA, ref, "plan", {"conditions": rows_of})
    return ref


def test_the_plan_is_printed_in_the_language_that_was_chosen(db: Database, as_: As) -> None:
    ref = planned(db)
    answer = as_("s-lena").get(f"/cases/{ref}/paper/plan.pdf?language=fr")
    text = words_of(answer.content)
    assert answer.headers["content-type"] == "application/pdf" and "Votre plan" in text
    assert somebody(1).family_name in text and "Logement" in text and "À faire" in text and "Lena Imaginair" in text
    assert "Uw plan" in words_of(as_("s-lena").get(f"/cases/{ref}/paper/plan.pdf").content)


def test_the_plan_is_for_those_who_see_it(db: Database, as_: As) -> None:
    ref = planned(db)
    assert as_("s-piet").get(f"/cases/{ref}/paper/plan.pdf").status_code == 403, "the liaison sees dates and visits"
    assert as_("s-omar").get(f"/cases/{ref}/paper/plan.pdf").status_code == 404
    page = as_("s-piet").get(f"/cases/{ref}/paper").text
    assert "leaflet.pdf" in page and "plan.pdf" not in page


def test_the_leaflet_says_that_help_is_a_choice(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    text = words_of(as_("s-piet").get(f"/cases/{ref}/paper/leaflet.pdf?language=en").content)
    assert "Help is your choice" in text and somebody(1).family_name not in text


# --- the outcome monitor


def counted(db: Database) -> dict[tuple[Any, ...], int]:
    found = rows(db, "SELECT quarter, moment, track, state, n FROM monitor_count WHERE n <> 0")
    return {row[:4]: row[4] for row in found}


def test_a_visit_is_counted_once_and_taken_back_when_it_is_undone(db: Database, app: Any) -> None:
    ref = assigned_case(db).ref
    contacted(db, ref)
    visited(db, ref, **STATES)
    assert counted(db)["2026-4", "visit1", "housing", "missing"] == 1 and len(counted(db)) == len(STATES)
    undo = UndoStep(id="visit1", reason="by_accident")
    perform(db, LENA, ref, undo, "undo", T0)
    assert counted(db) == {}


def test_a_corrected_day_moves_the_count_to_its_quarter(db: Database, app: Any) -> None:
    at = dt.datetime(2027, 1, 12, 9, tzinfo=dt.UTC)
    ref = assigned_case(db).ref
    contacted(db, ref)
    conditions = {track: {"state": state} for track, state in STATES.items()}
    complete(db, LENA, ref, "visit1", {"held": "held", "permission": "V-1", "conditions": conditions}, at)
    assert counted(db)["2027-1", "visit1", "id", "missing"] == 1
    day = CorrectStep(id="visit1", occurred_on=dt.date(2026, 12, 30), reason="wrong_date")
    perform(db, LENA, ref, day, "day", at)
    assert counted(db)["2026-4", "visit1", "id", "missing"] == 1 and len(counted(db)) == len(STATES)


def test_counts_under_five_are_not_shown(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    contacted(db, ref)
    visited(db, ref, **STATES)
    lines = monitor.table(db, CORA, "2026-4", "2026-4", T0)[0].lines
    assert {n for line in lines for n in line.counts.values()} == {None}
    assert "No count reaches five" in as_("s-cora").get("/outcomes").text
    with db.write() as tx:
        cell = {"protocol": "mechelen", "quarter": "2026-4", "moment": "visit1", "track": "housing", "state": "missing"}
        tx.run(monitor._ADD, {**cell, "n": 4})
    page = as_("s-cora").get("/outcomes").text
    assert re.search(r'Housing</th>(<td class="number">&lt; 5</td>|\s)*<td class="number">5</td>', page)


def test_the_monitor_is_for_those_who_audit(db: Database, app: Any) -> None:
    assigned_case(db)
    with pytest.raises(NotAllowed):
        monitor.table(db, PIET, "2026-1", "2026-4", T0)
