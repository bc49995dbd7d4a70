"""Puts the deployments of prefect.yaml in force: `python -m flows.install PREFECT_YAML [--alone]`.

With `--alone` this machine is the only one that runs flows: a run that still counts as running was cut off when the
group ended, so it is written off and its place in the concurrency limit becomes free.
"""

import shlex
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_HOME
from prefect.states import Crashed
from prefect.workers.process import ProcessWorker
from ruamel.yaml import YAML

POOL = "sluis"
CUT_OFF = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


def make_pool(client: SyncPrefectClient, pool: str = POOL) -> None:
    """Through the client: `prefect work-pool create` makes the server ask an outside host for its templates.

    The command is given: without one the worker starts two interpreters per run instead of one (2 s more), in a
    session of its own, so that a run outlives its killed worker.
    """
    template = ProcessWorker.get_default_base_job_template()
    template["variables"]["properties"]["command"]["default"] = shlex.join([sys.executable, "-m", "prefect.engine"])
    try:
        client.read_work_pool(pool)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=pool, type="process", base_job_template=template))
    else:
        client.update_work_pool(pool, WorkPoolUpdate(base_job_template=template))


def write_off(client: SyncPrefectClient, pool: str = POOL) -> int:
    """End the runs that were cut off; how many there were."""
    found = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(CUT_OFF)))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    for run in found:
        client.set_flow_run_state(run.id, Crashed(message="cut off when the group ended"), force=True)
    return len(found)


def fingerprint(file: Path) -> str:
    """What the deployments were made from: they are made again when the file, Prefect or the place has changed."""
    facts = (file.read_text("utf-8"), prefect.__version__, sys.executable, str(file))
    return sha256("\0".join(facts).encode()).hexdigest()


def is_in_force(client: SyncPrefectClient, file: Path) -> bool:
    """Whether the server has every deployment of the file, made from the file as it is now."""
    wanted = {row["name"] for row in YAML(typ="safe", pure=True).load(file.read_text("utf-8"))["deployments"]}
    there = {found.name for found in client.read_deployments()}
    return wanted <= there and _mark().exists() and _mark().read_text() == fingerprint(file)


def _mark() -> Path:
    return PREFECT_HOME.value() / "deployed"


def deploy(file: Path) -> int:
    """`prefect deploy --all`, in the folder of the file; its exit code."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    return subprocess.run(command, cwd=file.parent, stdin=subprocess.DEVNULL, check=False).returncode


def main(arguments: list[str]) -> int:
    file, alone = Path(arguments[0]), "--alone" in arguments[1:]
    with get_client(sync_client=True) as client:
        make_pool(client)
        if alone:
            write_off(client)
            if is_in_force(client, file):
                return 0
    _mark().unlink(missing_ok=True)
    code = deploy(file)
    if code == 0:
        _mark().write_text(fingerprint(file))
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
