"""The result of a run: a table on the screen, a JSON file, and the readable page of all runs."""

import datetime as dt
import json
import os
import platform
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.environments import ROOT
from bench.sections import SECTIONS, Row

RESULTS = ROOT / "bench" / "results"
WORDS = {True: "yes", False: "no", None: ""}
Result = dict[str, Any]


def print_section(console: Console, name: str, rows: list[Row]) -> None:
    """One table for a section."""
    table = Table(title=SECTIONS[name], title_justify="left", show_lines=False)
    for heading in ("what", "figure", "to reach", "reached"):
        table.add_column(heading, overflow="fold")
    styles = {True: "green", False: "bold red", None: ""}
    for row in rows:
        table.add_row(row.name, row.figure, row.target, WORDS[row.reached], style=styles[row.reached])
    console.print(table)


def result_of(rounds: int, cases: int, sections: dict[str, Result]) -> Result:
    """All that a reader needs to judge the figures later."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return {
        "at": now.isoformat(),
        "commit": commit(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "rounds": rounds,
        "cases": cases,
        "sections": sections,
    }


def commit() -> str:
    """The commit that was measured, with a mark when the tree had changes."""
    try:
        head = git("rev-parse", "--short", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} with changes" if changed else head


def git(*arguments: str) -> str:
    """What git says."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def keep(result: Result) -> Path:
    """Writes the JSON file, and the page anew from all JSON files, the newest run first."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{result['at'][:16].replace(':', '')}.json"
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    results = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")]
    results.sort(key=lambda kept: kept["at"], reverse=True)
    (RESULTS / "README.md").write_text(page(results), encoding="utf-8")
    return file


def page(results: list[Result]) -> str:
    """The readable page."""
    lines = ["# Figures", "", "Made by `make bench`; the newest run first. How it is measured: `bench/README.md`."]
    for result in results:
        when = result["at"][:16].replace("T", " ")
        lines += ["", f"## {when} UTC, commit {result['commit']}", ""]
        lines.append(
            f"{result['rounds']} rounds of {result['cases']} cases; {result['cores']} cores ({result['machine']}), "
            f"Python {result['python']}, SQLite {result['sqlite']}."
        )
        lines += ["", "| what | figure | to reach | reached |", "|---|---|---|---|"]
        for name, section in result["sections"].items():
            lines.append(f"| **{SECTIONS.get(name, name)}** | | | |")
            for row in map(Row._make, section["rows"]):
                lines.append(f"| {row.name} | {row.figure} | {row.target} | {WORDS[row.reached]} |")
    return "\n".join(lines) + "\n"
