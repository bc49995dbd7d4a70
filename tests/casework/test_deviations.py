"""Deviations reach those who may see the case, in their language, and tell nothing of how sharing came out."""

import datetime as dt

import pytest

from casework import erasure
from casework.compliance import Asked, lines_of
from casework.db import Database
from casework.deviations import deviations_of
from casework.errors import NotFound
from protocol.errors import Refused
from tests.casework.helpers import T0, assigned_case, complete, later, rows
from tests.personas import ANNA, CORA, DANA, ILSE, LARS, LENA, OMAR

pytestmark = pytest.mark.usefixtures("partnership")
PERIOD = Asked(dt.date(2026, 11, 1), dt.date(2026, 12, 31))


def test_the_lead_worker_hears_what_went_otherwise(db: Database) -> None:
    ref = assigned_case(db).ref
    assert deviations_of(db, LENA, ref, T0) == []
    found = deviations_of(db, LENA, ref, later(days=20))
    assert {"infocheck", "contact#1"} <= {each.id for each in found}
    contact = next(each for each in found if each.id == "contact#1")
    assert contact.said("nl").startswith("Informatie en eerste contact 1: staat nog open, ")
    assert rows(db, "SELECT count(*) FROM access_entry WHERE what = 'deviations' AND staff = 's-lena'") == [(2,)]


def test_whoever_may_not_see_the_case_learns_nothing(db: Database) -> None:
    ref = assigned_case(db).ref
    for nobody in (OMAR, LARS):
        with pytest.raises(NotFound):
            deviations_of(db, nobody, ref, later(days=20))
    with pytest.raises(NotFound):
        deviations_of(db, CORA, "2026-999", T0)


def test_late_sharing_is_told_to_those_who_decide_on_it_alone(db: Database) -> None:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    for outsider in (CORA, LENA, ANNA):
        assert "share" not in {each.id for each in deviations_of(db, outsider, ref, later(days=30))}
    assert "share" in {each.id for each in deviations_of(db, ILSE, ref, later(days=30))}


def test_a_figure_of_the_compliance_table_is_told_case_by_case(db: Database) -> None:
    from casework import clock

    clock.set_to(later(days=20))
    ref = assigned_case(db).ref
    (line,) = lines_of(db, CORA, PERIOD, "infocheck", "missed")
    assert line.ref == ref and line.deviation is not None
    assert line.deviation.said("fr").startswith("Vérification d'information : étape encore ouverte, ")
    (kept,) = lines_of(db, CORA, PERIOD, "notify", "kept")
    assert kept.deviation is None


def test_an_erased_case_says_nothing_any_more(db: Database) -> None:
    from casework import clock

    clock.set_to(later(days=20))
    performed = assigned_case(db)
    assert lines_of(db, CORA, PERIOD, "infocheck", "missed")[0].deviation is not None
    erasure.erase(db, performed.case_id, DANA, later(days=20))
    assert all(line.deviation is None for line in lines_of(db, CORA, PERIOD, "infocheck", "missed"))
    with pytest.raises(Refused, match="erased"):
        deviations_of(db, CORA, performed.ref, later(days=20))
