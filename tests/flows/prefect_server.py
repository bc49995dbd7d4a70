"""A real Prefect server with work pool and worker for tests: on loopback, in a folder of its own, gone at the end."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import httpx

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

ROOT = Path(__file__).resolve().parents[2]
POOL = "sluis"
BROKEN = {"FAILED", "CRASHED"}
# What Prefect prints when something goes wrong inside the server; its own request log is off.
FAULT = re.compile(r"\b(?:ERROR|CRITICAL)\b|^Traceback \(most recent call last\)|Can't evaluate bulk DML", re.MULTILINE)
ENTRY = re.compile(r"^(?=\d\d:\d\d:\d\d\.\d+ \| )", re.MULTILINE)
LOCKED = "database is locked"

T = TypeVar("T")


class TookTooLongError(AssertionError):
    """Something that should happen within seconds did not; says what, and what the logs hold."""


def wait_for(what: str, check: Callable[[], T | None], seconds: float, every: float = 0.2) -> T:
    """The first true answer of `check`, asked `every` so many seconds."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TookTooLongError(f"waited {seconds:.0f} s for {what}")
        time.sleep(every)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Child:
    """A process in a group of its own: a killed worker leaves its engine processes behind otherwise."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(cls, name: str, command: list[str], environment: Mapping[str, str], log: Path, cwd: Path) -> Child:
        with log.open("ab") as out:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(name, process, log)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def tail(self, count: int = 40) -> str:
        return f"--- {self.name} ({self.log}) ---\n" + "\n".join(self.lines()[-count:])

    def group_lives(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """The whole group at once, as when the machine takes it away."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, patience: float = 15) -> None:
        """Ask the group to stop, wait, then take away what is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        if self.group_lives():
            self.kill()


@dataclass
class PrefectServer:
    """Start it with `running_server`. Its `environment` is what every process that talks to it needs."""

    home: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    server: Child | None = None
    workers: list[Child] = field(default_factory=list)
    start_seconds: float = 0

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def auth_string(self) -> str:
        return f"sluis:{self.password}"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's own Prefect, and nothing that reaches outside this machine."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "SLUIS_"))}
        return inherited | {
            "HOME": str(self.home),
            "PREFECT_HOME": str(self.home / "prefect"),
            "PREFECT_API_URL": self.api_url,
            "PREFECT_API_AUTH_STRING": self.auth_string,
            "PREFECT_SERVER_API_AUTH_STRING": self.auth_string,
            "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_RUNNER_AUTO_INSTALL_DEPENDENCIES": "false",
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def prefect(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "prefect", *arguments]

    # --- the server ---

    def start(self, patience: float = 150) -> None:
        """Also again after `server.kill()`: same port, same PREFECT_HOME, the log goes on."""
        self.home.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        command = self.prefect("server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        self.server = Child.start("server", command, self.environment, self.home / "server.log", self.home)
        try:
            wait_for("the Prefect server", self._answers, patience)
        except TookTooLongError as error:
            tail = self.server.tail()
            self.server.kill()
            raise TookTooLongError(f"{error}\n{tail}") from None
        self.start_seconds = time.monotonic() - begun

    def _answers(self) -> bool:
        assert self.server
        if not self.server.running:
            raise AssertionError(f"the Prefect server ended at once\n{self.server.tail()}")
        try:
            answer = httpx.get(f"{self.api_url}/health", auth=("sluis", self.password), timeout=2, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK

    def stop(self) -> None:
        for child in [*self.workers, *([self.server] if self.server else [])]:
            child.stop()

    def faults(self) -> list[str]:
        """What the server's log holds that must not be there. Empty when all is well.

        On a busy machine two transactions of Prefect's own SQLite file can meet ("database is locked"): the client
        tries again, so that is no fault here.
        """
        assert self.server
        entries = ENTRY.split("\n".join(self.server.lines()))
        return [entry for entry in entries if FAULT.search(entry) and LOCKED not in entry]

    # --- what the tests do with it ---

    @contextmanager
    def client(self) -> Iterator[SyncPrefectClient]:
        from prefect.client.orchestration import SyncPrefectClient
        from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings

        settings: dict[Any, Any] = {
            PREFECT_API_URL: self.api_url,
            PREFECT_API_AUTH_STRING: self.auth_string,
            PREFECT_HOME: self.home / "client",
        }
        with temporary_settings(settings), SyncPrefectClient(self.api_url, auth_string=self.auth_string) as client:
            yield client

    def create_pool(self, name: str = POOL) -> None:
        """Through the client: `prefect work-pool create` makes the server ask an outside host for its templates.

        The command is given: without one the worker starts two interpreters per run instead of one (2 s more), in a
        session of its own, so that a run outlives its killed worker.
        """
        from prefect.client.schemas.actions import WorkPoolCreate
        from prefect.workers.process import ProcessWorker

        template = ProcessWorker.get_default_base_job_template()
        template["variables"]["properties"]["command"]["default"] = shlex.join([sys.executable, "-m", "prefect.engine"])
        with self.client() as client:
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))

    def start_worker(self, environment: Mapping[str, str] | None = None, pool: str = POOL) -> Child:
        """`environment`: what the flows need on top (SLUIS_HOME, SLUIS_DATABASE_URL …)."""
        name = f"worker-{len(self.workers) + 1}"
        worker = Child.start(
            name,
            self.prefect("worker", "start", "--pool", pool, "--type", "process", "--name", name, "--limit", "2"),
            self.environment | dict(environment or {}),
            self.home / f"{name}.log",
            self.home,
        )
        self.workers.append(worker)

        def started() -> bool:
            assert worker.running, worker.tail()
            return any("started!" in line for line in worker.lines())

        wait_for(f"{name}\n{worker.tail()}", started, 120)
        return worker

    def deploy(self, prefect_yaml: Path = ROOT / "prefect.yaml", environment: Mapping[str, str] | None = None) -> str:
        """Every deployment of the file; the command's output. Runs in the file's folder, as a user does."""
        done = subprocess.run(
            self.prefect("--no-prompt", "deploy", "--all", "--prefect-file", str(prefect_yaml)),
            cwd=prefect_yaml.parent,
            env=self.environment | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output

    def emit(self, event: str, resource: str, payload: Mapping[str, Any] | None = None) -> None:
        """An event as the pump sends it: one POST that the server has acknowledged when this returns."""
        body = {
            "id": str(uuid4()),
            "occurred": datetime.now(UTC).isoformat(),
            "event": event,
            "resource": {"prefect.resource.id": resource},
            "payload": dict(payload or {}),
        }
        with self.client() as client:
            client.request("POST", "/events", json=[body]).raise_for_status()

    def runs(self, deployment: str, created_by: str | None = None) -> list[FlowRun]:
        """Runs of `flow/deployment`, newest first; `created_by`: SCHEDULE, AUTOMATION (an event) or none for all."""
        from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
        from prefect.client.schemas.sorting import FlowRunSort

        named = DeploymentFilter(name=DeploymentFilterName(any_=[deployment.rsplit("/", maxsplit=1)[-1]]))
        with self.client() as client:
            found = client.read_flow_runs(deployment_filter=named, sort=FlowRunSort.EXPECTED_START_TIME_DESC)
        return [run for run in found if created_by is None or (run.created_by and run.created_by.type == created_by)]

    def completed_run(self, deployment: str, created_by: str | None = None, seconds: float = 60) -> FlowRun:
        """The first run of that origin that is completed. One that failed or crashed fails the test at once, with the
        logs; one that a concurrency limit cancelled does not count."""

        def completed() -> FlowRun | None:
            by_state = {run.state_type.value: run for run in self.runs(deployment, created_by) if run.state_type}
            for state in BROKEN & by_state.keys():
                raise AssertionError(f"{deployment} {by_state[state].name}: {by_state[state].state}\n{self.tails()}")
            return by_state.get("COMPLETED")

        try:
            return wait_for(f"a completed run of {deployment}", completed, seconds, every=0.5)
        except TookTooLongError as error:
            raise TookTooLongError(f"{error}\n{self.tails()}") from None

    def tails(self) -> str:
        return "\n".join(child.tail() for child in [self.server, *self.workers] if child)


@contextmanager
def running_server(home: Path) -> Iterator[PrefectServer]:
    """A fresh server on a free port with an empty PREFECT_HOME below `home`, and the process pool `sluis`."""
    server = PrefectServer(home, free_port())
    try:
        server.start()
        server.create_pool()
        yield server
    finally:
        server.stop()
