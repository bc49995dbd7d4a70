"""`sluis up` on a home of its own, as a test starts it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.flows.prefect_server import ROOT, free_port

UP = """
import sys
from casework.settings import settings
from cli.group import GroupRefused, run_group

try:
    raise SystemExit(run_group(settings(), int(sys.argv[1]), say=lambda words: print(words, flush=True)))
except GroupRefused as refused:
    raise SystemExit(str(refused))
"""


class RunningGroup:
    """The real group of processes; `more`: settings beside its home."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home, self.port, self.said = home, free_port(), home / "screen.txt"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "SLUIS_"))}
        self.environment = inherited | {"SLUIS_HOME": str(home)} | more
        self.begun = time.monotonic()
        with self.said.open("wb") as screen:
            self.process = subprocess.Popen(
                [sys.executable, "-c", UP, str(self.port)], env=self.environment, cwd=ROOT, stdout=screen, stderr=screen
            )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def words(self) -> str:
        return self.said.read_text()

    def children(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.home / "run" / "group.json").read_text())["children"]
        except (OSError, ValueError):
            return {}
        return found

    def page(self) -> int:
        try:
            return httpx.get(self.address, timeout=5, trust_env=False).status_code
        except httpx.HTTPError:
            return 0

    def processes(self) -> list[str]:
        """Every process that belongs to this home, whoever its parent is."""
        wanted, found = f"SLUIS_HOME={self.home}\0".encode(), []
        prefect = f"PREFECT_HOME={self.home}/prefect\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes() + b"\0"
                state = (folder / "stat").read_text().rpartition(") ")[2][0]
                if state != "Z" and (wanted in environment or prefect in environment):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def logs(self) -> str:
        files = sorted((self.home / "logs").glob("*.log"))
        return self.words() + "\n".join(f"--- {file.name}\n{file.read_text()[-2000:]}" for file in files)
