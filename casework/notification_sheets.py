"""Excel workbooks (.xlsx) of notifications, read without trusting them.

A workbook is a zip of XML. Before openpyxl sees it, its unpacked size, the number of its parts and tags, and entities
are checked, so that a small file cannot fill the memory. Macros, links and formulas are never followed.
"""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from casework.notification_fields import Unfit
from casework.notification_tables import MAX_COLUMNS, MAX_ROWS_SEEN, FileProblem, Line

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
MAX_PARTS = 500
MAX_TAGS_OF_A_TABLE = 1_000_000  # 5,000 notifications need a quarter of it
MAX_TAGS_OF_A_PART = 100_000
MAX_SHEETS = 20

_OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
_ENTITIES = [mark.encode(code) for mark in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")]
_NOT_A_WORKBOOK = ("must be an Excel workbook (.xlsx)", "open it and save it as .xlsx, or send it as CSV")
_TOO_MUCH = "remove what is not needed: empty rows, pictures, other sheets; or send it as CSV"

Sheet = Callable[[], Iterator[Line]]


@contextmanager
def sheets_of(content: bytes) -> Iterator[list[Sheet]]:
    """The visible sheets, each to be read as often as needed while the workbook is open.

    Everything that openpyxl raises over a damaged workbook becomes a FileProblem: its errors are of many kinds, and
    their texts may repeat what is in a cell.
    """
    from openpyxl import load_workbook

    _refuse_dangerous(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that are not read anyway
        try:
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        except Exception:
            raise FileProblem("file", *_NOT_A_WORKBOOK) from None
        try:
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            if len(visible) > MAX_SHEETS:
                raise FileProblem("file", f"must not have more than {MAX_SHEETS} sheets", _TOO_MUCH)
            yield [partial(_lines, sheet) for sheet in visible]
        finally:
            book.close()


def _refuse_dangerous(content: bytes) -> None:
    if content.startswith(_OLD_OR_LOCKED):
        rule = "must not be protected with a password, nor be in the old .xls form"
        raise FileProblem("file", rule, "remove the password and save it as .xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise FileProblem("file", f"must not unpack to more than {MAX_UNPACKED_BYTES // 1024**2} MB", _TOO_MUCH)
            for part in parts:
                _refuse_dangerous_part(part.filename, packed.read(part))
    except FileProblem:
        raise
    except Exception:  # zipfile raises a dozen kinds over a damaged or locked archive
        raise FileProblem("file", *_NOT_A_WORKBOOK) from None


def _refuse_dangerous_part(name: str, xml: bytes) -> None:
    if not name.lower().endswith((".xml", ".rels", ".vml")):
        return
    if any(mark in xml for mark in _ENTITIES):
        raise FileProblem("file", *_NOT_A_WORKBOOK)
    is_table = "worksheets/" in name or "sharedstrings" in name.lower()
    if xml.count(b"<") > (MAX_TAGS_OF_A_TABLE if is_table else MAX_TAGS_OF_A_PART):
        raise FileProblem("file", "must not be larger than 5,000 notifications need", _TOO_MUCH)


def _lines(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # some programs write a size that is too small, and rows would be lost
    rows = sheet.iter_rows(max_col=MAX_COLUMNS + 1)
    number = 0
    while True:
        try:
            cells = [_value(cell) for cell in next(rows)]
        except StopIteration:
            return
        except Exception:
            raise FileProblem("file", *_NOT_A_WORKBOOK) from None
        number += 1
        if number > MAX_ROWS_SEEN:
            raise FileProblem("file", f"must not use more than {MAX_ROWS_SEEN} rows of a sheet", _TOO_MUCH)
        if len(cells) > MAX_COLUMNS and cells[MAX_COLUMNS] is not None:
            raise FileProblem("file", f"must not use more than {MAX_COLUMNS} columns", _TOO_MUCH)
        yield Line(number, cells)


def _value(cell: Any) -> object:
    """What the cell says. Excel keeps a date as midnight, and a number such as 00123 as 123 with a form of zeros."""
    value = cell.value
    if value is None:
        return None
    if cell.data_type == "f":
        return Unfit("must be a value, not a formula", "copy the column and paste it as values")
    if cell.data_type == "e":
        return Unfit("must be a value, not an error of the spreadsheet", "correct the cell")
    if isinstance(value, datetime):
        value = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return value.date() if value.time() == time(0) else value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        zeros = cell.number_format
        if zeros and set(zeros) == {"0"} and 0 <= value < 1e15 and value == int(value):
            return str(int(value)).zfill(len(zeros))
    return value
