"""The retention calendar over HTTP: what is erased when, by which rule, what is held back."""

import datetime as dt
from collections.abc import Callable

import pytest

from casework import clock
from casework import retention as calendar
from casework.cases import perform
from casework.db import Database
from protocol.commands import DecideSecond, ReportEvent, WaiveStep
from tests.casework.helpers import MANDATE, NOTIFY, T0, assigned_case, complete, later, new_case, rows
from tests.personas import CORA, DANA, PAUL
from tests.web.conftest import Browser

Choose = Callable[..., Browser]


def out_of_mandate(db: Database, number: int = 1) -> str:
    """A case that is erased thirty days after the decision."""
    ref = new_case(db, number).ref
    complete(db, CORA, ref, "notify", NOTIFY)
    complete(db, CORA, ref, "mandate", {**MANDATE, "gate1": "no"})
    perform(db, PAUL, ref, DecideSecond(id="mandate", agree=True, occurred_on=T0.date()), f"{ref}-second", T0)
    return ref


def test_it_says_what_is_erased_when_and_by_which_rule(db: Database, as_: Choose) -> None:
    ref, running = out_of_mandate(db), assigned_case(db, 2).ref
    for who in ("s-dana", "s-frank"):
        page = as_(who).get("/retention").text
        assert "November 2026: 0" in page and "December 2026: 1" in page and "October 2027: 0" in page
        month = as_(who).get("/retention", params={"month": "2026-12"}).text
        assert ref in month and "30 calendar days" in month and "protocol draft" in month
        assert running not in month and "Canaryname" not in month
    assert as_("s-cora").get("/retention").status_code == 403
    assert as_("s-dana").get("/retention", params={"month": "2026-13"}).status_code == 404
    assert rows(db, "SELECT count(*) FROM access_entry WHERE what = 'retention' AND staff = 's-frank'") == [(2,)]


def test_what_is_held_back_says_why(db: Database, as_: Choose) -> None:
    held, disputed = out_of_mandate(db), out_of_mandate(db, 2)
    perform(db, DANA, held, WaiveStep(id="retain", reason="not_possible", occurred_on=T0.date()), "hold", T0)
    objection = ReportEvent(event="objection", occurred_on=T0.date(), fields={"disputed": "the name"})
    perform(db, CORA, disputed, objection, "objection", T0)
    dana = as_("s-dana")
    page = dana.get("/retention", params={"month": "2026-12"}).text
    assert disputed in page and held not in page and "a request waits for its answer" in page
    clock.set_to(later(days=31))
    later_on = as_("s-dana")
    assert "legal hold" in later_on.get("/retention", params={"month": "2027-11"}).text
    assert "1 case should have been erased" in later_on.get("/retention").text
    assert disputed in later_on.get("/retention", params={"month": "late"}).text


def test_a_long_month_has_pages(db: Database, as_: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "PAGE", 2)
    refs = [out_of_mandate(db, number) for number in (1, 2, 3)]
    first = as_("s-dana").get("/retention", params={"month": "2026-12"}).text
    assert [ref in first for ref in refs] == [True, True, False]
    second = as_("s-dana").get("/retention", params={"month": "2026-12", "from": 2}).text
    assert [ref in second for ref in refs] == [False, False, True]


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_it_reads_an_index_and_not_every_step(db: Database, as_: Choose) -> None:
    as_("s-dana")
    values = {"step": "retain", "since": T0, "until": T0 + dt.timedelta(days=30), "answering": "answer", "upto": 26}
    compiled = calendar._LINES.on("sqlite")
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.text}", tuple(compiled.values(values))).all()
    said = " ".join(str(row[-1]) for row in plan)
    assert "ix_step_open_by_due" in said and "SCAN step" not in said
