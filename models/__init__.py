"""SQLModel tables: the current state for queries, the ledger for what happened."""

from models import cases, heartbeats, ledger, meetings, messages, outbox, people, proposals, sharing
from models.base import METADATA, Row, table_of

__all__ = [
    "METADATA",
    "Row",
    "cases",
    "heartbeats",
    "ledger",
    "meetings",
    "messages",
    "outbox",
    "people",
    "proposals",
    "sharing",
    "table_of",
]
