"""The work W, the same for every engine that is measured: one case from its opening to its closing.

    s1 → s2 → all of (s3, s4, s5) → s6 → one of (s7a, s7b) → s8 → … → s14 → closed

Every case takes 14 human steps: each becomes ready, is assigned to a person and is completed with a form of
three fields. Which of s7a and s7b comes is chosen by a field in the form of s6. An engine may give its steps
other names (a real protocol file has its own); the shape must be this one, and `drive` checks it.

What is counted, for all engines alike: 44 logical transitions a case, namely the case opened, 14 × (ready,
assigned, completed), the case closed. How many rows or statements an engine spends on them is its own affair.

Every call returns only after its transition is durable: SQLite in WAL with synchronous FULL, PostgreSQL with
fsync and synchronous_commit on. The engine reads these from the connection that it writes with; `drive` refuses
an engine that has them otherwise.

This module needs nothing but the standard library, because it runs in the environment of every peer.
"""

import argparse
import contextlib
import importlib.metadata
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

TASKS_PER_CASE = 14
TRANSITIONS_PER_CASE = 1 + 3 * TASKS_PER_CASE + 1
USERS = 50
WARM_UP_CASES = 3
DAYS_TO_COMPLETE = 14

PARALLEL = ("s3", "s4", "s5")
CHOICE = {"a": "s7a", "b": "s7b"}
STEPS = ("s1", "s2", *PARALLEL, "s6", *CHOICE.values(), *(f"s{n}" for n in range(8, 15)))

