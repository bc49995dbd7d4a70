"""Excel workbooks of notifications: what is in the cells is taken, what is dangerous in the file is not."""

from datetime import date, datetime

import pytest
from openpyxl import Workbook

from casework.notification_files import read_rows
from casework.notification_sheets import MAX_TAGS_OF_A_PART
from casework.notifications import FIELDS
from tests.casework.notification_examples import (
    EXPECTED,
    NOW,
    RIGHT,
    one,
    outcome,
    refusal,
    saved,
    workbook,
    zipped,
)


def test_a_workbook_keeps_its_dates_times_and_numbers() -> None:
    row: list[object] = [12345.0, *list(RIGHT.values())[1:]]
    row[4], row[8], row[11] = date(1991, 4, 17), datetime(2026, 12, 11), datetime(2026, 11, 20, 10, 15)  # noqa: DTZ001
    notification = one("a.xlsx", saved(workbook(list(FIELDS), row)))
    assert notification == EXPECTED.model_copy(update={"reference": "12345"})


def test_a_number_that_a_spreadsheet_shows_with_zeros_keeps_them() -> None:
    book = workbook(list(FIELDS), [123, *list(RIGHT.values())[1:]])
    book.active["A2"].number_format = "00000"
    assert one("a.xlsx", saved(book)).reference == "00123"


def test_the_sheet_with_headings_is_read_and_hidden_or_other_sheets_are_not() -> None:
    book = workbook(["Uitleg", "vul het tweede blad in"])
    sheet = book.create_sheet("Meldingen")
    sheet.append(["Meldingen van november"])
    sheet["A4"], sheet["A7"] = None, None
    for column, (field, value) in enumerate(RIGHT.items(), start=1):
        sheet.cell(3, column, field)
        sheet.cell(6, column, value)
    hidden = book.create_sheet("Oud")
    hidden.append(list(FIELDS))
    hidden.sheet_state = "hidden"
    assert outcome(read_rows("a.xlsx", saved(book), NOW)) == [(6, [])]
    hidden.sheet_state = "visible"
    assert "one sheet" in refusal("a.xlsx", saved(book)).rule


def test_formulas_and_spreadsheet_errors_are_refused_in_their_field() -> None:
    row: list[object] = [*RIGHT.values()]
    row[4], row[8] = "=DATE(1991,4,17)", "#N/A"
    rows = read_rows("a.xlsx", saved(workbook(list(FIELDS), row, [*RIGHT.values()])), NOW)
    assert outcome(rows) == [(2, ["birth_date", "planned_release"]), (3, [])]
    assert "formula" in rows[0].problems[0].rule


def test_a_cell_without_a_heading_is_refused_in_its_row() -> None:
    rows = read_rows("a.xlsx", saved(workbook(list(FIELDS), [*RIGHT.values(), None, "note"])), NOW)
    assert outcome(rows) == [(2, ["row"])]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.xlsx", b"reference;prison", "Excel"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xls"),
        ("a.csv", saved(Workbook()), "text file"),
        ("a.pdf", b"%PDF", "JSON, CSV or XLSX"),
        ("noname", b"x", "JSON, CSV or XLSX"),
        ("a.csv", b"", "empty"),
        ("a.xlsx", saved(Workbook()), "above the columns"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, content: bytes, word: str) -> None:
    assert word in refusal(name, content).rule


@pytest.mark.parametrize(
    "parts",
    [
        {"xl/worksheets/sheet1.xml": bytes(60 * 1024 * 1024)},
        {f"{number}.xml": b"" for number in range(600)},
        {"xl/styles.xml": b"<c/>" * (MAX_TAGS_OF_A_PART + 1)},
        {"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'},
        {"xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "aaaa">]>'.encode("utf-16")},
    ],
)
def test_a_zip_bomb_is_refused_before_it_is_unpacked(parts: dict[str, bytes]) -> None:
    refusal("a.xlsx", zipped(parts))
