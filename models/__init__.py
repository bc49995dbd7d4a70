"""SQLModel tables: the current state for queries, the ledger for what happened."""

import importlib
import pkgutil

from models.base import METADATA, Row, table_of

__all__ = ["METADATA", "Row", "table_of"]

# Every module here adds its tables to METADATA; a migration must see them all.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
