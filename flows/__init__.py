"""Prefect flows: time and the outside world."""
