"""Where Prefect is, and what every process that talks to it needs."""

import base64
import http.client
import os
import secrets
import socket
from urllib.parse import urlsplit

from casework.settings import Settings, secret_file

LOOPBACK = "127.0.0.1"
USER = "sluis"
KEEP_RUNS_SECONDS = 14 * 24 * 3600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def status_of(url: str, password: str = "") -> int:
    """The HTTP status that an address answers with; 0: nobody answers."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or LOOPBACK, parts.port, timeout=2)
    given = {"Authorization": "Basic " + base64.b64encode(password.encode()).decode()} if password else {}
    try:
        connection.request("GET", parts.path or "/", headers=given)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class PrefectPlace:
    """Where Prefect is: a server of our own, or (PREFECT_API_URL in the environment) one that runs elsewhere."""

    def __init__(self, settings: Settings) -> None:
        self.own = "PREFECT_API_URL" not in os.environ
        self.home = settings.home / "prefect"
        self.port = free_port() if self.own else 0
        self.url = f"http://{LOOPBACK}:{self.port}/api" if self.own else settings.prefect_api_url
        self.password = self._password() if self.own else os.environ.get("PREFECT_API_AUTH_STRING", "")

    def _password(self) -> str:
        """Made once per home: what is kept in Prefect's own profile stays usable."""
        made = f"{USER}:{secrets.token_urlsafe(24)}"
        return secret_file(self.home / "auth", "SLUIS_HOME", made.encode).decode().strip()

    def answers(self) -> bool:
        return status_of(f"{self.url}/health", self.password) == http.client.OK

    def environment(self) -> dict[str, str]:
        """For every process that talks to Prefect. Nothing here reaches outside this machine by itself."""
        found = {
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": self.url,
            "PREFECT_RUNNER_AUTO_INSTALL_DEPENDENCIES": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        if self.password:
            found["PREFECT_API_AUTH_STRING"] = self.password
        return found

    def server_environment(self) -> dict[str, str]:
        return self.environment() | {
            "PREFECT_SERVER_API_AUTH_STRING": self.password,
            "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(KEEP_RUNS_SECONDS),
            # In memory, the slot of a run that was cut off would stay taken when the server starts again.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "60",
        }
