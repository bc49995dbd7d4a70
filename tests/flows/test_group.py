"""`sluis up` as people start it: the real group on a home of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from casework import heartbeats
from casework.settings import settings
from casework.upgrade import open_database
from tests.flows.prefect_server import ROOT, free_port, wait_for
from tests.flows.running_group import UP, RunningGroup


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGroup]:
    found = RunningGroup(tmp_path_factory.mktemp("group"))
    yield found
    if found.process.poll() is None:
        found.process.send_signal(signal.SIGTERM)
        found.process.wait(30)


def test_the_page_comes_first_and_its_address_is_said(group: RunningGroup) -> None:
    wait_for(f"the page\n{group.logs()}", lambda: "sluis is open at" in group.words(), 60)
    assert group.page() in (200, 303)
    assert f"http://localhost:{group.port}" in group.words()


def test_the_first_administrator_is_told_where_to_begin(group: RunningGroup) -> None:
    wait_for("the link", lambda: "/invitation/" in group.words(), 30)
    path = "/invitation/" + group.words().split("/invitation/")[1].split()[0]
    assert httpx.get(group.address + path, timeout=5, trust_env=False).status_code == 200


def test_a_second_group_on_this_home_is_refused(group: RunningGroup) -> None:
    again = subprocess.run(
        [sys.executable, "-c", UP, str(free_port())], env=group.environment, cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert again.returncode == 1
    assert f"process {group.process.pid}" in again.stderr and "Remedy:" in again.stderr


def test_what_is_killed_is_started_again(group: RunningGroup) -> None:
    wait_for("the pump", lambda: "pump" in group.children(), 60)
    for name in ("pump", "web"):
        pid = group.children()[name]["pid"]
        os.killpg(pid, signal.SIGKILL)
        wait_for(
            f"another {name}", lambda name=name, pid=pid: group.children().get(name, {"pid": pid})["pid"] != pid, 30
        )
    wait_for(f"the page again\n{group.logs()}", lambda: group.page() in (200, 303), 60)
    assert "pump stopped and is started again" in group.words()


def test_the_flows_run_and_say_so(group: RunningGroup) -> None:
    wait_for(f"the worker\n{group.logs()}", lambda: "The flows run" in group.words(), 150)
    db = open_database(settings(home=group.home))
    try:
        wait_for(f"a sweep\n{group.logs()}", lambda: heartbeats.last(db, "sweep"), 120, every=0.5)
        prefect = heartbeats.last(db, "prefect")
        assert prefect is not None and prefect.failing_since is None
    finally:
        db.close()


def test_it_stops_in_order_and_leaves_no_orphans(group: RunningGroup) -> None:
    assert len(group.processes()) >= 5
    group.process.send_signal(signal.SIGTERM)
    assert group.process.wait(40) == 0
    assert group.processes() == []
    assert "Everything has stopped." in group.words()
    assert not (group.home / "run" / "group.json").exists()


def test_logs_hold_no_error(group: RunningGroup) -> None:
    for file in (group.home / "logs").glob("*.log"):
        assert "Traceback" not in file.read_text(), file.read_text()[-3000:]
