"""Transitions per second on the work W: sluis beside its peers, in the same rounds, on both databases.

A round runs every engine once, each in a fresh process on a fresh database, starting with another one every time. A
ratio is taken within a round, and the median of the rounds' ratios is the figure: a disk or a neighbour that is slow
for a minute then slows both sides of a ratio.
"""

import importlib.util
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench.environments import ROOT, python_of
from bench.sections import DATABASES, Row, Settings
from bench.work import DURABILITY


class Contender(NamedTuple):
    """An engine that is measured: its module, and whether it has an environment of its own."""

    module: str
    own_environment: bool = True


OURS = "sluis"
YARDSTICK = "reference"
CONTENDERS = {
    OURS: Contender("bench.sluis_engine", own_environment=False),
    YARDSTICK: Contender("bench.peers.reference"),
    "spiff": Contender("bench.peers.spiff"),
    "viewflow": Contender("bench.peers.viewflow"),
}
# how many times the peer's transitions per second are to be reached
TO_REACH = {
    "sqlite": {"viewflow": 4.0, "spiff": 2.0, YARDSTICK: 0.5},
    "postgres": {"viewflow": 2.0, "spiff": 1.0, YARDSTICK: 0.5},
}
PROBE_SECONDS = 0.5
TIME_LIMIT = 900
# settings of the caller that must not reach an engine: its own databases, or other options for the drivers
NOT_PASSED_ON = ("PYTHON", "SLUIS_", "PREFECT_", "DJANGO_", "PG")

Line = dict[str, Any]


def run(settings: Settings) -> list[Row]:
    """Every engine on every database, in interleaved rounds; the single runs go into the details."""
    pythons = environments(settings)
    rows = []
    if OURS not in pythons:
        rows.append(Row(OURS, f"not measured: {CONTENDERS[OURS].module} is not there yet"))
    for db in settings.databases:
        lines, probes = rounds_on(db, pythons, settings)
        settings.details[db] = {"runs": lines, "bare_commits_per_second": probes}
        rows += rows_of(db, lines, probes)
    return rows


def environments(settings: Settings) -> dict[str, Path]:
    """The Python of each engine that is there; makes the environments that are missing."""
    pythons = {}
    for name, contender in CONTENDERS.items():
        if importlib.util.find_spec(contender.module) is None:
            continue
        if contender.own_environment:
            settings.say(f"environment of {name}")
            pythons[name] = python_of(name)
        else:
            pythons[name] = Path(sys.executable)
    return pythons


def rounds_on(db: str, pythons: dict[str, Path], settings: Settings) -> tuple[dict[str, list[Line]], list[int]]:
    """The JSON lines of every engine, one per round, and the bare commits per second before each round."""
    names = list(pythons)
    lines: dict[str, list[Line]] = {name: [] for name in names}
    probes = []
    for number in range(settings.rounds):
        probes.append(bare_commits(db, settings))
        first = number % len(names)
        for name in names[first:] + names[:first]:
            settings.say(f"{DATABASES[db]}, round {number + 1} of {settings.rounds}: {name}")
            lines[name].append(run_once(name, pythons[name], db, settings))
    return lines, probes


def run_once(name: str, python: Path, db: str, settings: Settings) -> Line:
    """One run of an engine in a process of its own, on a database of its own."""
    command = [str(python), "-m", CONTENDERS[name].module, "--db", db, "--cases", str(settings.cases)]
    if db == "sqlite":
        folder = settings.folder / name
        folder.mkdir()
        try:
            return json_line([*command, "--path", str(folder / "work.db")])
        finally:
            shutil.rmtree(folder)
    with server_of(settings).database(f"bench_{name}") as url:
        return json_line([*command, "--url", url])


def json_line(command: list[str]) -> Line:
    """Runs the command from the root of the repository; its last line is its result."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(NOT_PASSED_ON)}
    try:
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{' '.join(command[1:])}\nhad not ended after {TIME_LIMIT} s") from None
    if ran.returncode != 0:
        raise SystemExit(f"{' '.join(command[1:])}\nended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    line: Line = json.loads(ran.stdout.splitlines()[-1])
    if line["durability"] != DURABILITY[line["db"]]:
        raise SystemExit(f"{line['engine']} ran with another durability: {line['durability']}")
    return line


def server_of(settings: Settings) -> Any:
    """The PostgreSQL server of this run."""
    if settings.postgres is None:
        raise SystemExit("this run has no PostgreSQL server")
    return settings.postgres


def bare_commits(db: str, settings: Settings) -> int:
    """Commits per second of the bare driver, now, on this disk: the ground under all the other figures."""
    if db == "sqlite":
        file = settings.folder / "probe.db"
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        done = commits_in(PROBE_SECONDS, connection, "INSERT INTO probe VALUES (1)")
        connection.close()
        file.unlink()
        return done
    with server_of(settings).database("bench_probe") as url, psycopg.connect(url, autocommit=True) as session:
        return commits_in(PROBE_SECONDS, session, "INSERT INTO probe VALUES (1)")


def commits_in(seconds: float, connection: Any, insert: str) -> int:
    """How often a second the one-line transaction can be committed."""
    connection.execute("CREATE TABLE probe (n INTEGER)")
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        connection.execute(insert)
        done += 1
    return round(done / seconds)


def rows_of(db: str, lines: dict[str, list[Line]], probes: list[int]) -> list[Row]:
    """First the ratios of sluis with their targets, then every engine's own figures."""
    rows = []
    for peer, factor in TO_REACH[db].items():
        if lines.get(OURS) and lines.get(peer):
            ratio = ratio_of(lines[OURS], lines[peer])
            figure = f"{ratio:.2f} ×"
            rows.append(Row(f"{DATABASES[db]}: sluis beside {peer}", figure, f"≥ {factor:g} ×", ratio >= factor))
    for name, runs in lines.items():
        speeds = [run["transitions_per_second"] for run in runs]
        figure = f"{statistics.median(speeds):,.0f} transitions/s ({min(speeds):,.0f}–{max(speeds):,.0f})"
        rows.append(Row(f"{DATABASES[db]}: {name}", figure))
        half, most = (statistics.median(run["next_visible_ms"][key] for run in runs) for key in ("p50", "p95"))
        figure = f"after {half:.2f} ms (p50), {most:.2f} ms (p95)"
        rows.append(Row(f"{DATABASES[db]}: {name}, next task visible", figure))
    figure = f"{statistics.median(probes):,.0f} /s ({min(probes):,}–{max(probes):,})"
    return [*rows, Row(f"{DATABASES[db]}: bare commits of the driver", figure)]


def ratio_of(ours: list[Line], theirs: list[Line]) -> float:
    """The median of the rounds' ratios."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(a["transitions_per_second"] / b["transitions_per_second"] for a, b in pairs)
