"""Files of notifications: every honest spelling is read, every other file is refused in plain words."""

import json

import pytest

from casework import notification_files, notification_sheets, notification_tables
from casework.notification_files import read_rows
from casework.notification_words import HEADINGS, RELEASE_TYPES
from casework.notifications import FIELDS, OPTIONAL
from tests.casework.notification_examples import (
    EXPECTED,
    NOW,
    RIGHT,
    SAMPLES,
    one,
    outcome,
    refusal,
    saved,
    workbook,
    written,
)

# --- samples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [("notifications.json", 1, 5), ("notifications.csv", 2, 6), ("notifications.xlsx", 3, 5)],
)
def test_the_samples_are_read_without_a_problem(name: str, first: int, count: int) -> None:
    rows = read_rows(name, (SAMPLES / name).read_bytes(), NOW)
    assert outcome(rows) == [(number, []) for number in range(first, first + count)]


def test_the_samples_show_every_kind_of_release() -> None:
    names = ("notifications.json", "notifications.csv", "notifications.xlsx", "with-mistakes.csv")
    rows = [row for name in names for row in read_rows(name, (SAMPLES / name).read_bytes(), NOW)]
    assert {row.notification.release_type for row in rows if row.notification} == set(RELEASE_TYPES)


def test_the_sample_with_mistakes_is_refused_row_by_row_as_its_readme_says() -> None:
    rows = read_rows("with-mistakes.csv", (SAMPLES / "with-mistakes.csv").read_bytes(), NOW)
    assert outcome(rows) == [
        (2, []),
        (3, ["reference"]),
        (4, ["planned_release"]),
        (5, ["birth_date", "language", "release_type", "conditions", "planned_release", "certainty"]),
        (6, ["birth_date", "notified_at", "actual_release"]),
        (7, ["planned_return"]),
        (8, ["reference", "planned_return"]),
        (9, ["row"]),
        (10, []),
    ]


# --- CSV ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_every_usual_form_of_csv_reads_the_same(delimiter: str, encoding: str, line_end: str) -> None:
    row = {**RIGHT, "family_name": "Inventé; de, la", "source": "brief\nbijlage"}
    content = written([row], delimiter).replace("\r\n", line_end).encode(encoding)
    notification = one("a.csv", content)
    assert (notification.family_name, notification.source) == ("Inventé; de, la", "brief bijlage")


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_headings_may_be_labels_in_any_case_without_accents(language: str) -> None:
    labels = [getattr(HEADINGS[field], language) for field in FIELDS]
    for headings in (labels, [x.upper() for x in labels], [x.replace("é", "e").replace(" ", "_") for x in labels]):
        assert one("a.csv", written([RIGHT], headings=headings).encode()) == EXPECTED


def test_the_delimiter_is_the_one_that_makes_headings_whatever_the_cells_hold() -> None:
    row = {**RIGHT, "source": ",,,;;;,,,", "given_names": "a,b,c,d,e"}
    assert one("a.csv", written([row], "\t").encode()).given_names == "a,b,c,d,e"
    assert one("a.csv", b"sep=,\r\n" + written([row], ",").encode()).given_names == "a,b,c,d,e"


def test_rows_are_counted_as_a_spreadsheet_shows_them() -> None:
    row = {**RIGHT, "source": "brief\nmet bijlage"}
    lines = written([row, row, {**row, "reference": ""}]).split("\r\n")
    content = "\r\n".join(["Lijst van november", "", *lines[:2], "", " ; ;; ", *lines[2:]]).encode()
    assert outcome(read_rows("a.csv", content, NOW)) == [(4, []), (7, []), (8, ["reference"])]


def test_a_row_with_too_few_or_too_many_cells_does_not_block_the_others() -> None:
    right = written([RIGHT]).split("\r\n")[1]
    lines = [";".join(FIELDS), right, "NF-2;Prison", f"{right};;", f"{right};extra", right]
    assert outcome(read_rows("a.csv", "\n".join(lines).encode(), NOW)) == [
        (2, []),
        (3, ["row"]),
        (4, []),
        (5, ["row"]),
        (6, []),
    ]


@pytest.mark.parametrize("broken", ['"NF-2;Prison', 'NF-2;"Pri"son'])
def test_a_quotation_mark_that_stays_open_costs_its_own_row_only(broken: str) -> None:
    right = written([RIGHT]).split("\r\n")[1]
    content = "\n".join([";".join(FIELDS), right, broken, right, right]).encode()
    assert outcome(read_rows("a.csv", content, NOW)) == [(2, []), (3, ["row"]), (4, []), (5, [])]


