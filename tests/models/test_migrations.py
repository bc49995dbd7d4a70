"""Alembic is the only way a database is made, and makes what the models say."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import models
from casework.db import Database, engine_of
from casework.upgrade import NotUpgraded, alembic_config, migrate, newest, open_database, version_of
from tests.conftest import PostgresServer


def test_the_migrations_make_exactly_the_tables_of_the_models(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, models.METADATA) == []


def test_every_constraint_has_a_name() -> None:
    nameless = [
        (table.name, type(constraint).__name__)
        for table in models.METADATA.tables.values()
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert nameless == []


def test_a_migrated_database_stands_at_the_newest_revision(db: Database) -> None:
    with db.engine.connect() as connection:
        assert version_of(connection) == newest()


def test_migrating_again_changes_nothing(db: Database) -> None:
    done = migrate(db.settings)
    assert done.before == done.after == newest()


def test_every_migration_can_be_taken_back(db: Database) -> None:
    engine = engine_of(db.settings, owner=True)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
    engine.dispose()


def test_an_older_database_is_refused_with_its_remedy(db: Database) -> None:
    engine = engine_of(db.settings, owner=True)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()
    with pytest.raises(NotUpgraded, match="sluis upgrade"):
        open_database(db.settings)


def test_the_app_is_warned_when_it_owns_the_tables(postgres_server: PostgresServer, db: Database) -> None:
    if db.kind == "sqlite":
        assert migrate(db.settings).warnings == ()
        return
    as_owner = db.settings.model_copy(update={"database_url": db.settings.owner_url})
    assert "SLUIS_OWNER_URL" in migrate(as_owner).warnings[0]
