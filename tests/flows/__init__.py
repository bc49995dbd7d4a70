"""The flows on a real Prefect server."""
