"""What all tables share: one metadata, names for every constraint, snake_case table names."""

import re
from typing import cast

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import declared_attr
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
"""A constraint without a name cannot be dropped by a migration that must work on two engines."""

SQLModel.metadata.naming_convention = NAMES
METADATA: MetaData = SQLModel.metadata


class Row(SQLModel):
    """Base of every table. Rows hold current state for queries; the ledger holds what happened."""

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def table_of(model: type[SQLModel]) -> Table:
    """The Core table of a model, for statements."""
    return cast(Table, vars(model)["__table__"])


def clustered(*constraints: object) -> tuple[object, ...]:
    """Table arguments of a table that lives in its primary key: one tree fewer to write on SQLite."""
    return (*constraints, {"sqlite_with_rowid": False})
