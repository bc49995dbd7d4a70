"""One file per change to the tables."""
