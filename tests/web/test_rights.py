"""The rights of the person over HTTP: an access request answered with a copy; who read what, for the DPO."""

import io
import re
from collections.abc import Callable

import pytest
from pypdf import PdfReader

from casework import documents
from casework.cases import perform
from casework.db import Database
from protocol.commands import DecideSecond, ReportEvent
from tests.casework.helpers import T0, assigned_case, complete, later, rows
from tests.personas import CORA, DORA, ILSE, SARA
from tests.web.conftest import Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
SHARED = {
    "decision": "shared", "item": "Canarypolice text", "recipients": ["s-lena"], "ground": "case_consultation",
    "code": "named_only", "expires_on": "2026-12-31",
}  # fmt: skip


def a_full_case(db: Database) -> str:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    complete(db, ILSE, ref, "share", SHARED)
    perform(db, SARA, ref, DecideSecond(id="share", agree=True, occurred_on=T0.date()), "second", T0)
    seen = documents.New("Letter", "to the person", "social_plan")
    documents.add(db, DORA, ref, seen, "letter.txt", b"a letter", "d1", T0)
    hidden = documents.New("Report", "about somebody else", "social_plan", "withheld_from_person")
    documents.add(db, DORA, ref, hidden, "report.txt", b"a report", "d2", T0)
    return ref


def asked(db: Database, ref: str) -> None:
    perform(db, CORA, ref, ReportEvent(event="access_request", occurred_on=T0.date()), "asked", T0)


def test_a_copy_holds_everything_and_lists_what_is_withheld(db: Database, as_: Choose) -> None:
    ref = a_full_case(db)
    asked(db, ref)
    browser = as_("s-dana")
    found = browser.post(f"/cases/{ref}/copy", {"as": "json"}).json()
    assert ["Name", "Robin Canaryname1"] in found["person"]
    told = [step for step, *_ in found["written"]]
    assert told == ["Notification", "Mandate check", "Assignment", "Information check"]
    assert "Canary reason in free text" in str(found["written"])
    assert [kind for kind, *_ in found["documents"]] == ["Social plan"]
    withheld = {(kind, ground) for kind, ground, _, _ in found["withheld"]}
    assert withheld == {
        ("Filtered police note", "Police information: ask the Supervisory Body for Police Information"),
        ("Social plan", "Would harm somebody else or an inquiry (GDPR art. 23)"),
    }
    assert all(decider and day for _, _, decider, day in found["withheld"])
    assert "Canarypolice" not in str(found) and "a report" not in str(found)


def test_the_copy_is_a_readable_pdf(db: Database, as_: Choose) -> None:
    ref = a_full_case(db)
    asked(db, ref)
    answer = as_("s-dana", "nl").post(f"/cases/{ref}/copy", {"as": "pdf"})
    assert answer.headers["content-type"] == "application/pdf" and "Canary" not in answer.headers["content-disposition"]
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    text = " ".join(text.split())
    assert "Robin Canaryname1" in text and "Controleorgaan" in text and "Uw rechten" in text
    assert "Canarypolice" not in text
    assert "Robin Canaryname1" in as_("s-dana", "nl").post(f"/cases/{ref}/copy", {"as": "page"}).text


def test_without_a_request_there_is_no_copy_and_only_the_data_manager_makes_one(db: Database, as_: Choose) -> None:
    ref = a_full_case(db)
    refused = as_("s-dana").post(f"/cases/{ref}/copy", {"as": "json"})
    assert refused.status_code in (409, 422) and "no access request is open" in refused.text.lower()
    asked(db, ref)
    assert as_("s-cora").post(f"/cases/{ref}/copy", {"as": "json"}).status_code == 403
    for stranger in ("s-lars", "s-omar", "s-frank"):
        assert as_(stranger).post(f"/cases/{ref}/copy", {"as": "json"}).status_code in (403, 404)
    assert as_("s-dana").get("/tasks").text.count("Answer the request") >= 1


def test_making_a_copy_is_noted(db: Database, as_: Choose) -> None:
    ref = a_full_case(db)
    asked(db, ref)
    as_("s-dana").post(f"/cases/{ref}/copy", {"as": "json"})
    assert rows(db, "SELECT staff, allowed FROM access_entry WHERE what = 'copy for the person'") == [("s-dana", 1)]


def test_the_dpo_sees_who_read_a_case_and_what_somebody_read(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    as_("s-lena").get(f"/cases/{ref}")
    as_("s-omar").get(f"/cases/{ref}")
    dpo = as_("s-frank")
    page = dpo.get("/reading", params={"case": ref}).text
    lines = re.findall(r"<tr>.*?</tr>", page, re.S)
    assert any("Lena Imaginair" in line and "Own cases" in line for line in lines)
    assert any("Omar Fictief" in line and "refused" in line for line in lines)
    own = dpo.get("/reading", params={"who": "s-lena"}).text
    assert ref in own and "Omar" not in "".join(re.findall(r"<tbody>.*?</tbody>", own, re.S))
    assert "Canaryname" not in page + own
    noted = rows(db, "SELECT what FROM access_entry WHERE staff = 's-frank' ORDER BY id")
    assert [what for (what,) in noted] == [f"read log of {ref}", "read log by s-lena"]
    for nobody in ("s-cora", "s-lena", "s-anna"):
        assert as_(nobody).get("/reading").status_code == 403


def test_opening_many_cases_within_an_hour_is_told(db: Database, as_: Choose) -> None:
    lena = as_("s-lena")
    for number in range(1, 17):
        lena.get(f"/cases/{assigned_case(db, number).ref}")
    assert "Lena Imaginair opened 16 different cases" in as_("s-frank").get("/reading").text


def test_a_wrong_period_is_told_beside_the_field(db: Database, as_: Choose) -> None:
    assigned_case(db)
    answer = as_("s-frank").get("/reading", params={"case": "2026-001", "since": "yesterday"})
    assert answer.status_code == 422 and later(days=0) and 'id="since-problem"' in answer.text
