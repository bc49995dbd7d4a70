"""`sluis notify` and `sluis pull`, as a person or another program calls them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.casework.misbehaving_server import page, says, serving
from tests.cli.intake_app import SAMPLES, answered, home, outcomes, sluis

__all__ = ["home"]
pytestmark = pytest.mark.usefixtures("home")


def test_a_new_home_is_ready_for_the_first_file(home: Path) -> None:
    found = answered("notify", SAMPLES / "notifications.json")
    assert outcomes(found) == ["accepted"] * 5
    assert set(found["rows"][0]) == {"row", "outcome", "case", "field", "rule", "remedy"}
    assert (home / "sluis.db").exists()


def test_the_same_file_twice_changes_nothing_and_a_moved_date_is_recognised() -> None:
    answered("notify", SAMPLES / "notifications.json")
    assert outcomes(answered("notify", SAMPLES / "notifications.json")) == ["known"] * 5
    moved = answered("notify", SAMPLES / "notifications.csv")
    assert outcomes(moved)[0] == "moved" and moved["rows"][0]["case"] == "2026-002"


def test_a_refused_row_ends_with_3_and_blocks_no_other() -> None:
    found = answered("notify", SAMPLES / "with-mistakes.csv", code=3)
    assert outcomes(found) == ["accepted", *["refused"] * 7, "accepted"]
    refused = found["rows"][1]
    assert (refused["row"], refused["field"], refused["rule"]) == (3, "reference", "reference must not be empty")


def test_a_row_tells_everything_that_is_wrong_with_it(tmp_path: Path) -> None:
    bad, good, *_ = json.loads((SAMPLES / "notifications.json").read_text("utf-8"))
    file = tmp_path / "two.json"
    file.write_text(json.dumps([bad | {"reference": "", "birth_date": "31/02/1990"}, good]), "utf-8")
    found = answered("notify", file, code=3)
    assert outcomes(found) == ["refused", "accepted"]
    refused = found["rows"][0]
    assert [fault["field"] for fault in refused["faults"]] == ["reference", "birth_date"]
    assert refused["faults"][0] == {name: refused[name] for name in ("field", "rule", "remedy")}
    assert all(fault["remedy"] for fault in refused["faults"]) and "faults" not in found["rows"][1]
    words = sluis("notify", file).output
    assert "reference must" in words and "birth_date must" in words


def test_an_error_is_an_object_where_json_was_asked_for(home: Path) -> None:
    command = [sys.executable, "-c", "from cli.main import main; main()", "case", "show", "2026-999", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and not home.joinpath("logs").exists()
    error = json.loads(done.stdout)["error"]
    assert error["rule"] and error["reason"] and error["remedy"]


def test_a_dry_run_keeps_nothing() -> None:
    assert outcomes(answered("notify", SAMPLES / "notifications.json", "--dry-run")) == ["accepted"] * 5
    assert outcomes(answered("notify", SAMPLES / "notifications.json")) == ["accepted"] * 5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("missing.csv", None, "must be there"), ("a.pdf", b"x", "JSON, CSV or XLSX"), ("a.csv", b"a;b\n", "headings")],
)
def test_a_file_that_is_wrong_as_a_whole_says_what_and_ends_with_3(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found = answered("notify", tmp_path / name, code=3)
    assert found["rows"] == [] and words in found["problem"]["rule"]
    plain = sluis("notify", tmp_path / name)
    assert plain.exit_code == 3 and "Remedy: " in plain.output


def test_people_get_a_table_and_a_count() -> None:
    shown = sluis("notify", SAMPLES / "with-mistakes.csv").output
    assert "2 accepted, 7 refused" in shown and "2026-001" in shown
    assert "Verzonnen" not in shown and "1985" not in shown


def test_somebody_who_may_not_announce_is_told_so() -> None:
    done = sluis("notify", SAMPLES / "notifications.json", "--as", "s-nobody")
    assert done.exit_code != 0 and "Traceback" not in done.output


def test_a_folder_is_swept_once(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "notifications.json", tmp_path)
    found = answered("notify", tmp_path)
    assert [(one["file"], one["outcome"]) for one in found["files"]] == [("notifications.json", "done")]
    assert (tmp_path / "done" / "notifications.json.report.json").exists()
    assert answered("notify", tmp_path) == {"files": []}
    assert sluis("notify", tmp_path, "--dry-run").exit_code == 2


def test_the_installed_command_does_the_same(home: Path) -> None:
    program = str(Path(sys.executable).with_name("sluis"))
    words = [program, "notify", str(SAMPLES / "with-mistakes.csv"), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert outcomes(json.loads(done.stdout)).count("accepted") == 2


def test_a_pull_reads_its_key_from_a_file_and_goes_on_next_time(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret-key\n")
    told = json.loads((SAMPLES / "notifications.json").read_text())
    with serving() as server:
        words = (
            "pull",
            f"http://127.0.0.1:{server.port}/v1",
            "--token-file",
            key,
            "--allow-private",
            "--allow-plain-http",
        )
        server.script = [page("c-1", *told[:2]), page(None, *told[2:])]
        first = answered(*words)
        assert outcomes(first) == ["accepted"] * 5
        assert (first["pages"], first["finished"]) == (2, True)
        server.script = [says(404)]
        second = answered(*words, code=3)
        assert server.asked[-1].endswith("?after=c-1")
    assert second["rows"] == [] and "404" in second["problem"]["rule"]


def test_an_address_that_cannot_be_used_is_refused_without_being_repeated() -> None:
    done = sluis("pull", "http://canary-user:canary-word@prison.example/")
    assert done.exit_code == 2 and "https" in done.output and "canary" not in done.output
