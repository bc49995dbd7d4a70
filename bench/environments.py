"""The environments of the peers: build/bench-envs/<peer>, made here and never in the project's own environment."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "build" / "bench-envs"


def python_of(peer: str) -> Path:
    """The Python of a peer's environment, which is made (anew) when its requirements are not what it holds.

    Ends the bench with pip's own words when an installation fails.
    """
    requirements = ROOT / "bench" / "peers" / f"requirements-{peer}.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    folder = ENVIRONMENTS / peer
    python, installed = folder / "bin" / "python", folder / "requirements.sha256"
    if installed.exists() and installed.read_text() == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", requirements]
    ran = subprocess.run(install, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"the environment of {peer} could not be made:\n{ran.stdout}{ran.stderr}")
    installed.write_text(wanted)
    return python
