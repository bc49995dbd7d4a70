"""The ledger refuses changes, and shows those that were made behind its back."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from casework import ledger
from casework.db import Database, engine_of
from casework.verify import CheckpointRefused, checkpoint, verify

NOW = dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)


def write(db: Database, stream: str = "reads:s-1", times: int = 3) -> None:
    for n in range(times):
        with db.write() as tx:
            ledger.append_to(tx, stream, NOW, "s-1", "read", {"case": n})


def behind_its_back(db: Database, *statements: str) -> None:
    """As somebody with the owner's password, who knows how to take the guard away."""
    engine = engine_of(db.settings, owner=True)
    with engine.begin() as connection:
        if db.kind == "sqlite":
            for name in ("update", "delete", "replace"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS ledger_entry_no_{name}")
        else:
            connection.exec_driver_sql("ALTER TABLE ledger_entry DISABLE TRIGGER ALL")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_an_entry_holds_its_header_and_its_body(db: Database) -> None:
    write(db, times=2)
    with db.read() as tx:
        (first, body), (second, _) = ledger.entries(tx, "reads:s-1")
    assert first == ledger.Header("reads:s-1", 1, NOW, "s-1", "read")
    assert second.seq == 2
    assert json.loads(body) == {"case": 0}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET hash = entry",
        "DELETE FROM ledger_entry",
        "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry",
        "TRUNCATE ledger_entry",
    ],
)
def test_the_database_refuses_to_change_or_remove_an_entry(db: Database, statement: str) -> None:
    write(db)
    with pytest.raises(DBAPIError), db.begin() as connection:
        connection.exec_driver_sql(statement)


def test_even_the_owner_is_refused_while_the_guard_stands(db: Database) -> None:
    write(db)
    engine = engine_of(db.settings, owner=True)
    for statement in ("UPDATE ledger_entry SET seq = 9", "DELETE FROM ledger_entry"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_an_untouched_ledger_is_intact(db: Database, tmp_path: Path) -> None:
    write(db)
    write(db, "partnership")
    file = tmp_path / "checkpoint.json"
    checkpoint(db, file, NOW)
    write(db)
    found = verify(db, file)
    assert found == {"streams": 2, "entries": 9, "intact": True, "first_fault": None}


CUT = (
    "DELETE FROM ledger_entry WHERE stream = 'reads:s-1' AND seq = 3",
    "UPDATE ledger_stream SET seq = 2, hash = (SELECT hash FROM ledger_entry WHERE stream = 'reads:s-1' AND seq = 2) "
    "WHERE stream = 'reads:s-1'",
)
SWAPPED = (
    "UPDATE ledger_entry SET seq = -1 WHERE seq = 1",
    "UPDATE ledger_entry SET seq = 1 WHERE seq = 2",
    "UPDATE ledger_entry SET seq = 2 WHERE seq = -1",
)


@pytest.mark.parametrize(
    ("statements", "seq", "words"),
    [
        (("UPDATE ledger_entry SET entry = hash WHERE seq = 2",), 2, "changed"),
        (("DELETE FROM ledger_entry WHERE seq = 2",), 2, "missing or out of order"),
        (SWAPPED, 1, "missing or out of order"),
        (("DELETE FROM ledger_entry WHERE seq = 3",), 2, "tail cut"),
        (("UPDATE ledger_entry SET stream = 'reads:s-2'",), 1, "changed"),
        (("DELETE FROM ledger_entry",), 0, "stream removed"),
    ],
)
def test_what_was_changed_behind_its_back_shows(
    db: Database, statements: tuple[str, ...], seq: int, words: str
) -> None:
    write(db)
    behind_its_back(db, *statements)
    found = verify(db)
    assert not found["intact"]
    assert found["first_fault"] is not None
    assert (found["first_fault"]["seq"], found["first_fault"]["fault"]) == (seq, words)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (CUT, "tail cut"),
        (("DELETE FROM ledger_entry", "DELETE FROM ledger_stream"), "stream removed"),
    ],
)
def test_a_checkpoint_shows_what_the_chain_alone_cannot(
    db: Database, tmp_path: Path, statements: tuple[str, ...], words: str
) -> None:
    write(db)
    checkpoint(db, tmp_path / "checkpoint.json", NOW)
    behind_its_back(db, *statements)
    assert verify(db)["intact"]
    found = verify(db, tmp_path / "checkpoint.json")["first_fault"]
    assert found is not None and found["fault"] == words


def test_a_stream_that_was_written_anew_as_a_whole_shows(db: Database, tmp_path: Path) -> None:
    write(db)
    checkpoint(db, tmp_path / "checkpoint.json", NOW)
    behind_its_back(db, "DELETE FROM ledger_entry", "DELETE FROM ledger_stream")
    for n in range(4):
        with db.write() as tx:
            ledger.append_to(tx, "reads:s-1", NOW, "s-1", "read", {"case": n + 100})
    assert verify(db)["intact"]
    found = verify(db, tmp_path / "checkpoint.json")["first_fault"]
    assert found == {"stream": "reads:s-1", "seq": 3, "fault": "changed"}


def _other_root(written: dict[str, object]) -> None:
    written["heads"] = {}


def _other_signature(written: dict[str, object]) -> None:
    written["made_at"] = "2026-11-11T00:00:00+00:00"


@pytest.mark.parametrize("change", [_other_root, _other_signature])
def test_a_forged_checkpoint_shows(db: Database, tmp_path: Path, change: Callable[[dict[str, object]], None]) -> None:
    write(db)
    file = tmp_path / "checkpoint.json"
    checkpoint(db, file, NOW)
    written = json.loads(file.read_text())
    change(written)
    file.write_text(json.dumps(written))
    found = verify(db, file)["first_fault"]
    assert found is not None and "not signed" in found["fault"]
    file.write_text("{}")
    found = verify(db, file)["first_fault"]
    assert found is not None and "not a checkpoint" in found["fault"]


def test_a_ledger_with_a_fault_is_not_signed(db: Database, tmp_path: Path) -> None:
    write(db)
    behind_its_back(db, "DELETE FROM ledger_entry WHERE seq = 1")
    with pytest.raises(CheckpointRefused, match="Nothing was signed"):
        checkpoint(db, tmp_path / "checkpoint.json", NOW)
    assert not (tmp_path / "checkpoint.json").exists()
