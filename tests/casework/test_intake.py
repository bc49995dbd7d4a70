"""What comes in through files, the drop folder and a prison's interface: nothing twice, nothing lost half-way."""

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from casework import intake, intake_folder, intake_pull
from casework.db import Database
from casework.intake import FileProblem, PullSource, Swept, pull_source, sweep_drop_folder, sweep_folder
from protocol.commands import SYSTEM
from tests.casework.helpers import counts, rows
from tests.casework.misbehaving_server import Server, page, says, serving
from tests.casework.notification_examples import RIGHT, SAMPLES, written
from tests.casework.test_receiving import said

pytestmark = pytest.mark.usefixtures("partnership")

MONDAY = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
GOOD, MIXED = "notifications.json", "with-mistakes.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "drop"
    found.mkdir()
    return found


def dropped(folder: Path, name: str, under: str = "") -> Path:
    path = folder / (under or name)
    shutil.copyfile(SAMPLES / name, path)
    return path


def sweep(db: Database, folder: Path, **given: Any) -> list[Swept]:
    return sweep_folder(db, folder, SYSTEM, MONDAY, **{"sleep": lambda _: None, **given})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def report(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.report.json").read_text())
    return found


# --- the drop folder ------------------------------------------------------------------------------------------------


def test_a_file_is_taken_and_moved_to_done_with_its_report(db: Database, folder: Path) -> None:
    dropped(folder, GOOD)
    assert [(one.name, one.outcome) for one in sweep(db, folder)] == [(GOOD, "done")]
    assert names(folder / "done") == [GOOD, f"{GOOD}.report.json"]
    assert names(folder / "taking") == names(folder / "refused") == []
    assert {row["outcome"] for row in report(folder / "done", GOOD)["rows"]} == {"accepted"}
    assert rows(db, "SELECT count(*) FROM release_case") == [(5,)]


def test_a_file_with_a_refused_row_waits_in_refused_and_its_good_rows_are_taken(db: Database, folder: Path) -> None:
    dropped(folder, MIXED)
    assert [one.outcome for one in sweep(db, folder)] == ["refused"]
    found = report(folder / "refused", MIXED)
    assert [row["row"] for row in found["rows"] if row["outcome"] == "accepted"] == [2, 10]
    assert not [name for name in ("Verzonnen", "Geert", "1990", "OF-26") if name in json.dumps(found)]


def test_a_file_that_is_wrong_as_a_whole_is_refused_with_its_remedy(db: Database, folder: Path) -> None:
    (folder / "letter.pdf").write_bytes(b"%PDF-1.7 Canaryname")
    (one,) = sweep(db, folder)
    assert one.report.problem is not None and "JSON, CSV or XLSX" in one.report.problem.rule
    assert set(report(folder / "refused", "letter.pdf")["problem"]) == {"field", "rule", "remedy"}


def test_the_same_content_twice_is_known(db: Database, folder: Path) -> None:
    dropped(folder, GOOD)
    sweep(db, folder)
    before = counts(db)
    dropped(folder, GOOD)
    dropped(folder, GOOD, under="again.json")
    assert {row["outcome"] for one in sweep(db, folder) for row in one.report.rows} == {"known"}
    assert counts(db) == before
    assert {GOOD, "notifications-2.json", "again.json"} <= set(names(folder / "done"))


def test_a_file_still_being_written_is_left_alone(db: Database, folder: Path) -> None:
    growing = dropped(folder, GOOD)
    dropped(folder, GOOD, under=f"{GOOD}.part")
    (folder / ".hidden.json").write_text("[]")

    def writes_on(_: float) -> None:
        with growing.open("a") as file:
            file.write(" ")

    assert sweep(db, folder, sleep=writes_on) == []
    assert [one.outcome for one in sweep(db, folder)] == ["done"]
    assert f"{GOOD}.part" in names(folder)


def test_links_pipes_folders_and_huge_files_are_never_read(db: Database, folder: Path, tmp_path: Path) -> None:
    secret = dropped(tmp_path, GOOD, under="secret.json")
    (folder / "link.json").symlink_to(secret)
    os.mkfifo(folder / "pipe.json")
    with (folder / "huge.json").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    (folder / "folder.json").mkdir()
    swept = {one.name: one for one in sweep(db, folder)}
    assert set(swept) == {"link.json", "pipe.json", "huge.json"}
    assert {one.outcome for one in swept.values()} == {"refused"}
    assert secret.exists() and rows(db, "SELECT count(*) FROM release_case") == [(0,)]


def test_a_link_in_place_of_our_own_folder_is_refused(db: Database, folder: Path, tmp_path: Path) -> None:
    (folder / "done").symlink_to(tmp_path)
    dropped(folder, GOOD)
    with pytest.raises(FileProblem, match="done"):
        sweep(db, folder)
    assert names(folder) == ["done", GOOD, "taking"]


class Killed(BaseException):
    """What ends a process, here in the middle of a sweep."""


@pytest.mark.parametrize("place", ["take_notifications", "_write", "_finish", "after"])
def test_a_sweep_killed_half_way_is_finished_by_the_next(
    db: Database, folder: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped(folder, GOOD)

    def killed(*_: object, **__: object) -> None:
        raise Killed

    def half_moved(folder: Path, name: str, outcome: str) -> None:
        (folder / "taking" / name).rename(folder / outcome / name)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(
            intake_folder, "_finish" if place == "after" else place, half_moved if place == "after" else killed
        )
        with pytest.raises(Killed):
            sweep(db, folder)
    sweep(db, folder)
    assert names(folder / "done") == [GOOD, f"{GOOD}.report.json"]
    assert names(folder / "taking") == []
    assert rows(db, "SELECT count(*) FROM release_case") == [(5,)]
    assert sweep(db, folder) == []


def test_while_another_sweep_is_at_work_nothing_is_done(db: Database, folder: Path) -> None:
    sweep(db, folder)
    dropped(folder, GOOD)
    with intake_folder._alone(folder) as alone:
        assert alone
        assert sweep(db, folder) == []
    assert [one.outcome for one in sweep(db, folder)] == ["done"]


def test_a_database_that_fails_keeps_the_file_for_the_next_sweep(
    db: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped(folder, GOOD)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Canaryname")

    with monkeypatch.context() as patch:
        patch.setattr(intake_folder, "take_notifications", broken)
        (one,) = sweep(db, folder)
    assert (one.outcome, one.fault) == ("later", "RuntimeError")
    assert [one.outcome for one in sweep(db, folder)] == ["done"]


def test_the_drop_folder_of_the_settings_is_swept_if_it_is_there(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_folder, "SETTLED", 0.0)
    assert sweep_drop_folder(db, MONDAY) == {}
    drop = db.settings.home / "drop"
    drop.mkdir(parents=True)
    dropped(drop, MIXED)
    assert sweep_drop_folder(db, MONDAY) == {"files_refused": 1, "accepted": 2, "refused": 7}
    monkeypatch.setattr(intake_folder, "KEPT", dt.timedelta(seconds=-5))
    assert sweep_drop_folder(db, MONDAY) == {"files_forgotten": 1}  # names do not stay on the disk
    assert names(drop / "refused") == [f"{MIXED}.report.json"]


# --- files ----------------------------------------------------------------------------------------------------------


def test_progress_is_told_row_by_row(db: Database) -> None:
    told: list[tuple[int, int]] = []
    content = written([RIGHT, {**RIGHT, "reference": "NF-2", "birth_date": "18/04/1991"}]).encode()
    intake.take_notifications(
        db, "a.csv", content, SYSTEM, MONDAY, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_of_a_file_that_was_read_only_the_digest_is_kept(db: Database) -> None:
    content = (SAMPLES / GOOD).read_bytes()
    intake.take_notifications(db, GOOD, content, SYSTEM, MONDAY, dry_run=True)
    assert rows(db, "SELECT count(*) FROM import_file") == [(0,)]
    intake.take_notifications(db, GOOD, content, SYSTEM, MONDAY)
    assert rows(db, "SELECT source, rows FROM import_file") == [("file", 5)]


# --- pulling --------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def source(server: Server, path: str = "/v1/notifications", **given: Any) -> PullSource:
    return PullSource(
        url=f"http://127.0.0.1:{server.port}{path}", token=SecretStr("key"), allow_private_addresses=True,
        allow_plain_http=True, attempts=1, **given,
    )  # fmt: skip


def told(number: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(number).model_dump_json(exclude_none=True))
    return found


def test_a_pull_goes_on_where_the_last_one_stopped(db: Database, server: Server) -> None:
    server.script = [page("c-1", told(1)), says(500)]
    first = pull_source(db, source(server), SYSTEM, MONDAY)
    assert [row["outcome"] for row in first.rows] == ["accepted"]
    assert first.report.problem is not None
    server.script = [page(None, told(2), {"reference": "X"})]
    second = pull_source(db, source(server), SYSTEM, MONDAY)
    assert server.asked[-1].endswith("?after=c-1")
    assert [(row["row"], row["outcome"]) for row in second.rows] == [(1, "accepted"), (2, "refused")]
    assert second.refused and second.report.finished


def test_a_process_killed_after_a_page_does_not_ask_for_it_again(db: Database, server: Server) -> None:
    server.script = [page("c-1", told(1)), page("c-2", told(2)), page(None)]

    with pytest.MonkeyPatch.context() as patch:
        taken = intake_pull.receive

        def once(*args: Any, **given: Any) -> Any:
            patch.setattr(intake_pull, "receive", killed)
            return taken(*args, **given)

        def killed(*_: Any, **__: Any) -> None:
            raise Killed

        patch.setattr(intake_pull, "receive", once)
        with pytest.raises(Killed):
            pull_source(db, source(server), SYSTEM, MONDAY)
    server.script = [page("c-2", told(2)), page(None)]
    found = pull_source(db, source(server), SYSTEM, MONDAY)
    assert server.asked[-2].endswith("?after=c-1")
    assert [row["outcome"] for row in found.rows] == ["accepted"]


def test_each_interface_has_a_cursor_of_its_own_and_none_can_be_read(db: Database, server: Server) -> None:
    server.script = [page("Canary-cursor", told(1)), page(None), page("other", told(2)), page(None)]
    pull_source(db, source(server), SYSTEM, MONDAY)
    pull_source(db, source(server, "/v2/notifications"), SYSTEM, MONDAY)
    assert server.asked[2] == "/v2/notifications"
    stored = rows(db, "SELECT source, cursor FROM pull_state")
    assert len(stored) == 2
    assert not [row for row in stored if b"Canary" in bytes(row[1]) or b"127.0" in bytes(row[0])]
