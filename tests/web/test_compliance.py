"""Compliance in the browser and in files: figures with their cases, per prison, per quarter."""

import io
from collections.abc import Callable

import openpyxl
import pytest
from pypdf import PdfReader

from casework import clock
from casework.db import Database
from tests.casework.helpers import assigned_case, later, new_case
from tests.web.conftest import Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
PERIOD = {"since": "2026-11-01", "until": "2026-12-31"}


@pytest.fixture(autouse=True)
def some_cases(db: Database, app: object) -> str:
    ref = assigned_case(db).ref
    for number in range(2, 8):
        new_case(db, number, prison="=Prison East" if number % 2 else "Mechelen")
    clock.set_to(later(days=20))
    return ref


def test_a_figure_leads_to_the_cases_behind_it(as_: Choose) -> None:
    browser = as_("s-cora")
    page = browser.get("/compliance", params=PERIOD).text
    assert "/compliance/notify/missed?since=2026-11-01" in page
    behind = browser.get("/compliance/notify/missed", params=PERIOD).text
    assert behind.count('href="/cases/2026-') == 6 and "Canaryname" not in page + behind
    auditor = as_("s-anna").get("/compliance/notify/missed", params=PERIOD)
    assert auditor.status_code == 200
    for nobody in ("s-lena", "s-piet", "s-dana"):
        assert as_(nobody).get("/compliance/notify/missed", params=PERIOD).status_code == 403


def test_one_prison_alone(as_: Choose) -> None:
    browser = as_("s-cora")
    everything = browser.get("/compliance/notify/missed", params=PERIOD).text
    east = browser.get("/compliance/notify/missed", params={**PERIOD, "prison": "=Prison East"}).text
    assert everything.count('href="/cases/') == 6 and east.count('href="/cases/') == 3
    assert (
        browser.get("/compliance/notify/missed", params={**PERIOD, "prison": "Nowhere"}).text.count('href="/cases/')
        == 6
    )


def test_a_wrong_period_is_told_and_kept(as_: Choose) -> None:
    browser = as_("s-cora")
    assert browser.get("/compliance", params={"since": "soon", "until": "2026-12-31"}).status_code == 422
    turned = browser.get("/compliance", params={"since": "2026-12-31", "until": "2026-11-01"})
    assert turned.status_code == 422 and "cannot lie before" in turned.text


def test_the_spreadsheet_holds_values_and_no_formula(as_: Choose) -> None:
    answer = as_("s-cora").get("/compliance.xlsx", params=PERIOD)
    assert "attachment" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    steps = {row[0]: row[1:] for row in book.worksheets[0].iter_rows(values_only=True)}
    assert steps["Notification"][:5] == (7, 1, 0, 6, 0)
    prisons = [row[0].value for row in book.worksheets[2].iter_rows()]
    assert "=Prison East" in prisons
    assert all(cell.data_type != "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)


def test_the_report_on_paper_says_what_it_is_about(as_: Choose) -> None:
    answer = as_("s-cora", "nl").get("/compliance.pdf", params=PERIOD)
    assert answer.headers["content-type"] == "application/pdf"
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())
    assert "Naleving van het protocol" in text and "1 november 2026" in text and "2026.1" in text and "Melding" in text
    assert as_("s-lena").get("/compliance.pdf", params=PERIOD).status_code == 403


def test_fewer_than_five_releases_of_a_prison_are_not_told(as_: Choose) -> None:
    page = as_("s-cora").get("/compliance", params=PERIOD).text
    assert page.count("too few") == 4


def test_the_cases_behind_a_figure_are_told_in_the_readers_language(as_: Choose) -> None:
    said = {
        "nl": "Informatietoets: staat nog open, ", "fr": "Vérification d&#39;information : étape encore ouverte, ",
        "en": "Information check is still open, ",
    }  # fmt: skip
    for language, words in said.items():
        assert words in as_("s-cora", language).get("/compliance/infocheck/missed", params=PERIOD).text


def test_the_page_of_a_case_says_what_went_otherwise(as_: Choose, some_cases: str) -> None:
    page = as_("s-lena", "fr").get(f"/cases/{some_cases}").text
    assert "Écarts par rapport au protocole" in page and "étape encore ouverte, " in page
    liaison = as_("s-piet", "nl").get(f"/cases/{some_cases}").text
    assert "Anders gelopen" not in liaison