def test_utf8_with_a_broken_letter_is_not_taken_for_cp1252() -> None:
    rows = [{**RIGHT, "family_name": "Inventé"}, {**RIGHT, "family_name": "Çelik"}]
    content = written(rows).encode() + b"NF-3;\xe9"
    assert "UTF-8" in refusal("a.csv", content).rule


# --- headings -----------------------------------------------------------------------------------------------------


def test_an_unknown_heading_is_refused_by_its_column_without_repeating_it() -> None:
    headings = [*FIELDS[:12], "actual_relase", "Verzonnen"]
    problem = refusal("a.csv", written([RIGHT], headings=headings).encode())
    assert "column M" in problem.rule
    assert problem.remedy == "write actual_release"
    assert "Verzonnen" not in str(refusal("a.csv", written([RIGHT], headings=[*FIELDS[:13], "Verzonnen"]).encode()))


def test_a_heading_that_is_missing_or_there_twice_is_refused() -> None:
    assert "missing: source" in refusal("a.csv", ";".join(f for f in FIELDS if f != "source").encode()).rule
    assert "reference is there twice" in refusal("a.csv", ";".join([*FIELDS, "referentie"]).encode()).rule
    needed = [field for field in FIELDS if field not in OPTIONAL]
    assert read_rows("a.csv", ";".join(needed).encode(), NOW) == []


def test_a_file_without_headings_is_refused_without_repeating_its_first_row() -> None:
    problem = refusal("a.csv", written([RIGHT]).split("\r\n")[1].encode())
    assert "Verzonnen" not in str(problem)


# --- JSON ---------------------------------------------------------------------------------------------------------


def test_json_is_one_object_or_a_list() -> None:
    told = {key: value for key, value in RIGHT.items() if value}
    assert one("a.json", json.dumps(told).encode()) == EXPECTED
    assert one("A.JSON", json.dumps([{**told, "actual_release": None}]).encode("utf-8-sig")) == EXPECTED
    assert read_rows("a.json", b"[]", NOW) == []


def test_a_wrong_object_does_not_block_the_others() -> None:
    twice = json.dumps(RIGHT)[:-1] + ', "reference": "NF-2"}'
    content = f"[{json.dumps(RIGHT)}, 3, {twice}, {json.dumps({**RIGHT, 'extra': 1})}, {json.dumps(RIGHT)}]".encode()
    assert outcome(read_rows("a.json", content, NOW)) == [
        (1, []),
        (2, ["notification"]),
        (3, ["notification"]),
        (4, ["notification"]),
        (5, []),
    ]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"3", b'"text"', b"null", b"[1,]", b"\xff\xfe", b"[" * 100_000),
        *(b'{"reference": NaN}', b'[{"x": -Infinity}]', b'{"reference": ' + b"9" * 5000 + b"}"),
    ],
)
def test_what_is_not_plain_json_is_refused_as_a_whole(content: bytes) -> None:
    refusal("a.json", content)


def test_the_place_of_a_mistake_in_json_is_told() -> None:
    assert "line 2, column 3" in refusal("a.json", b'[\n  oops "Verzonnen"]').rule


# --- limits -------------------------------------------------------------------------------------------------------


def test_a_file_holds_at_most_5000_notifications(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (notification_files.MAX_ROWS, notification_files.MAX_BYTES) == (5_000, 10 * 1024 * 1024)
    monkeypatch.setattr(notification_files, "MAX_ROWS", 3)
    for count, fits in ((3, True), (4, False)):
        contents = {
            "a.csv": written([RIGHT] * count).encode(),
            "a.json": json.dumps([RIGHT] * count).encode(),
            "a.xlsx": saved(workbook(list(FIELDS), *[[*RIGHT.values()]] * count)),
        }
        for name, content in contents.items():
            if fits:
                assert len(read_rows(name, content, NOW)) == count
            else:
                assert "more than 3 notifications" in refusal(name, content).rule


def test_a_file_is_at_most_10_mb() -> None:
    assert "10 MB" in refusal("a.csv", b"x" * (10 * 1024 * 1024 + 1)).rule


def test_rows_that_are_only_empty_do_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (notification_files, notification_sheets):
        monkeypatch.setattr(module, "MAX_ROWS_SEEN", 20)
    refusal("a.csv", written([RIGHT]).encode() + b";\n" * 30)
    book = workbook(list(FIELDS))
    book.active["A40"] = "x"
    refusal("a.xlsx", saved(book))
    wide = workbook(list(FIELDS))
    wide.active.cell(1, notification_tables.MAX_COLUMNS + 1, "x")
    assert "columns" in refusal("a.xlsx", saved(wide)).rule
