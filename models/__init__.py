"""The tables: current state for queries, the ledger for what happened."""
