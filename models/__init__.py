"""SQLModel tables: the current state for queries, the ledger for what happened."""

from models import cases, ledger, meetings, outbox, people, sharing
from models.base import METADATA, Row, table_of

__all__ = ["METADATA", "Row", "cases", "ledger", "meetings", "outbox", "people", "sharing", "table_of"]
