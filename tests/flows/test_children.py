"""One process of the group: in a group of its own, started again with growing pauses, and gone when it should be."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from casework.settings import settings
from cli.children import Child, rotate, started_at, stop_all
from cli.group import Group, GroupRefused, _check_free, clear_away, take_lock
from tests.flows.prefect_server import wait_for

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print('ready', flush=True); time.sleep(60)"
)


def child(tmp_path: Path, code: str, *, once: bool = False) -> Child:
    return Child("test", [sys.executable, "-c", code], dict(os.environ), tmp_path / "test.log", once=once)


def said(log: Path, word: str) -> bool:
    return log.exists() and word in log.read_text()


def alive(pid: int) -> bool:
    """Running, and not only a zombie that nobody has asked after."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def running_in(group: int) -> list[int]:
    """The processes of a group that still run; one that nobody has asked after yet does not count."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def test_a_child_that_dies_starts_again_after_a_pause_that_grows(tmp_path: Path) -> None:
    found = child(tmp_path, "raise SystemExit(3)")
    pauses = []
    for _ in range(3):
        found.start(tmp_path)
        wait_for("its end", lambda: found.look() == "ended", 10, every=0.02)
        pauses.append(found.not_before - time.monotonic())
    assert pauses[0] < pauses[1] < pauses[2]
    assert found.restarts == 3


def test_a_command_that_has_to_succeed_once_is_ready_then(tmp_path: Path) -> None:
    found = child(tmp_path, "pass", once=True)
    found.start(tmp_path)
    wait_for("its success", lambda: found.look() == "ready", 10, every=0.02)
    assert found.look() is None


def test_stopping_takes_the_whole_process_group_and_the_stubborn_too(tmp_path: Path) -> None:
    stubborn, parent = child(tmp_path, STUBBORN), child(tmp_path / "..", PARENT)
    parent.log = tmp_path / "parent.log"
    for each in (stubborn, parent):
        each.start(tmp_path)
        wait_for("its start", lambda each=each: said(each.log, "ready"), 10)
    pids = [each.pid for each in (stubborn, parent)]
    assert stop_all([stubborn, parent], patience=0.5) == ["test"]
    assert [running_in(pid) for pid in pids if pid] == [[], []]


def test_a_log_that_grew_is_rotated_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with log.open("ab") as writer:
        writer.write(b"a" * 100)
        writer.flush()
        assert rotate(log, limit=50)
        writer.write(b"b")
        writer.flush()
        assert log.read_bytes() == b"b"
    assert (tmp_path / "x.log.1").read_bytes() == b"a" * 100
    assert not rotate(log, limit=50)


def test_two_groups_on_one_home_refuse_clearly(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    with pytest.raises(GroupRefused, match=rf"runs already on .*process {os.getpid()}.*SLUIS_HOME"):
        take_lock(tmp_path)
    lock.close()
    take_lock(tmp_path).close()


def test_a_port_that_is_taken_is_refused_with_its_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(GroupRefused, match="choose another port"):
        _check_free("127.0.0.1", taken.getsockname()[1])


def test_what_a_killed_group_left_behind_is_cleared_away_and_nothing_else(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    children = {
        "web": {"pid": left.pid, "started": started_at(left.pid)},
        "pump": {"pid": other.pid, "started": "12345"},  # another process that was given the same number
        "gone": {"pid": 2**22 - 3, "started": "1"},
    }
    (tmp_path / "group.json").write_text(json.dumps({"children": children}))
    assert clear_away(tmp_path) == ["web"]
    assert left.wait(5) == -signal.SIGKILL
    assert other.poll() is None
    other.kill()
    other.wait()
    assert clear_away(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal is Linux only")
def test_children_end_when_the_supervisor_is_killed_outright(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys, time; from cli.children import Child; "
        "c = Child('x', [sys.executable, '-c', 'import time; time.sleep(60)'], dict(os.environ), "
        "pathlib.Path('x.log')); "
        "c.start(pathlib.Path('.')); print(c.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    assert alive(pid)
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    wait_for("the end of the child", lambda: not alive(pid), 5)


def test_pages_that_do_not_come_hold_up_no_deadline(tmp_path: Path) -> None:
    group = Group(settings(home=tmp_path), 1, "127.0.0.1", lambda _: None)
    started: list[str] = []
    for each in group.children:
        each.start = lambda _folder, name=each.name: started.append(name)  # type: ignore[method-assign]
    group.turn()
    assert started == ["web"]
    group.children[0].restarts = 1
    group.turn()
    assert {"prefect", "pump"} <= set(started)
    assert "worker" not in started


def test_children_know_where_things_are_and_prefect_keeps_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    group = Group(settings(home=tmp_path, smtp_url="smtp://mail.example.org"), 1, "127.0.0.1", lambda _: None)
    found = {child.name: child.environment for child in group.children}
    assert found["worker"]["SLUIS_HOME"] == str(tmp_path)
    assert found["worker"]["SLUIS_SMTP_URL"] == "smtp://mail.example.org"
    assert found["web"]["PREFECT_API_URL"] == found["worker"]["PREFECT_API_URL"]
    assert "PREFECT_API_AUTH_STRING" not in found["web"]
    server = found["prefect"]
    assert server["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false" and server["DO_NOT_TRACK"] == "1"
    assert server["PREFECT_SERVER_API_AUTH_STRING"].startswith("sluis:")
    assert not any(key.startswith("SLUIS_") for key in server)
    assert "PREFECT_LOGGING_LEVEL" not in server


def test_a_prefect_server_that_runs_elsewhere_is_used_and_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "https://prefect.example.org/api")
    group = Group(settings(home=tmp_path), 1, "127.0.0.1", lambda _: None)
    assert [child.name for child in group.children] == ["web", "pump", "install", "worker"]
    install = next(child for child in group.children if child.name == "install")
    assert "--alone" not in install.command  # other machines may run flows too
    assert install.environment["PREFECT_API_URL"] == "https://prefect.example.org/api"


def test_the_lock_is_let_go_when_its_process_is_killed(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time; from cli.group import take_lock; "
        "lock = take_lock(pathlib.Path(sys.argv[1])); print('ready', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "ready\n"
    with pytest.raises(GroupRefused):
        take_lock(tmp_path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    lock = take_lock(tmp_path)
    fcntl.flock(lock, fcntl.LOCK_UN)
    lock.close()
