"""Files of notifications: JSON, CSV and XLSX, read row by row.

A row that is wrong never blocks one that is right. A file that is wrong as a whole (not what its name says, no
headings, too large) raises `FileProblem` before any row is taken. Neither ever repeats what stands in the file.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from casework.notification_tables import MAX_ROWS_SEEN, NEEDED, NO_HEADINGS, FileProblem, Heading, Line, heading_of
from casework.notification_words import FIELD_BY_HEADING
from casework.notifications import DuplicateFields, FieldProblem, Notification, read_notification

__all__ = ["FileProblem", "Row", "read_json", "read_rows", "read_table"]

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 5_000
MAX_LINES_OF_A_ROW = 50  # a quotation mark that stays open for longer is a mistake, not an address


@dataclass(frozen=True)
class Row:
    """One notification of a file. `row` counts as a person does: the row of the spreadsheet (its heading is row 1 when
    nothing stands above it), or the place in a JSON list (the first is 1)."""

    row: int
    notification: Notification | None
    problems: tuple[FieldProblem, ...]


def read_rows(name: str, content: bytes, now: datetime) -> list[Row]:
    """The rows of the file, in its order; `now` is aware. Raises FileProblem when the file is wrong as a whole."""
    ending = _ending_of(name, content)
    if ending == "json":
        return _json_rows(content, now)
    heading, lines = _READERS[ending](content, FIELD_BY_HEADING, NEEDED)
    return [_row(line, heading, now) for line in lines]


def read_table(
    name: str, content: bytes, words: Mapping[str, str], needed: Iterable[str] = NEEDED
) -> tuple[Heading, list[Line]]:
    """The headings and the rows of a spreadsheet (CSV or XLSX) with other columns too; `words`: its headings.

    Raises FileProblem.
    """
    ending = _ending_of(name, content)
    if ending == "json":
        raise FileProblem("file", "must be a spreadsheet: CSV or XLSX", "save it as .xlsx or .csv and send that")
    return _READERS[ending](content, words, needed)


def _ending_of(name: str, content: bytes) -> str:
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending != "json" and ending not in _READERS:
        raise FileProblem("file", "must be a JSON, CSV or XLSX file", "save it as .json, .csv or .xlsx and send that")
    if not content:
        raise FileProblem("file", "must not be empty", "check that the file was saved, and send it again")
    if len(content) > MAX_BYTES:
        raise FileProblem("file", f"must not be larger than {MAX_BYTES // 1024**2} MB", "split it into smaller files")
    return ending


# --- JSON ---------------------------------------------------------------------------------------------------------


def read_json(text: str) -> Any:
    """Strict JSON. An object that names a field twice becomes DuplicateFields, NaN and Infinity are refused."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as fault:
        rule = f"must be valid JSON; it is not at line {fault.lineno}, column {fault.colno}"
        raise FileProblem("file", rule, "export it again, or correct it at that place") from None
    except (ValueError, RecursionError):
        raise FileProblem("file", "must hold plain objects, texts and ordinary numbers", _EXPORT_AGAIN) from None


