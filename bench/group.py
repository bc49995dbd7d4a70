"""The embedded group as `sluis up` starts it on an empty home: its memory, its first page, what it costs when idle.

There is nothing to reach here; the figures are printed for whoever has to choose a machine. Linux only: the kernel's
own account of every process is read.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.environments import ROOT
from bench.sections import Row, Settings
from bench.transitions import NOT_PASSED_ON

SIZES = {"settle": 30.0, "idle": 60.0}
"""seconds: after everything has started, and then without anybody asking anything"""
WHOLE = True
"""False: measure as soon as the first page is there, without waiting for the flows"""
PATIENCE = 180.0
STOP_SECONDS = 30.0
COMMAND = "from cli.main import main; main()"
SUPERVISOR = "supervisor"


class Process(NamedTuple):
    """What the kernel says of a process. Ticks: with those of its children that have ended."""

    parent: int
    ticks: int
    resident: int
    """bytes; memory that several processes share counts for each of them"""
    proportional: int
    """bytes; shared memory divided among those who share it"""


def run(settings: Settings) -> list[Row]:
    """One group, started once."""
    if not Path("/proc/self/smaps_rollup").exists():
        return [Row("the embedded group", "not measured: this system has no /proc")]
    home = settings.folder / "home"
    settings.say("the group starts")
    started = time.monotonic()
    with _group(home, _free_port()) as (group, address):
        _wait(lambda: _answers(address), group, "no first page")
        first_page = time.monotonic() - started
        rows = [Row("first page after", f"{first_page:.1f} s")]
        if WHOLE:
            _wait(lambda: "worker" in _names(home), group, "no worker")
            rows.append(Row("worker of the flows started after", f"{time.monotonic() - started:.1f} s"))
        settings.say("the group settles")
        time.sleep(SIZES["settle"])
        before = _by_name(group.pid, home)
        settings.say(f"the group is idle for {SIZES['idle']:.0f} s")
        time.sleep(SIZES["idle"])
        after = _by_name(group.pid, home)
    settings.details["first_page_seconds"] = round(first_page, 2)
    settings.details["processes"] = {name: process._asdict() for name, process in after.items()}
    return rows + _memory(after) + [_idle(before, after)]


def _memory(processes: dict[str, Process]) -> list[Row]:
    rows = [Row(f"memory of {name}", _megabytes(process.resident)) for name, process in processes.items()]
    resident = sum(process.resident for process in processes.values())
    proportional = sum(process.proportional for process in processes.values())
    figure = f"{_megabytes(resident)} ({_megabytes(proportional)} with shared memory counted once)"
    return [*rows, Row("memory in all", figure)]


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"


def _idle(before: dict[str, Process], after: dict[str, Process]) -> Row:
    factor = 3600 / SIZES["idle"] / os.sysconf("SC_CLK_TCK")
    used = {name: max(0, process.ticks - before[name].ticks) for name, process in after.items() if name in before}
    each = ", ".join(f"{name} {ticks * factor:.0f}" for name, ticks in used.items())
    what = f"CPU seconds per idle hour (from {SIZES['idle']:.0f} s, after {SIZES['settle']:.0f} s to settle)"
    return Row(what, f"{sum(used.values()) * factor:.0f} ({each})")


# --- starting and stopping


@contextmanager
def _group(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(NOT_PASSED_ON)}
    environment["SLUIS_HOME"] = str(home)
    command = [sys.executable, "-c", COMMAND, "up", "--no-demo", "--port", str(port)]
    log = home.with_name("group.log")
    with log.open("wb") as out:
        group = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield group, f"http://127.0.0.1:{port}/"
    except TimeoutError as late:
        raise SystemExit(f"the group did not start: {late}\n{log.read_text(errors='replace')[-2000:]}") from None
    finally:
        group.send_signal(signal.SIGINT)
        try:
            group.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            group.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(reached: Callable[[], bool], group: subprocess.Popen[bytes], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not reached():
        if group.poll() is not None or time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.05)


def _answers(address: str) -> bool:
    """Whether a page comes, which may be one that asks who is there."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200 and answer.read())
    except (OSError, urllib.error.URLError):
        return False


# --- what the kernel says


def _names(home: Path) -> dict[str, int]:
    """The processes that the group says it has."""
    try:
        children = json.loads((home / "run" / "group.json").read_text())["children"]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: int(child["pid"]) for name, child in children.items()}


def _by_name(supervisor: int, home: Path) -> dict[str, Process]:
    """Each part of the group with everything it started, the supervisor itself last."""
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    processes = {pid: found for pid in numbers if (found := _process(pid))}
    names = {pid: name for name, pid in _names(home).items() if pid in processes} | {supervisor: SUPERVISOR}
    found: dict[str, Process] = {}
    for pid, process in processes.items():
        name = _whose(pid, processes, names)
        if name is not None:
            so_far = found.get(name, Process(0, 0, 0, 0))
            found[name] = Process(0, *(a + b for a, b in zip(so_far[1:], process[1:], strict=True)))
    return {name: found[name] for name in names.values() if name in found}


def _whose(pid: int, processes: dict[int, Process], names: dict[int, str]) -> str | None:
    while pid in processes:
        if pid in names:
            return names[pid]
        pid = processes[pid].parent
    return None


def _process(pid: int) -> Process | None:
    folder = Path("/proc") / str(pid)
    try:
        fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        memory = dict(line.split(":") for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
    except (OSError, ValueError):
        return None
    resident, proportional = (int(memory[name].split()[0]) * 1024 for name in ("Rss", "Pss"))
    return Process(int(fields[1]), sum(map(int, fields[11:15])), resident, proportional)
