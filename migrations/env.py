"""Alembic's entrance. `casework.migrating.migrate` hands over its connection; the `alembic` command makes one itself."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

import models
from casework.db import engine_of
from casework.settings import settings
from models.columns import Moment, Words

JSON_TYPE = 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'


def render_item(kind: str, item: Any, context_: AutogenContext) -> str | Literal[False]:
    """A migration names plain types: it must still run when the models have moved on."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Words):
        return "sa.String()"
    if kind == "type" and type(item).__name__ == "AutoString":
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if kind == "type" and isinstance(item, sa.JSON):
        context_.imports.add("from sqlalchemy.dialects import postgresql")
        return JSON_TYPE
    return False


def migrate_on(connection: sa.Connection) -> None:
    # No batch mode: altering a table on SQLite by copying it would drop the ledger's triggers.
    context.configure(connection=connection, target_metadata=models.METADATA, render_item=render_item)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate_on(given)
else:
    engine = engine_of(settings(), owner=True)
    with engine.begin() as own:
        migrate_on(own)
    engine.dispose()
