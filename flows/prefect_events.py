"""One long-lived client that tells Prefect "there is work". It knows nothing of a case."""

import datetime as dt
import os
import uuid

import httpx

from casework.clock import real_now

RESOURCE = "sluis.outbox"
PREFIX = "sluis.outbox."
CSRF_REFUSED = 403
NO_CSRF = (404, 422)


class PrefectAway(Exception):
    """Prefect cannot be reached or does not take events now. Carries the kind of failure only."""


class PrefectEvents:
    """`POST /api/events`: acknowledged when it returns. The SDK's own emitter sends in the background, unacknowledged.

    The SDK would also cost a second of start and 60 MB for the one call that is needed.
    """

    def __init__(self, url: str, password: str = "") -> None:
        user, _, secret = password.partition(":")
        auth = httpx.BasicAuth(user, secret) if password else None
        self._client = httpx.Client(base_url=url.rstrip("/") + "/", auth=auth, timeout=10, trust_env=False)
        self._name = str(uuid.uuid4())
        self._token: str | None = None
        self._token_until = dt.datetime.min.replace(tzinfo=dt.UTC)

    @classmethod
    def from_environment(cls, url: str) -> "PrefectEvents":
        return cls(url, os.environ.get("PREFECT_API_AUTH_STRING", ""))

    def healthy(self) -> bool:
        try:
            return self._client.get("health").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def emit(self, kind: str, event_id: uuid.UUID) -> None:
        """Say that work of this kind waits. The same event id again starts nothing. Raises PrefectAway."""
        body: dict[str, object] = {
            "id": str(event_id),
            "occurred": real_now().isoformat(),
            "event": PREFIX + kind,
            "resource": {"prefect.resource.id": RESOURCE},
            "payload": {},
        }
        try:
            answer = self._post(body)
            if answer.status_code == CSRF_REFUSED:  # another server took its place: the old token is unknown there
                self._token = None
                answer = self._post(body)
        except httpx.HTTPError as error:
            raise PrefectAway(type(error).__name__) from None
        if answer.is_error:
            raise PrefectAway(f"HTTP {answer.status_code}")

    def _post(self, body: dict[str, object]) -> httpx.Response:
        return self._client.post("events", json=[body], headers=self._csrf())

    def _csrf(self) -> dict[str, str]:
        """The token that a server with CSRF protection asks of every change."""
        if self._token is None or real_now() > self._token_until:
            answer = self._client.get("csrf-token", params={"client": self._name})
            if answer.status_code in NO_CSRF:
                return {}
            answer.raise_for_status()
            found = answer.json()
            self._token = str(found["token"])
            self._token_until = dt.datetime.fromisoformat(found["expiration"]) - dt.timedelta(seconds=30)
        return {"Prefect-Csrf-Token": self._token, "Prefect-Csrf-Client": self._name}

    def close(self) -> None:
        self._client.close()
