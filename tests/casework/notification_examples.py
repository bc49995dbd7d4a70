"""A right row, and the files that hold it, for the tests of files of notifications."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from casework.notification_files import Row, read_rows
from casework.notification_tables import FileProblem
from casework.notifications import FIELDS, Notification

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples"
RIGHT = {
    "reference": "NF-1",
    "prison": "Prison Noord (fictief)",
    "family_name": "Verzonnen",
    "given_names": "Noor",
    "birth_date": "17/04/1991",
    "language": "nl",
    "release_type": "strafeinde",
    "conditions": "",
    "planned_release": "11/12/2026",
    "certainty": "verwacht",
    "source": "berekening",
    "notified_at": "20/11/2026 10:15",
    "actual_release": "",
    "planned_return": "",
}


def written(rows: list[dict[str, str]], delimiter: str = ";", headings: list[str] | None = None) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([headings or list(FIELDS), *([*row.values()] for row in rows)])
    return out.getvalue()


def workbook(*rows: list[object], title: str = "Blad1") -> Workbook:
    book = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def one(name: str, content: bytes) -> Notification:
    rows = read_rows(name, content, NOW)
    assert [row.problems for row in rows] == [()]
    assert rows[0].notification is not None
    return rows[0].notification


def refusal(name: str, content: bytes) -> FileProblem:
    with pytest.raises(FileProblem) as fault:
        read_rows(name, content, NOW)
    assert fault.value.field in ("file", "headings")
    assert fault.value.rule
    assert fault.value.remedy
    return fault.value


def outcome(rows: list[Row]) -> list[tuple[int, list[str]]]:
    return [(row.row, [problem.field for problem in row.problems]) for row in rows]


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


EXPECTED = one("a.csv", written([RIGHT]).encode())
