"""The `sluis protocol` commands, as a person or another program calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DEFINITIONS = Path(__file__).parents[2] / "protocol" / "definitions"
MECHELEN = str(DEFINITIONS / "mechelen.yaml")


def sluis(*words: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("sluis"))
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def explained(*words: str) -> dict[str, object]:
    done = sluis("protocol", "explain", MECHELEN, "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("--step mandate --type conditional_release --notified 2026-11-10", "2026-11-12"),
        ("--step notify --type conditional_release --notified 2027-03-26", "2027-03-30"),
        ("--step ready --type conditional_release --notified 2026-09-01 --release 2027-01-04", "2026-12-24"),
        ("--step ready --type conditional_release --notified 2026-09-01 --release 2027-01-04 --occurrence 2", "2026-12-31"),
        ("--step followup --type conditional_release --notified 2027-02-01 --release 2027-05-12 --released 2027-05-12",
         "2027-05-18"),
    ],
)  # fmt: skip
def test_the_worked_examples_of_the_protocol_come_out(words: str, due: str) -> None:
    found = explained(*words.split())
    assert found["due"] == due
    because = found["because"]
    assert isinstance(because, list) and because


def test_a_due_day_names_the_holiday_that_was_not_counted() -> None:
    found = explained("--step", "mandate", "--type", "conditional_release", "--notified", "2026-11-10")
    assert "Armistice" in " ".join(found["because"])  # type: ignore[arg-type]


def test_what_arrives_after_the_cut_off_counts_as_the_next_working_day() -> None:
    step = ("--step", "notify", "--type", "conditional_release", "--notified")
    assert explained(*step, "2026-11-12T16:00")["due"] == "2026-11-13"
    assert explained(*step, "2026-11-12T16:01")["due"] == "2026-11-16"


def test_a_step_that_the_variant_lacks_gives_the_reason_and_exit_code_1() -> None:
    done = sluis(
        "protocol", "explain", MECHELEN, "--step", "align", "--type", "end_of_sentence", "--notified", "2026-11-10"
    )
    assert done.returncode == 1
    assert "not in the variant" in done.stderr


def test_both_shipped_protocols_are_sound_and_the_report_names_the_abstraction() -> None:
    done = sluis("protocol", "check", MECHELEN, str(DEFINITIONS / "outreach.yaml"), "--json")
    files = json.loads(done.stdout)["files"]
    assert done.returncode == 0, files
    assert [file["sound"] for file in files] == [True, True]
    assert all(file["states"] > 10 and file["steps"] and file["variants"] and file["abstraction"] for file in files)


def test_a_broken_file_is_told_with_line_rule_and_remedy(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(Path(MECHELEN).read_text().replace("after: [{step: notify}]", "after: [{step: notfy}]", 1))
    done = sluis("protocol", "check", str(broken))
    assert done.returncode == 1
    assert "broken.yaml:" in done.stderr
    assert "notfy" in done.stderr
    assert "Remedy:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_diagram_is_an_svg_and_a_diff_speaks_plain_words(tmp_path: Path) -> None:
    picture = tmp_path / "x.svg"
    assert sluis("protocol", "diagram", MECHELEN, "-o", str(picture)).returncode == 0
    assert picture.read_text().startswith("<svg")
    other = tmp_path / "other.yaml"
    text = (
        Path(MECHELEN)
        .read_text()
        .replace('version: "2026.1"', 'version: "2026.2"')
        .replace("version: 2026.1\n", "version: 2026.2\n")
    )
    other.write_text(
        text.replace("long: {working_days: 10, after: notification}", "long: {working_days: 8, after: notification}", 1)
    )
    done = sluis("protocol", "diff", MECHELEN, str(other))
    assert done.returncode == 0, done.stderr
    assert "8" in done.stdout and "working days" in done.stdout
