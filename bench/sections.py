"""What a section of the bench is: a module of this package with `run(settings) -> list[Row]`.

A section that is named in SECTIONS and has no module yet is reported as absent; nothing else needs to change when its
module appears.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.postgres import Postgres

# name of the module in bench/ → its heading
SECTIONS = {
    "transitions": "Transitions per second beside the peers",
    "lists": "The first page of the lists",
    "sweep": "The deadline sweep",
    "ledger": "The ledger, conformance and compliance",
    "barrier": "The information barrier",
    "pages": "Pages beside a bare page",
    "group": "The embedded group",
}
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


class Row(NamedTuple):
    """One line of the result. `reached` is None for a figure that is only shown."""

    name: str
    figure: str
    target: str = ""
    reached: bool | None = None


@dataclass(frozen=True)
class Settings:
    """What a section gets. `folder` is its own, empty, and removed afterwards; `details` goes into the JSON file."""

    rounds: int
    cases: int
    databases: tuple[str, ...]
    folder: Path
    postgres: Postgres | None
    say: Callable[[str], None]
    details: dict[str, Any] = field(default_factory=dict)


def run_section(name: str, settings: Settings) -> list[Row] | None:
    """The rows of a section; None when it has no module yet."""
    if importlib.util.find_spec(f"bench.{name}") is None:
        return None
    rows: list[Row] = importlib.import_module(f"bench.{name}").run(settings)
    return rows
