"""Whatever the bytes: a written file reads back equal, and a damaged one is refused, never a crash."""

import io
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from casework.notification_files import read_rows
from casework.notification_tables import FileProblem
from casework.notification_words import RELEASE_TYPES
from casework.notifications import Notification
from tests.casework.notification_examples import (
    NOW,
    SAMPLES,
    written,
    zipped,
)

LETTERS = "aZéÉçøßœıİعليΩж中\u0301\u0327\u200c09-.'()/&#+ \u00a0;,\"\t\n"
NAMES = st.text(LETTERS, max_size=40).map(lambda text: f"V{text}")
DAYS = st.dates(date(2026, 11, 1), date(2027, 12, 31))


@st.composite
def notifications(draw: st.DrawFn) -> Notification:
    certainty = draw(st.sampled_from(["confirmed", "expected", "unconfirmed"]))
    kind = draw(st.sampled_from(list(RELEASE_TYPES)))
    planned = draw(DAYS if certainty != "unconfirmed" else st.none() | DAYS)
    return Notification(
        **{field: draw(NAMES) for field in ("reference", "prison", "family_name", "given_names", "source")},
        birth_date=draw(st.dates(date(1920, 1, 1), date(2014, 1, 1))),
        language=draw(st.sampled_from(["nl", "fr", "en", "ar"])),
        release_type=kind,
        conditions=draw(st.sampled_from(["yes", "no", "unknown"])),
        planned_release=planned,
        certainty=certainty,
        notified_at=draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 22), timezones=st.just(UTC))),  # noqa: DTZ001
        actual_release=draw(st.none() | st.dates(date(2026, 1, 1), date(2026, 11, 23))),
        planned_return=planned or date(2026, 12, 1) if kind == "leave" else None,
    )


@given(st.lists(notifications(), max_size=4), st.sampled_from(";,\t"), st.sampled_from(["%d/%m/%Y", "%Y-%m-%d"]))
def test_a_written_csv_reads_back_equal(told: list[Notification], delimiter: str, form: str) -> None:
    def cell(value: object) -> str:
        if isinstance(value, datetime):
            return value.isoformat()
        return value.strftime(form) if isinstance(value, date) else str(value or "")

    rows = [{field: cell(value) for field, value in dict(notification).items()} for notification in told]
    read = read_rows("a.csv", written(rows, delimiter).encode(), NOW)
    assert [row.notification for row in read] == told


@settings(deadline=None)
@given(st.sampled_from(["a.csv", "a.json", "a.xlsx", "a.xls", "a.tsv", "a"]), st.binary() | st.text().map(str.encode))
def test_no_bytes_raise_anything_but_a_file_problem(name: str, content: bytes) -> None:
    with suppress(FileProblem):
        assert isinstance(read_rows(name, content, NOW), list)


SOUND = {
    "a.csv": (SAMPLES / "notifications.csv").read_bytes(),
    "a.json": (SAMPLES / "notifications.json").read_bytes(),
    "a.xlsx": (SAMPLES / "notifications.xlsx").read_bytes(),
}
PARTS = {
    part: zipfile.ZipFile(io.BytesIO(SOUND["a.xlsx"])).read(part)
    for part in ("xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/workbook.xml")
}


@settings(deadline=None)
@given(st.data())
def test_damage_to_a_sound_file_raises_nothing_but_a_file_problem(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(SOUND)))
    content = SOUND[name]
    part = data.draw(st.sampled_from(list(PARTS))) if name == "a.xlsx" and data.draw(st.booleans()) else None
    content = PARTS[part] if part else content
    start = data.draw(st.integers(0, len(content)))
    end = start + data.draw(st.integers(0, 20))
    content = (
        content[:start] + data.draw(st.binary(max_size=20) | st.sampled_from([b"9", b"</c>", b'""'])) + content[end:]
    )
    if part:
        with zipfile.ZipFile(io.BytesIO(SOUND[name])) as packed:
            whole = {entry: packed.read(entry) for entry in packed.namelist()}
        content = zipped({**whole, part: content})
    with suppress(FileProblem):
        read_rows(name, content, NOW)