_EXPORT_AGAIN = "export it again as one object or a list of objects"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else DuplicateFields(made)


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _json_rows(content: bytes, now: datetime) -> list[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileProblem("file", "must be UTF-8, as JSON is", "export it again as UTF-8") from None
    found = read_json(text)
    objects = found if isinstance(found, list) else [found]
    if not isinstance(found, (list, dict)):
        raise FileProblem("file", "must hold one notification or a list of them", _EXPORT_AGAIN)
    _refuse_too_many(len(objects))
    return [Row(number, *read_notification(raw, now)) for number, raw in enumerate(objects, start=1)]


# --- CSV ----------------------------------------------------------------------------------------------------------

_DELIMITERS = ";,\t"
_EXCEL_DELIMITER = re.compile(r'"?sep=([;,\t|])"?\s*', re.IGNORECASE)


def _csv_table(content: bytes, words: Mapping[str, str], needed: Iterable[str]) -> tuple[Heading, list[Line]]:
    lines = _text_of(content).split("\n")
    delimiters = _DELIMITERS
    if told := _EXCEL_DELIMITER.fullmatch(lines[0]):
        delimiters = told[1]
        del lines[0]  # Excel does not show it as a row
    tables = [partial(_csv_lines, lines, delimiter) for delimiter in delimiters]
    found = [(table, heading) for table in tables if (heading := heading_of(table(), words))]
    if not found:
        raise FileProblem("headings", *NO_HEADINGS)
    # Read with the wrong delimiter, headings grow together: the right one knows the most.
    return _table(*max(found, key=lambda pair: pair[1].known), needed)


def _text_of(content: bytes) -> str:
    """The text with line ends made `\\n`. UTF-8 when it is that, else cp1252 (what Excel writes in western Europe)."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0" if b"\0" in content else _cp1252(content)
    if "\0" in text:
        raise FileProblem("file", "must be a text file", "save the spreadsheet as CSV, or send it as .xlsx")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cp1252(content: bytes) -> str:
    as_utf8 = content.decode("utf-8", errors="replace")
    broken = as_utf8.count("\ufffd")
    if sum(c > "\x7f" and c != "\ufffd" for c in as_utf8) >= broken:
        # Mostly UTF-8: read as cp1252 every name with an accent would be spoilt without anybody noticing.
        raise FileProblem("file", "must be in one encoding; this is UTF-8 with broken letters in it", _SAVE_AS_UTF8)
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        raise FileProblem("file", "must be text in UTF-8 or Windows-1252 (cp1252)", _SAVE_AS_UTF8) from None


_SAVE_AS_UTF8 = "save it as 'CSV UTF-8' and send that"


def _csv_lines(lines: list[str], delimiter: str) -> Iterator[Line]:
    """One Line per record. After a record that cannot be read, reading goes on at the next line of the file."""
    position = number = 0
    while position < len(lines):
        number += 1
        if number > MAX_ROWS_SEEN:
            raise FileProblem("file", f"must not have more than {MAX_ROWS_SEEN} lines", "remove the empty ones")
        until = min(position + MAX_LINES_OF_A_ROW, len(lines))
        reader = csv.reader((f"{lines[i]}\n" for i in range(position, until)), delimiter=delimiter, strict=True)
        try:
            cells: list[object] = [*next(reader)]
            position += reader.line_num
            yield Line(number, cells)
        except csv.Error:
            position += 1
            yield Line(number, [], _QUOTES)


_QUOTES = FieldProblem(
    "row", "every quotation mark that opens a cell must also close it", 'close it; write a mark inside a cell as ""'
)


# --- tables -------------------------------------------------------------------------------------------------------


def _xlsx_table(content: bytes, words: Mapping[str, str], needed: Iterable[str]) -> tuple[Heading, list[Line]]:
    from casework.notification_sheets import sheets_of

    with sheets_of(content) as sheets:
        found = [(sheet, heading) for sheet in sheets if (heading := heading_of(sheet(), words))]
        if not found:
            raise FileProblem("headings", *NO_HEADINGS)
        if len(found) > 1:
            # Taking the first alone would lose the others without anybody noticing.
            raise FileProblem("file", "must have its notifications on one sheet", "send one file per sheet")
        return _table(*found[0], needed)


def _table(table: Callable[[], Iterator[Line]], heading: Heading, needed: Iterable[str]) -> tuple[Heading, list[Line]]:
    heading.must_be_complete(needed)
    lines: list[Line] = []
    for line in table():
        if line.number > heading.line and not line.is_empty():
            lines.append(line)
            _refuse_too_many(len(lines))
    return heading, lines


def _row(line: Line, heading: Heading, now: datetime) -> Row:
    if problem := line.problem or heading.misfit(line):
        return Row(line.number, None, (problem,))
    return Row(line.number, *read_notification(heading.fields(line), now))


def _refuse_too_many(rows: int) -> None:
    if rows > MAX_ROWS:
        raise FileProblem("file", f"must not hold more than {MAX_ROWS} notifications", "split it into smaller files")


def _old_xls(content: bytes, words: Mapping[str, str], needed: Iterable[str]) -> NoReturn:
    raise FileProblem("file", "must not be in the old .xls form", "open it and save it as .xlsx, without a password")


_READERS: dict[str, Callable[[bytes, Mapping[str, str], Iterable[str]], tuple[Heading, list[Line]]]] = {
    "csv": _csv_table,
    "txt": _csv_table,
    "tsv": _csv_table,
    "xlsx": _xlsx_table,
    "xls": _old_xls,
}
