"""The processes of the group: each in a process group of its own, started again when it dies, its log kept short."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60.0
"""a child that lived this long failed anew, not again"""
LOG_BYTES, LOG_FILES = 5_000_000, 3
_PARENT_DEATH_SIGNAL = 1


def _end_with_the_parent() -> None:
    """Linux ends the child when the supervisor is killed outright. Elsewhere the next group takes it away."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def started_at(pid: int) -> str:
    """When a process started, in the kernel's own ticks; empty: there is no such process, or nobody can tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    except (OSError, IndexError):
        return ""


def signal_group(pid: int, number: int) -> bool:
    """Signal a whole process group: a killed worker leaves its engine processes behind otherwise."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def rotate(log: Path, limit: int = LOG_BYTES) -> bool:
    """Copy a log that grew too long and empty it. Its writer appends, so it goes on at the start."""
    if not log.exists() or log.stat().st_size < limit:
        return False
    for number in range(LOG_FILES - 1, 0, -1):
        older, newer = log.with_name(f"{log.name}.{number + 1}"), log.with_name(f"{log.name}.{number}")
        if newer.exists():
            newer.replace(older)
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
    return True


@dataclass
class Child:
    """One process of the group, or (`once`) a command that has to succeed once."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    after: tuple[str, ...] = ()
    """starts when these are ready"""
    answers: Callable[[], bool] | None = None
    """whether it does its work; None: it runs"""
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    restarts: int = 0
    begun: float = 0.0
    not_before: float = 0.0
    pause: float = field(default=FIRST_PAUSE)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, folder: Path) -> None:
        self.begun = time.monotonic()
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_the_parent,  # noqa: PLW1509 - the supervisor has no threads
            )

    def look(self) -> str | None:
        """See how it is: `ready` when it became so, `ended` when it died or failed, None when nothing changed."""
        if self.process is None or (self.once and self.ready):
            return None
        code = self.process.poll()
        if code is None:
            if self.ready or self.once or (self.answers is not None and not self.answers()):
                return None
            self.ready = True
            return "ready"
        if self.once and code == 0:
            self.ready = True
            return "ready"
        return self._ended()

    def _ended(self) -> str:
        """It died: what is left of its group goes too, and it starts again after a pause that grows."""
        assert self.process is not None
        signal_group(self.process.pid, signal.SIGKILL)
        if time.monotonic() - self.begun > STEADY_SECONDS:
            self.pause = FIRST_PAUSE
        self.not_before = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.process, self.ready = None, False
        self.restarts += 1
        return "ended"

    def why(self) -> str:
        """The last line of its log, for the person who looks at the screen."""
        with suppress(OSError):
            lines = self.log.read_text(errors="replace").splitlines()
            return next((line.strip() for line in reversed(lines) if line.strip()), "")[:200]
        return ""


def stop_all(children: list[Child], patience: float) -> list[str]:
    """Ask every group to stop, wait, then take away what is left. Names of those that had to be killed."""
    alive = [child for child in children if child.process is not None]
    for child in alive:
        assert child.process is not None
        signal_group(child.process.pid, signal.SIGTERM)
    end = time.monotonic() + patience
    while time.monotonic() < end and any(child.running for child in alive):
        time.sleep(0.05)
    killed = []
    for child in alive:
        assert child.process is not None
        if child.running:
            killed.append(child.name)
        signal_group(child.process.pid, signal.SIGKILL)
        child.process.wait()
        child.process, child.ready = None, False
    return killed
