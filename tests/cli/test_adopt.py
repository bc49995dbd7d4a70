"""`sluis adopt`, as a person or another program calls it."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from casework.settings import settings
from casework.upgrade import open_database
from demo.play import establish as founded
from tests.cli.intake_app import SAMPLES, answered, home, outcomes, sluis

__all__ = ["home"]


@pytest.fixture(autouse=True)
def staff(home: Path) -> None:
    """The fictional partnership of the samples."""
    db = open_database(settings(home=home))
    founded(db, dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    db.close()


def test_running_cases_are_taken_over_and_the_same_sheet_twice_changes_nothing() -> None:
    sheet = SAMPLES / "adopt.xlsx"
    found = answered("adopt", sheet)
    assert outcomes(found) == ["accepted"] * 5
    assert [row["row"] for row in found["rows"]] == [3, 4, 5, 6, 7]
    again = answered("adopt", sheet)
    assert outcomes(again) == ["known"] * 5
    assert [row["case"] for row in again["rows"]] == [row["case"] for row in found["rows"]]


def test_what_cannot_have_been_is_refused_and_ends_with_3() -> None:
    found = answered("adopt", SAMPLES / "adopt.csv", code=3)
    assert outcomes(found) == ["accepted", "accepted", "accepted", "refused"]
    refused = found["rows"][-1]
    assert (refused["field"], refused["remedy"]) == ("visit1", "give the day of contact")


def test_a_dry_run_keeps_nothing_and_says_so() -> None:
    shown = sluis("adopt", SAMPLES / "adopt.xlsx", "--dry-run")
    assert shown.exit_code == 0 and "Nothing was kept" in shown.output
    assert outcomes(answered("adopt", SAMPLES / "adopt.xlsx")) == ["accepted"] * 5


def test_a_file_of_notifications_is_taken_as_cases_that_have_just_begun() -> None:
    assert outcomes(answered("adopt", SAMPLES / "notifications.csv")) == ["accepted"] * 6


def test_a_sheet_that_is_wrong_as_a_whole_says_what(tmp_path: Path) -> None:
    found = answered("adopt", SAMPLES / "notifications.json", code=3)
    assert found["rows"] == [] and "spreadsheet" in found["problem"]["rule"]


def test_only_who_administers_may(home: Path) -> None:
    found = answered("adopt", SAMPLES / "adopt.xlsx", "--as", "liaison-noord", code=3)
    assert outcomes(found) == ["refused"] * 5
    assert outcomes(answered("adopt", SAMPLES / "adopt.xlsx", "--as", "coordinator")) == ["accepted"] * 5


def test_the_installed_command_does_the_same() -> None:
    program = str(Path(sys.executable).with_name("sluis"))
    words = [program, "adopt", str(SAMPLES / "adopt.xlsx"), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert outcomes(json.loads(done.stdout)) == ["accepted"] * 5
