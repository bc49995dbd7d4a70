"""A backup holds no keys; a restore replays the erasures and verifies before anybody opens it."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from alembic import command

from casework import erasure, keys
from casework.backup import BackupFault, backup, backup_keys, name_of, restore
from casework.cases import open_case, perform
from casework.db import Database, engine_of
from casework.errors import NotFound
from casework.reading import case_for
from casework.upgrade import alembic_config, newest, open_database, upgrade
from casework.verify import verify
from protocol.commands import AssignStep
from protocol.errors import Refused
from tests.casework.helpers import T0, assigned_case, counts, mandated_case, new_case, opening, rows
from tests.casework.test_ledger import behind_its_back
from tests.personas import CORA, DANA, LENA, PIET

pytestmark = pytest.mark.usefixtures("partnership")


def test_what_was_backed_up_comes_back(db: Database, tmp_path: Path) -> None:
    first = assigned_case(db).ref
    before = counts(db)
    backup(db.settings, tmp_path / "backup")
    second = new_case(db, 2).ref
    db.close()
    restored = restore(db.settings, tmp_path / "backup")
    assert restored.ledger["intact"] and restored.erased == 0
    again = open_database(db.settings)
    assert counts(again) == before
    person = case_for(again, LENA, first, T0).person
    assert person is not None and person.family_name == "Canaryname1"
    with pytest.raises(NotFound):
        case_for(again, CORA, second, T0)
    perform(again, LENA, first, AssignStep(id="contact#1", staff="s-dora"), "goes on", T0)
    assert verify(again)["intact"]
    again.close()


def test_a_backup_holds_no_keys_and_nothing_readable(db: Database, tmp_path: Path) -> None:
    mandated_case(db)
    file = tmp_path / "backup"
    backup(db.settings, file)
    content = file.read_bytes()
    if db.kind == "postgresql":
        import gzip

        content = gzip.decompress(content)
    for secret in (b"Canaryname1", b"Canary reason", b"REF-0001", db.keys.index_secret):
        assert secret not in content
    assert file.stat().st_mode & 0o077 == 0


def test_an_old_backup_does_not_bring_a_person_back(db: Database, tmp_path: Path) -> None:
    gone, stays = mandated_case(db, 1), mandated_case(db, 2)
    backup(db.settings, tmp_path / "backup")
    erasure.erase(db, gone.case_id, DANA, T0)
    db.close()
    restored = restore(db.settings, tmp_path / "backup")
    assert restored.erased == 2  # the case and the person
    assert restored.ledger["intact"]
    again = open_database(db.settings)
    assert rows(again, "SELECT sealed, name_index FROM person WHERE id = 1") == [(None, None)]
    assert rows(again, "SELECT snapshot FROM release_case WHERE id = 1") == [(None,)]
    with pytest.raises(Refused, match="erased"):
        case_for(again, CORA, gone.ref, T0)
    assert case_for(again, CORA, stays.ref, T0).person is not None
    again.close()


def test_a_backup_that_was_changed_shows_after_the_restore(db: Database, tmp_path: Path) -> None:
    mandated_case(db)
    behind_its_back(db, "DELETE FROM ledger_entry WHERE stream = 'case:2026-001' AND seq = 2")
    backup(db.settings, tmp_path / "backup")
    db.close()
    assert not restore(db.settings, tmp_path / "backup").ledger["intact"]


def test_the_ledger_is_guarded_after_a_restore_too(db: Database, tmp_path: Path) -> None:
    mandated_case(db)
    backup(db.settings, tmp_path / "backup")
    db.close()
    restore(db.settings, tmp_path / "backup")
    engine = engine_of(db.settings, owner=True)
    with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ledger_entry")
    engine.dispose()


def test_a_file_that_is_no_backup_is_refused_and_nothing_is_changed(db: Database, tmp_path: Path) -> None:
    mandated_case(db)
    before = counts(db)
    (tmp_path / "letter.txt").write_text("Dear colleague,\n" * 1000)
    for file in ("letter.txt", "missing"):
        with pytest.raises(BackupFault, match="Remedy"):
            restore(db.settings, tmp_path / file)
    assert counts(db) == before


def test_the_key_store_is_backed_up_apart(db: Database, tmp_path: Path) -> None:
    gone, stays = mandated_case(db, 1), mandated_case(db, 2)
    backup_keys(db, tmp_path / "keys-backup")
    erasure.erase(db, gone.case_id, DANA, T0)
    folder = db.settings.keys_folder
    db.close()
    # The disk with the keys is lost, its backup is put back; the tombstones were kept.
    (folder / "keys.sqlite").unlink()
    for ending in ("-wal", "-shm"):
        (folder / f"keys.sqlite{ending}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "keys-backup" / "keys.sqlite", folder / "keys.sqlite")
    again = open_database(db.settings)
    assert case_for(again, CORA, stays.ref, T0).person is not None
    with pytest.raises(keys.KeyGone):
        again.keys.sealer(rows(again, "SELECT key_id FROM release_case WHERE id = 1")[0][0])
    again.close()


def test_an_upgrade_makes_a_backup_first(db: Database) -> None:
    engine = engine_of(db.settings, owner=True)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    engine.dispose()
    done = upgrade(db.settings, T0)
    assert (done.migrated.before, done.migrated.after) == ("0002", newest())
    assert done.backup is not None and done.backup.is_file()
    assert done.backup.name == name_of(T0, f"before-{newest()}")
    again = upgrade(db.settings, T0 + dt.timedelta(days=1))
    assert again.backup is None


def test_an_erased_case_keeps_its_chain_and_nothing_else(db: Database) -> None:
    performed = assigned_case(db)
    erasure.erase(db, performed.case_id, DANA, T0)
    assert verify(db)["intact"]
    assert rows(db, "SELECT count(*) FROM ledger_entry WHERE stream = 'case:2026-001'") == [(5,)]
    for table in ("step", "timer", "case_member", "person_identity"):
        assert rows(db, f"SELECT count(*) FROM {table}") == [(0,)]
    assert rows(db, "SELECT lead, is_open, snapshot FROM release_case") in ([(None, 0, None)], [(None, False, None)])
    before = counts(db)
    erasure.erase(db, performed.case_id, DANA, T0)
    assert counts(db) == before
    with pytest.raises(Refused, match="erased"):
        perform(db, CORA, performed.ref, AssignStep(id="contact#1", staff="s-dora"), "x", T0)


def test_a_person_is_kept_as_long_as_another_case_is(db: Database) -> None:
    first = new_case(db)
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE release_case SET is_open = (1 = 0)")  # long ago
    second = open_case(db, PIET, opening(1), "a later case", T0)
    assert rows(db, "SELECT follows FROM release_case WHERE id = 2") == [(first.case_id,)]
    erasure.erase(db, first.case_id, DANA, T0)
    assert case_for(db, CORA, second.ref, T0).person is not None
    erasure.erase(db, second.case_id, DANA, T0)
    assert rows(db, "SELECT sealed FROM person") == [(None,)]
