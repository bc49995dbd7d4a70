"""The interface over a partnership at work, and a client of it with a key."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from casework import api_clients, clock
from casework.db import Database
from models.people import ApiClient
from tests.personas import ADDED, settle_in
from web.app import create_app

NOW = dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)
"""Tuesday 10 November 2026, ten o'clock in Brussels"""
WRITE = api_clients.WRITE_NOTIFICATIONS


def notification(number: int = 1, **given: Any) -> dict[str, Any]:
    """A fictional notification in the agreed form."""
    return {
        "reference": f"REF-{number:04d}",
        "prison": "Mechelen",
        "family_name": f"Canaryname{number}",
        "given_names": "Robin",
        "birth_date": "1990-01-02",
        "language": "nl",
        "release_type": "end_of_sentence",
        "planned_release": "2027-03-01",
        "certainty": "confirmed",
        "source": "registry",
        "notified_at": "2026-11-10T09:30",
        **given,
    }


@dataclass
class System:
    """A prison's system."""

    http: TestClient
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, body: Any, idempotency: str | None = None, **headers: str) -> Any:
        found = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": idempotency or uuid4().hex, **headers}
        return self.http.post("/api/v1/notifications", json=body, headers=found)


@pytest.fixture
def http(db: Database) -> Iterator[TestClient]:
    settle_in(db)
    clock.set_to(NOW)
    with TestClient(create_app(db), raise_server_exceptions=False) as found:
        yield found


def new_key(db: Database, name: str = "prison-1", **given: Any) -> str:
    values = {"id": name, "name": name, "key_hash": b"", "scopes": [WRITE], "acts_as": "s-piet", "added_at": ADDED}
    return api_clients.add(db, ApiClient(**{**values, **given}), at=ADDED)


@pytest.fixture
def system(db: Database, http: TestClient) -> System:
    return System(http, new_key(db))
