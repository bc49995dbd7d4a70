"""The protocol as data and the engine that runs it: pure functions, no clock, no files, no database."""
