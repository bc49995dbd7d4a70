"""Upgrading: a backup first, then the migrations. Alembic is the only way a database is made."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from casework.backup import Progress, backup, name_of
from casework.db import engine_of
from casework.migrating import Migrated, NotUpgraded, alembic_config, migrate, newest, open_database, version_of
from casework.settings import Settings, make_private_folder

__all__ = [
    "Migrated",
    "NotUpgraded",
    "Upgraded",
    "alembic_config",
    "migrate",
    "newest",
    "open_database",
    "upgrade",
    "version_of",
]


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade did. `backup` None: the database was new, or stood at the newest tables already."""

    migrated: Migrated
    backup: Path | None


def upgrade(settings: Settings, at: dt.datetime, progress: Progress | None = None) -> Upgraded:
    """Back the database up if it must change, then migrate it. Stop sluis first."""
    file = None
    if _stands_at(settings) not in (None, newest()):
        folder = settings.home / "backups"
        make_private_folder(folder, "SLUIS_HOME")
        file = folder / name_of(at, f"before-{newest()}")
        backup(settings, file, progress)
    return Upgraded(migrate(settings), file)


def _stands_at(settings: Settings) -> str | None:
    if not settings.on_postgres and not settings.database_file.exists():
        return None
    engine = engine_of(settings, owner=True)
    try:
        with engine.connect() as connection:
            return version_of(connection)
    finally:
        engine.dispose()
