"""One Prefect server and one worker for the whole session: they take some fifteen seconds to start."""

import os
from collections.abc import Iterator

import pytest

from tests.flows.prefect_server import Child, PrefectServer, running_server

# Before anything imports prefect: no usage reports, and nothing of the developer's own profile.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """The real server with the work pool `sluis`, without a worker."""
    with running_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture(scope="session")
def worker_environment() -> dict[str, str]:
    """What the flows need besides Prefect (SLUIS_HOME …). A test module that needs more overrides this fixture."""
    return {}


@pytest.fixture(scope="session")
def prefect_worker(prefect_server: PrefectServer, worker_environment: dict[str, str]) -> Iterator[Child]:
    """A process worker that asks for work every two seconds."""
    worker = prefect_server.start_worker(worker_environment)
    yield worker
    worker.stop()
