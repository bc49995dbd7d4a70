"""One transaction per action: load, advance, save case, steps, ledger and outbox."""
