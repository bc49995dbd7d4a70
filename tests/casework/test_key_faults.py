"""Keys that are lost, damaged or of another partnership: the operator is told which setting, what and what mends it."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from casework.backup import backup as back_up
from casework.backup import backup_keys, restore
from casework.db import Database
from casework.key_rotation import rotate, status
from casework.keys import KeyLost, KeyStore
from casework.reading import case_for
from casework.settings import Settings, SettingsFault, settings
from casework.upgrade import open_database
from tests.casework.helpers import T0, new_case, rows
from tests.conftest import PostgresServer
from tests.personas import CORA

NOW = dt.datetime(2026, 11, 10, 8, tzinfo=dt.UTC)


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return settings(home=tmp_path / "home")


def used(given: Settings) -> str:
    store = KeyStore(given)
    (key_id,) = store.make(1, NOW)
    store.close()
    return key_id


def lost_master_key(given: Settings) -> None:
    (given.home / "master.key").unlink()


def another_master_key(given: Settings) -> None:
    KeyStore(settings(home=given.home / "other")).close()
    shutil.copy(given.home / "other" / "master.key", given.home / "master.key")


def damaged_master_key(given: Settings) -> None:
    (given.home / "master.key").write_text("1:" + "@" * 44)


def open_master_key(given: Settings) -> None:
    (given.home / "master.key").chmod(0o644)


def damaged_key_store(given: Settings) -> None:
    for ending in ("-wal", "-shm"):
        (given.keys_folder / f"keys.sqlite{ending}").unlink(missing_ok=True)
    (given.keys_folder / "keys.sqlite").write_bytes(os.urandom(8192))


FAULTS = {
    lost_master_key: ("SLUIS_MASTER_KEY", "file is missing", "put master.key back"),
    another_master_key: ("SLUIS_MASTER_KEY", "not the master key that wrapped", "that belongs to this key store"),
    damaged_master_key: ("SLUIS_MASTER_KEY", "32 bytes in base64", "openssl rand"),
    open_master_key: ("SLUIS_MASTER_KEY", "open to others", "chmod 600"),
    damaged_key_store: ("SLUIS_KEYS", "keys.sqlite is damaged", "put back the backup"),
}


@pytest.mark.parametrize("harm", FAULTS)
def test_what_is_wrong_with_the_keys_is_told_with_setting_rule_and_remedy(given: Settings, harm: object) -> None:
    used(given)
    harm(given)  # type: ignore[operator]
    with pytest.raises(SettingsFault) as told:
        KeyStore(given)
    setting, rule, remedy = FAULTS[harm]  # type: ignore[index]
    assert told.value.field == setting and rule in told.value.rule and remedy in told.value.remedy
    if harm is lost_master_key:
        assert not (given.home / "master.key").exists()  # a new one would hide what happened


def test_commands_tell_it_without_a_stack_trace(given: Settings) -> None:
    used(given)
    another_master_key(given)
    ran = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "keys", "rotate"],
        env={**os.environ, "SLUIS_HOME": str(given.home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2 and ran.stdout == ""
    assert "SLUIS_MASTER_KEY" in ran.stderr and "Remedy" in ran.stderr and "Traceback" not in ran.stderr


def test_one_damaged_key_is_counted_and_does_not_stop_the_others(given: Settings) -> None:
    bad, good = used(given), used(given)
    store = KeyStore(given)
    store.tables.run("UPDATE sealing_key SET wrapped = ? WHERE key_id = ?", (os.urandom(60), bad))
    assert status(store).damaged == 1
    done = rotate(store)
    assert (done.wrapped, done.damaged) == (3, 1)
    assert (given.home / "master.key").read_text().count("\n") == 2  # the old version may still be needed
    store.sealer(good)
    with pytest.raises(SettingsFault, match=rf"SLUIS_KEYS: key {bad} is damaged"):
        store.sealer(bad)


@pytest.mark.usefixtures("partnership")
def test_a_key_that_is_missing_is_not_taken_for_an_erasure(db: Database) -> None:
    ref = new_case(db).ref
    key_id = rows(db, "SELECT key_id FROM release_case")[0][0]
    with db.keys.writing():
        db.keys.tables.run("DELETE FROM sealing_key WHERE key_id = ?", (key_id,))
    again = Database(db.settings)
    with pytest.raises(KeyLost, match=r"it was not erased.*Remedy: put back the newest backup"):
        case_for(again, CORA, ref, T0)
    again.close()


@pytest.mark.usefixtures("partnership")
def test_a_new_key_store_beside_an_old_database_is_refused(db: Database, tmp_path: Path) -> None:
    open_database(db.settings).close()
    ref = new_case(db).ref
    backup_keys(db, tmp_path / "copy")
    back_up(db.settings, tmp_path / "backup")
    db.close()
    shutil.rmtree(db.settings.keys_folder)
    with pytest.raises(SettingsFault, match=r"SLUIS_KEYS: this key store does not belong to this database"):
        open_database(db.settings)
    with pytest.raises(SettingsFault, match="does not belong"):
        restore(db.settings, tmp_path / "backup")
    for ending in ("-wal", "-shm"):
        (db.settings.keys_folder / f"keys.sqlite{ending}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy" / "keys.sqlite", db.settings.keys_folder / "keys.sqlite")
    again = open_database(db.settings)
    assert case_for(again, CORA, ref, T0).person is not None
    again.close()


def test_the_keys_may_not_lie_in_the_database_that_they_seal(tmp_path: Path) -> None:
    url = "postgresql://nobody@/sluis"
    with pytest.raises(SettingsFault, match="SLUIS_KEYS_URL: the keys may not lie"):
        KeyStore(settings(home=tmp_path, database_url=url, keys_url=url))
    with pytest.raises(SettingsFault, match="SLUIS_KEYS_URL: only PostgreSQL"):
        settings(home=tmp_path, keys_url="sqlite:////tmp/keys")
    with pytest.raises(SettingsFault, match="SLUIS_KEYS_URL: the key store's database cannot be used"):
        KeyStore(settings(home=tmp_path, keys_url=f"postgresql://nobody@/keys?host={tmp_path}"))


def test_several_machines_share_a_key_store_on_postgresql(tmp_path: Path, postgres_server: PostgresServer) -> None:
    from casework.keys import KeyGone
    from casework.tombstones import Tombstone

    name = postgres_server.new_database("template0")
    url = postgres_server.url(name)
    (tmp_path / "one").mkdir()
    first = KeyStore(settings(home=tmp_path / "one", keys_url=url))
    (tmp_path / "two").mkdir()
    shutil.copy(tmp_path / "one" / "master.key", tmp_path / "two" / "master.key")
    second = KeyStore(settings(home=tmp_path / "two", keys_url=url))
    assert first.index_secret == second.index_secret
    kept, gone = first.make(2, NOW)
    second.sealer(gone)  # the other machine holds it in memory
    first.destroy([Tombstone(gone, "case", 17, NOW.isoformat(), "s-dana")])
    for machine in (first, second):
        with pytest.raises(KeyGone):
            machine.sealer(gone)
        assert [stone.key_id for stone in machine.tombstones()] == [gone]
    # The server goes away and comes back.
    postgres_server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert second.has(kept) and second.make(1, NOW)
    rotate(first, portion=1)
    with pytest.raises(SettingsFault, match="version 2 of the master key is missing"):
        second.make(1, NOW)
    shutil.copy(tmp_path / "one" / "master.key", tmp_path / "two" / "master.key")
    second.sealer(second.make(1, NOW)[0])
    first.copy_to(tmp_path)
    assert (tmp_path / "keys.sqlite").is_file()
    first.close()
    second.close()
    postgres_server.drop(name)
