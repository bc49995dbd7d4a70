"""`sluis up`: web pages, Prefect server, worker and pump as one supervised group on one machine.

The web comes first, so that the page is there within seconds; Prefect follows. Whatever dies is started again with a
pause that grows. The group ends as a whole, and two groups never share one home.
"""

import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from pydantic import SecretStr

from casework.settings import Settings, make_private_folder
from cli.children import Child, rotate, signal_group, started_at, stop_all
from cli.prefect_place import LOOPBACK, PrefectPlace, status_of

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 12.0
LOOK_SECONDS, ROTATE_SECONDS = 0.1, 10.0
WEB_FIRST_SECONDS = 8.0
RUNS_AT_ONCE = 2
"""each run is a process of some 120 MB that needs three seconds of one core before it works"""

Say = Callable[[str], None]


class GroupRefused(Exception):
    """The group cannot start: why, and what mends it."""

    rule = "group.start"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}. Remedy: {remedy}")
        self.reason = reason
        self.remedy = remedy


# --- what the children need


def _check_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"the web pages cannot listen on {host}, port {port} ({error.strerror})"
            raise GroupRefused(reason, "choose another port, or stop the program that uses this one") from None


def _inherited() -> dict[str, str]:
    """The environment as it is, without anybody's Prefect settings, and without ours: those are handed out by name."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "SLUIS_"))} | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",  # the folder a process runs in holds no code
    }


def _ours(settings: Settings) -> dict[str, str]:
    """The settings, as the children read them."""
    given = {f"SLUIS_{name.upper()}": getattr(settings, name) for name in type(settings).model_fields}
    given.pop("SLUIS_PREFECT_API_URL")
    now = given.pop("SLUIS_NOW")
    plain = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in given.items()}
    found = {name: str(value) for name, value in plain.items() if value is not None}
    return found | ({"SLUIS_NOW": now.isoformat()} if now else {})


# --- the group


class Group:
    """The children, who waits for whom, and what the person at the screen is told."""

    def __init__(self, settings: Settings, port: int, host: str, say: Say) -> None:
        self.home = settings.home
        self.logs = self.home / "logs"
        self.run_folder = self.home / "run"
        for folder in (self.home, self.logs, self.run_folder):
            make_private_folder(folder, "SLUIS_HOME")
        self.say = say
        self.address = f"http://{'localhost' if host in (LOOPBACK, '0.0.0.0') else host}:{port}"
        self.prefect = PrefectPlace(settings)
        self.children = self._children(settings, port, host)
        self.stopping = False
        self._begun = time.monotonic()
        self._rotated = time.monotonic()

    def _children(self, settings: Settings, port: int, host: str) -> list[Child]:
        base = _inherited() | _ours(settings) | {"PREFECT_API_URL": self.prefect.url}
        flows = base | self.prefect.environment()
        python = [sys.executable, "-m"]
        web = [*python, "uvicorn", "--factory", "web.app:create_app", "--host", host, "--port", str(port)]
        web += ["--no-server-header", "--log-level", "warning", "--no-access-log"]
        own = self.prefect.own
        page = f"http://{LOOPBACK if host == '0.0.0.0' else host}:{port}/"
        found = [self._child("web", web, base, answers=lambda: status_of(page) > 0)]
        if own:
            server = [*python, "prefect", "server", "start", "--host", LOOPBACK, "--port", str(self.prefect.port)]
            environment = _inherited() | self.prefect.server_environment()
            found.append(self._child("prefect", server, environment, ("web",), self.prefect.answers))
        install = [*python, "flows.install", str(ROOT / "prefect.yaml"), *(["--alone"] if own else [])]
        worker = [*python, "prefect", "worker", "start", "--pool", "sluis", "--type", "process", "--name", "sluis"]
        worker += ["--limit", str(RUNS_AT_ONCE)]
        return [
            *found,
            self._child("pump", [*python, "flows.pump"], flows, ("web",)),
            self._child("install", install, flows, ("prefect",) if own else ("web",), once=True),
            self._child("worker", worker, flows, ("install",)),
        ]

    def _child(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        after: tuple[str, ...] = (),
        answers: Callable[[], bool] | None = None,
        once: bool = False,
    ) -> Child:
        return Child(name, command, environment, self.logs / f"{name}.log", after, answers, once)

    # --- while it runs ---

    def turn(self) -> None:
        """One look at every child: start what may start, tell what changed."""
        ready = {child.name for child in self.children if child.ready}
        if self.children[0].restarts or time.monotonic() - self._begun > WEB_FIRST_SECONDS:
            ready.add("web")  # it goes first out of courtesy: pages that do not come hold up no deadline
        changed = False
        for child in self.children:
            if child.process is None and not child.ready and set(child.after) <= ready:
                if time.monotonic() >= child.not_before:
                    child.start(self.run_folder)
                    changed = True
                continue
            news = child.look()
            if news is not None:
                changed = True
                self._tell(child, news)
            if news == "ended" and child.name == "worker":
                self._again("install")  # it writes off the runs that ended with the worker
        if changed:
            self._remember()
        if time.monotonic() - self._rotated > ROTATE_SECONDS:
            self._rotated = time.monotonic()
            for child in self.children:
                rotate(child.log)

    def _again(self, name: str) -> None:
        for child in self.children:
            if child.name == name:
                child.process, child.ready = None, False

    def _tell(self, child: Child, news: str) -> None:
        if news == "ended":
            self.say(f"{child.name} stopped and is started again (its log: {child.log}). {child.why()}".strip())
        elif child.name == "web" and child.restarts == 0:
            self.say(f"sluis is open at {self.address}")
        elif child.name == "worker" and child.restarts == 0:
            self.say("The flows run: deadlines, mail and preparations are on time.")

    def _remember(self) -> None:
        """Who runs, so that a group that was killed outright can be cleared away by the next one."""
        now = {
            child.name: {"pid": child.pid, "started": started_at(child.pid), "restarts": child.restarts}
            for child in self.children
            if child.pid is not None
        }
        draft = self.run_folder / "group.json.new"
        draft.write_text(json.dumps({"pid": os.getpid(), "address": self.address, "children": now}, indent=1))
        draft.replace(self.run_folder / "group.json")

    def run(self) -> None:
        """Until somebody says stop."""
        while not self.stopping:
            self.turn()
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        self.say("Stopping …")
        for name in stop_all(self.children, STOP_SECONDS):
            self.say(f"{name} did not stop in time and was ended.")
        with suppress(OSError):
            (self.run_folder / "group.json").unlink()
        self.say("Everything has stopped.")


def clear_away(run_folder: Path) -> list[str]:
    """End what a killed group left behind. A process that only has the same number is left alone."""
    try:
        left: dict[str, Any] = json.loads((run_folder / "group.json").read_text())["children"]
    except (OSError, ValueError, KeyError):
        return []
    found = [
        name for name, was in left.items()
        if was["started"] and started_at(was["pid"]) == was["started"] and signal_group(was["pid"], signal.SIGKILL)
    ]  # fmt: skip
    (run_folder / "group.json").unlink()
    return found


def take_lock(home: Path) -> IO[str]:
    """One group per home; the lock is let go when the process ends, however it ends."""
    make_private_folder(home, "SLUIS_HOME")
    lock = (home / "group.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        who = lock.read().strip()
        lock.close()
        reason = f"sluis runs already on {home}" + (f" (process {who})" if who else "")
        raise GroupRefused(reason, "stop that one first, or give this one another SLUIS_HOME") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def check_database(settings: Settings) -> None:
    """Make a new embedded database, with protocols in force; refuse an older one. Raises NotUpgraded."""
    from casework import clock
    from casework.protocols import install_where_none
    from casework.upgrade import open_database  # Alembic takes a second to import

    db = open_database(settings)
    install_where_none(db, clock.now())
    db.close()


def tell_first_link(settings: Settings, address: str, say: Say) -> None:
    """A partnership in which nobody has an account yet: the link of its first administrator, on this screen only."""
    from casework import accounts, clock, partnership
    from casework.db import Database

    db = Database(settings)
    made = None if partnership.is_demo(db) else accounts.first_administrator(db, clock.now())
    db.close()
    if made is not None:
        default = type(settings).model_fields["public_url"].default
        base = address if settings.public_url == default else settings.public_url.rstrip("/")
        say(f"Nobody has an account yet. The administrator begins here (once, within seven days): {base}{made.path}")


def run_group(settings: Settings, port: int = 8000, host: str = LOOPBACK, say: Say = print) -> int:
    """Run the whole group until SIGINT or SIGTERM; 0 when it ended in order.

    Raises GroupRefused, SettingsFault and NotUpgraded, all of which name their remedy.
    """
    lock = take_lock(settings.home)
    try:
        _check_free(host, port)
        for name in clear_away(settings.home / "run"):
            say(f"{name} was left behind by a group that was killed, and is gone now.")
        is_new = settings.on_postgres or not settings.database_file.exists()
        if is_new:
            check_database(settings)
        group = Group(settings, port, host, say)

        def stop(_number: int, _frame: FrameType | None) -> None:
            group.stopping = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            group.turn()
            if not is_new:
                check_database(settings)  # while the web starts: the page is there a second earlier
            tell_first_link(settings, group.address, say)
            group.run()
        finally:
            group.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
    finally:
        lock.close()
    return 0