# The questions that show how durable a commit is, and the only answers that are accepted.
DURABILITY = {
    "sqlite": {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2"},
    "postgres": {"SHOW fsync": "on", "SHOW synchronous_commit": "on", "SHOW full_page_writes": "on"},
}


class Task(NamedTuple):
    """A human step that is open in a case: its name, and whatever the engine needs to find it again."""

    step: str
    key: Any


class Engine(Protocol):
    """What an engine must do to be measured. Each of open, assign and complete is durable when it returns."""

    def open(self, number: int) -> Any:
        """Opens case `number`; its first step is ready. Returns the engine's own handle of the case."""

    def ready(self, case: Any) -> Sequence[Task]:
        """The open steps of the case, ready or assigned, read back from the database; the oldest first."""

    def assign(self, case: Any, task: Task, user: int) -> None:
        """Gives the step to a user, 0 … USERS - 1."""

    def complete(self, case: Any, task: Task, form: dict[str, str]) -> None:
        """Completes the step with its form; what follows from it (next steps, closing) is in the same commit."""

    def closed(self, case: Any) -> bool:
        """Whether the case is closed, read back from the database."""

    def durability(self) -> dict[str, str]:
        """The answers to DURABILITY's questions (see `answers`), from the connection that writes."""


class Place(NamedTuple):
    """Where an engine keeps its data: a new SQLite file, or the URL of an empty PostgreSQL database."""

    db: str
    path: Path
    url: str


def form_for(step: str, number: int) -> dict[str, str]:
    """The form that a user sends: even cases take branch a, odd cases branch b."""
    branch = "a" if number % 2 == 0 else "b"
    return {"branch": branch, "decided_on": "2026-01-31", "note": f"step {step} of case {number}"}


def steps_after(step: str, form: dict[str, str], done: Callable[[], set[str]]) -> tuple[str, ...]:
    """The steps that become ready when `step` is completed, for engines that hold the graph as data.

    `done` gives the completed steps of the case, `step` included; it is asked only where branches join.
    """
    if step == "s2":
        return PARALLEL
    if step in PARALLEL:
        return ("s6",) if done() >= set(PARALLEL) else ()
    if step == "s6":
        return (CHOICE[form["branch"]],)
    if step in CHOICE.values():
        return ("s8",)
    return () if step == "s14" else (f"s{int(step[1:]) + 1}",)


def answers(db: str, scalar: Callable[[str], Any]) -> dict[str, str]:
    """Asks the durability of a connection; `scalar` runs one statement and returns its only value."""
    return {question: str(scalar(question)) for question in DURABILITY[db]}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 … 1) of the values do not exceed, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p95 of durations."""
    return {"p50": round(percentile(seconds, 0.5) * 1e3, 3), "p95": round(percentile(seconds, 0.95) * 1e3, 3)}


class Count:
    """What was seen happening: the transitions, the width of the work and the names of the steps."""

    def __init__(self) -> None:
        self.transitions = 0
        self.steps: set[str] = set()
        self.opening: list[float] = []
        self.assigning: list[float] = []
        self.next_visible: list[float] = []


def one_case(engine: Engine, number: int, count: Count) -> None:
    """Takes one case through W and checks its shape."""
    clock = time.perf_counter
    started = clock()
    case = engine.open(number)
    ready = engine.ready(case)
    count.opening.append(clock() - started)
    widths: list[int] = []
    seen: set[str] = set()
    while ready:
        task = ready[0]
        widths.append(len(ready))
        seen.update(open_task.step for open_task in ready)
        started = clock()
        engine.assign(case, task, number % USERS)
        count.assigning.append(clock() - started)
        form = form_for(task.step, number)
        started = clock()
        engine.complete(case, task, form)
        ready = engine.ready(case)
        count.next_visible.append(clock() - started)
    if not engine.closed(case):
        raise SystemExit(f"case {number} has no open step, but it is not closed")
    completed = len(widths)
    if completed != TASKS_PER_CASE or len(seen) != TASKS_PER_CASE or max(widths) != len(PARALLEL):
        raise SystemExit(f"case {number} is not W: {completed} steps completed, open at a time {widths}")
    # opened, each step seen ready, assigned, completed, closed
    count.transitions += 1 + len(seen) + 2 * completed + 1
    count.steps |= seen


def drive(engine: Engine, db: str, cases: int) -> dict[str, Any]:
    """Takes `cases` cases through W, one after the other (a few before, to warm up), and returns the figures."""
    durability = engine.durability()
    if durability != DURABILITY[db]:
        raise SystemExit(f"not the durability that is measured: {durability}; it must be {DURABILITY[db]}")
    for number in range(WARM_UP_CASES):
        one_case(engine, number, Count())
    count = Count()
    started = time.perf_counter()
    for number in range(WARM_UP_CASES, WARM_UP_CASES + cases):
        one_case(engine, number, count)
    seconds = time.perf_counter() - started
    if cases > 1 and len(count.steps) != len(STEPS):
        raise SystemExit(f"the choice was never made: only {sorted(count.steps)} were seen")
    if engine.durability() != durability:
        raise SystemExit(f"the durability changed during the run, from {durability} to {engine.durability()}")
    return {
        "cases": cases,
        "transitions": count.transitions,
        "seconds": round(seconds, 3),
        "transitions_per_second": round(count.transitions / seconds, 1),
        "next_visible_ms": milliseconds(count.next_visible),
        "assign_ms": milliseconds(count.assigning),
        "open_ms": milliseconds(count.opening),
        "durability": durability,
    }


@contextlib.contextmanager
def place(arguments: argparse.Namespace) -> Iterator[Place]:
    """The place that the command line names; without --path a temporary one, removed afterwards."""
    if arguments.db == "postgres":
        if not arguments.url:
            raise SystemExit("--db postgres needs --url postgresql://USER@/EMPTY_DATABASE?host=FOLDER_OF_THE_SOCKET")
        yield Place("postgres", Path(), arguments.url)
    elif arguments.path:
        if arguments.path.exists():
            raise SystemExit(f"--path {arguments.path} exists already; give the name of a file that does not")
        yield Place("sqlite", arguments.path, "")
    else:
        folder = tempfile.mkdtemp(prefix="bench-")
        try:
            yield Place("sqlite", Path(folder) / "work.db", "")
        finally:
            shutil.rmtree(folder)


def command(name: str, build: Callable[[Place], Engine], packages: Sequence[str]) -> None:
    """The command line of an engine: `--db sqlite|postgres --cases N --path FILE | --url URL`.

    Prints one line of JSON: the figures of `drive`, the engine's name and the versions of its `packages`.
    """
    parser = argparse.ArgumentParser(description=f"the work of bench/work.py on {name}")
    parser.add_argument("--db", choices=sorted(DURABILITY), default="sqlite")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--path", type=Path, help="SQLite: a file that does not exist yet; default a temporary one")
    parser.add_argument("--url", default="", help="PostgreSQL: an empty database, as a libpq URL")
    arguments = parser.parse_args()
    with place(arguments) as where:
        figures = drive(build(where), where.db, arguments.cases)
    versions = {package: importlib.metadata.version(package) for package in packages}
    versions["python"] = ".".join(map(str, sys.version_info[:3]))
    print(json.dumps({"engine": name, "db": where.db, **figures, "versions": versions}), flush=True)
