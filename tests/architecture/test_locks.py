"""What a fresh clone relies on: pinned requirements, a complete package list, nothing of the machine it was made on."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
SKIPPED_FOLDERS = {"node_modules", "build", "dist", "var", "__pycache__"}

# Written with a class around one letter, so that this file does not find itself.
OF_A_MACHINE = re.compile(
    r"""
      (?<![\w.<])/(?:[r]oot|[h]ome/\w+|[U]sers/\w+|[o]pt/(?:wheels|pypi)|[w]ork/(?:main|shared))(?:/|\b)
    | --(?:[e]xtra-)?[i]ndex-url\b | --[f]ind-links\b | --[t]rusted-host\b
    | [p]ypi\.org/simple | files\.[p]ythonhosted\.org | registry\.[n]pmjs\.org | "[r]esolved"\s*:
    """,
    re.VERBOSE,
)

Pins = dict[str, tuple[str, list[str]]]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def committed_files() -> list[Path]:
    """What git tracks or would track; in an unpacked archive, every file not hidden or generated."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        found = [
            path
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.relative_to(ROOT).parts)
        ]
    return sorted(path for path in found if path.is_file())


def pins(lock: str) -> Pins:
    """Name (normalised) → version and hashes, from a requirements file as pip reads it."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: Pins = {}
    for line in lines:
        head, *hashes = re.split(r"\s+--hash=", line.strip())
        requirement = Requirement(head)
        versions = [s.version for s in requirement.specifier if s.operator == "=="]
        assert len(versions) == 1, f"{lock}: not pinned with ==: {head}"
        found[canonicalize_name(requirement.name)] = (versions[0], hashes)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_with_a_hash(lock: str) -> None:
    found = pins(lock)
    assert len(found) > 50
    without = [name for name, (_, hashes) in found.items() if not hashes]
    assert not without, f"{lock}: no hash for {without}; run `make lock`"
    wrong = [h for _, hashes in found.values() for h in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", h.strip())]
    assert not wrong


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.txt", ["build"]), ("requirements-dev.txt", ["build", "test"])]
)
def test_the_lock_holds_what_pyproject_asks_for(lock: str, extras: list[str]) -> None:
    metadata = project()["project"]
    asked = metadata["dependencies"] + [line for extra in extras for line in metadata["optional-dependencies"][extra]]
    found = pins(lock)
    for line in asked:
        requirement = Requirement(line)
        version, _ = found.get(canonicalize_name(requirement.name), (None, []))
        assert version, f"{lock} lacks {line}; run `make lock`"
        assert requirement.specifier.contains(version), f"{lock} pins {version}, pyproject asks {line}; run `make lock`"


def test_tests_run_on_the_versions_that_users_get() -> None:
    runtime, dev = (pins(lock) for lock in LOCKS)
    different = {name: (runtime[name][0], dev.get(name, ("nothing",))[0]) for name in runtime}
    assert not {name: both for name, both in different.items() if both[0] != both[1]}


def test_no_committed_file_names_an_index_or_a_folder_of_one_machine() -> None:
    files = committed_files()
    assert ROOT / "pyproject.toml" in files
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a spreadsheet
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if OF_A_MACHINE.search(line)
        ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "--index-" + "url https://example.org/simple",
        "--find-" + "links /srv/wheels",
        "from https://pypi" + ".org/simple",
        "cd /wor" + "k/main",
        "file:///op" + "t/wheels/x.whl",
        "path = '/hom" + "e/anna/sluis'",
    ],
)
def test_the_search_for_machine_addresses_finds_them(line: str) -> None:
    assert OF_A_MACHINE.search(line)


def package_folders() -> set[str]:
    """Every importable folder of the product, dotted."""
    files = {path for path in committed_files() if path.suffix == ".py" and path.parent != ROOT}
    folders = {path.parent.relative_to(ROOT) for path in files}
    return {".".join(f.parts) for f in folders if f.parts[0] not in {"tests", "bench", "docs", "samples"}}


def test_the_package_list_is_what_is_there() -> None:
    assert set(project()["tool"]["setuptools"]["packages"]) == package_folders()


def test_every_package_says_what_it_is_for() -> None:
    for package in project()["tool"]["setuptools"]["packages"]:
        first = ROOT / package.replace(".", "/") / "__init__.py"
        assert first.is_file(), f"{package} has no __init__.py"
        assert first.read_text(encoding="utf-8").startswith('"""'), f"{first}: begins without a docstring"


def test_the_linters_see_every_package() -> None:
    tools = project()["tool"]
    tops = {package.split(".")[0] for package in tools["setuptools"]["packages"]}
    assert set(tools["importlinter"]["root_packages"]) == tops - {"migrations"}
    assert set(tools["mypy"]["packages"]) == tops - {"migrations"}
