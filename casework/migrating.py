"""Bringing the database to the tables that this version needs. Alembic is the only way a database is made."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import migrations
from casework import clock
from casework.belonging import must_belong
from casework.db import Database, engine_of
from casework.guard import grant, must_not_own, protect
from casework.settings import Settings, SettingsFault

MIGRATION_LOCK = 7_482_001
"""PostgreSQL advisory lock: two processes never migrate at once"""


class NotUpgraded(Exception):
    """The tables are not those that this version of sluis needs."""

    def __init__(self, found: str | None, needed: str) -> None:
        state = f"stands at {found}" if found else "is empty"
        self.rule = f"the database {state}, this version needs {needed}"
        self.remedy = "run `sluis upgrade`"
        super().__init__(f"{self.rule}. Remedy: {self.remedy}")


@dataclass(frozen=True)
class Migrated:
    """What a migration did; `warnings` are for the person who ran it."""

    before: str | None
    after: str
    warnings: tuple[str, ...] = ()


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def newest() -> str:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None
    return head


def version_of(connection: sa.Connection) -> str | None:
    """The migration at which the database stands; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(settings: Settings, to: str = "head") -> Migrated:
    """Bring the database to the newest tables, as the owner; then grant the app what it needs and no more."""
    engine = engine_of(settings, owner=True)
    try:
        with engine.begin() as connection:
            if settings.on_postgres:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            before = version_of(connection)
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, to)
            after = version_of(connection)
            assert after is not None
            warnings: list[str] = []
            if settings.on_postgres:
                protect(connection)
                warnings = grant(connection, _app_role(settings))
    finally:
        engine.dispose()
    return Migrated(before, after, tuple(warnings))


def _app_role(settings: Settings) -> str:
    engine = engine_of(settings)
    try:
        with engine.connect() as connection:
            return str(connection.exec_driver_sql("SELECT current_user").scalar_one())
    finally:
        engine.dispose()


def open_database(settings: Settings) -> Database:
    """The database, ready for work: a new embedded one is made, an older one is refused with its remedy."""
    if not settings.on_postgres and not settings.database_file.exists():
        migrate(settings)
    db = Database(settings)
    try:
        with db.engine.connect() as connection:
            found = version_of(connection)
            if found != newest():
                raise NotUpgraded(found, newest())
            must_not_own(connection, settings)
        must_belong(db, clock.now())
    except (NotUpgraded, SettingsFault):
        db.close()
        raise
    return db
