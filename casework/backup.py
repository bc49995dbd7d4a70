"""Backup and restore, for both engines.

A backup of the database holds no keys: keep the key store's backup somewhere else, and the master key apart from both.
A restore migrates an older backup, replays the tombstones of the key store, and verifies the ledger, before anybody
opens it: an old backup does not bring a person back.
"""

import datetime as dt
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher

from casework import clock, erasure, postgres_tools, sessions
from casework.belonging import must_belong
from casework.db import Database, database_key
from casework.migrating import Migrated, migrate
from casework.settings import Settings, make_private_folder
from casework.sqlite import give_key, open_sqlite
from casework.verify import Verified, verify

PAGES_AT_ONCE = 1000
Progress = Callable[[int, int], None]
"""done, of how many (0: not known)"""


class BackupFault(Exception):
    """A backup that cannot be made or put back: why, and what mends it."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}. Remedy: {remedy}")
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True)
class Restored:
    """What a restore did. `erased`: how many erasures were newer than the backup and were carried out again."""

    migrated: Migrated
    erased: int
    ledger: Verified


def backup(settings: Settings, file: Path, progress: Progress | None = None) -> None:
    """Write a backup of the database to `file`, whole or not at all, while everybody goes on working."""
    draft = file.with_name(f".{file.name}.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    try:
        if settings.on_postgres:
            _translated(lambda: postgres_tools.dump(settings, draft))
        else:
            _copy_sqlite(settings.database_file, draft, database_key(settings), progress)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def backup_keys(db: Database, folder: Path) -> None:
    """Copy the key store (wrapped keys, tombstones) and the database's own key into a folder: not beside the backup."""
    make_private_folder(folder, "folder")
    db.keys.copy_to(folder)
    if db.kind == "sqlite":
        shutil.copy2(db.settings.database_key_file, folder / db.settings.database_key_file.name)


def restore(settings: Settings, file: Path, progress: Progress | None = None) -> Restored:
    """Put a backup back in place of the database. Stop sluis first. Raises BackupFault; then nothing was changed."""
    if not file.is_file():
        raise BackupFault("there is no such backup", "give the file that `sluis backup` wrote")
    if settings.on_postgres:
        _translated(lambda: postgres_tools.load(settings, file))
        return _made_ready(settings)
    aside = settings.database_file.with_name(f"{settings.database_file.name}.restoring")
    _remove_sqlite(aside)
    make_private_folder(aside.parent, "SLUIS_HOME")
    _copy_sqlite(file, aside, database_key(settings), progress)
    # Everything is done beside the database; only a restored copy that is ready takes its place.
    restored = _made_ready(_beside(settings, aside))
    _into_one_file(aside, database_key(settings))
    _remove_sqlite(settings.database_file)
    aside.replace(settings.database_file)
    _remove_sqlite(aside)
    aside.with_suffix(".key").unlink(missing_ok=True)
    return restored


def _beside(settings: Settings, file: Path) -> Settings:
    """The same settings for a database file beside the real one, with a copy of its key."""
    key = file.with_suffix(".key")
    shutil.copy2(settings.database_key_file, key)
    return settings.model_copy(update={"database_url": f"sqlite:///{file}"})


def _made_ready(settings: Settings) -> Restored:
    migrated = migrate(settings)
    with closing(Database(settings)) as db:
        must_belong(db, clock.now())
        erased = erasure.replay(db)
        sessions.end_everything(db)
        return Restored(migrated, erased, verify(db))


def _translated(work: Callable[[], None]) -> None:
    try:
        work()
    except postgres_tools.ToolFault as fault:
        raise BackupFault(fault.rule, fault.remedy) from None


# --- SQLite ---


def _copy_sqlite(source: Path, target: Path, key: bytes, progress: Progress | None) -> None:
    """Page by page, both keyed before the first page: the copy is encrypted with the same key."""
    try:
        with closing(open_sqlite(source, key)) as found, closing(_keyed(target, key)) as copy:
            found.execute("SELECT count(*) FROM alembic_version").fetchone()
            step = (lambda _status, left, total: progress(total - left, total)) if progress else None
            found.backup(copy, pages=PAGES_AT_ONCE, progress=step)
    except sqlcipher.DatabaseError:
        raise BackupFault(
            f"{source.name} is not a database of this partnership", "give a backup made with the same database key"
        ) from None


def _keyed(path: Path, key: bytes) -> Any:
    connection = sqlcipher.connect(str(path), isolation_level=None)
    give_key(connection, key)
    return connection


def _into_one_file(path: Path, key: bytes) -> None:
    """Bring everything from the write-ahead log into the file, so that the file alone can be moved."""
    with closing(open_sqlite(path, key)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _remove_sqlite(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def name_of(at: dt.datetime, why: str = "") -> str:
    """A file name for a backup: `sluis-20261110T090000Z-before-0004`."""
    return "-".join(part for part in ("sluis", at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ"), why) if part)
