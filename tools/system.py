"""What the system must have: `python -m tools.system [--tests]`.

Installs what is missing where that is possible (Debian or Ubuntu, as root); else prints the one line that does.
`--tests` asks for the browser too, and makes what is missing an error.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys

LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}
"""weasyprint writes PDF with these: library → Debian's package"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing(*, tests: bool) -> list[str]:
    """Debian's packages that are not there."""
    found = [package for library, package in LIBRARIES.items() if ctypes.util.find_library(library) is None]
    if tests and not any(shutil.which(each) for each in BROWSERS):
        found.append("chromium")
    return found


def main() -> int:
    tests = "--tests" in sys.argv[1:]
    packages = missing(tests=tests)
    if packages and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing what the system lacks: {', '.join(packages)}", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        packages = missing(tests=tests)
    if not packages:
        return 0
    what = "PDF and browser tests need" if tests else "PDF files need"
    print(f"{what} packages of the system. Install them with:", file=sys.stderr)
    print(f"  sudo apt-get install {' '.join(packages)}", file=sys.stderr)
    return 1 if tests else 0


if __name__ == "__main__":
    sys.exit(main())
