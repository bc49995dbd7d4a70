"""`make bench`: runs the sections of the bench, prints their tables and keeps the result in bench/results/.

python -m bench.run [--rounds 5] [--cases 60] [--section NAME …] [--database sqlite …] [--no-keep]
"""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from bench.environments import ROOT
from bench.postgres import Postgres, postgres_server
from bench.report import Result, keep, print_section, result_of
from bench.sections import DATABASES, SECTIONS, Settings, run_section


def main() -> None:
    """The command."""
    arguments = command_line()
    console = Console()
    sections: dict[str, Result] = {}
    with work_folder() as folder, server(arguments.database, folder) as postgres, console.status("") as status:
        for name in arguments.section:
            own = folder / name
            own.mkdir()
            settings = Settings(
                arguments.rounds, arguments.cases, tuple(arguments.database), own, postgres, status.update
            )
            rows = run_section(name, settings)
            if rows is None:
                console.print(f"{SECTIONS[name]}: bench/{name}.py is not there yet")
                continue
            print_section(console, name, rows)
            sections[name] = {"rows": rows, "details": settings.details}
    verdicts = [row.reached for section in sections.values() for row in section["rows"] if row.reached is not None]
    if verdicts:
        console.print(f"{verdicts.count(True)} of {len(verdicts)} figures that have a target reach it")
    if arguments.keep and sections:
        kept = keep(result_of(arguments.rounds, arguments.cases, sections))
        console.print(f"kept in {kept.relative_to(ROOT)} and bench/results/README.md")


def command_line() -> argparse.Namespace:
    """What was asked."""
    parser = argparse.ArgumentParser(description="the figures of sluis beside its peers")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; the median counts (default 5)")
    parser.add_argument("--cases", type=int, default=60, help="cases per run of an engine (default 60)")
    parser.add_argument("--section", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--no-keep", dest="keep", action="store_false", help="only print")
    return parser.parse_args()


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder on the repository's own disk (a temporary one may be in memory), removed afterwards."""
    parent = ROOT / "build"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as folder:
        yield Path(folder)


@contextlib.contextmanager
def server(databases: list[str], folder: Path) -> Iterator[Postgres | None]:
    """A PostgreSQL server, where one is asked for."""
    if "postgres" not in databases:
        yield None
        return
    with postgres_server(folder) as postgres:
        yield postgres


if __name__ == "__main__":
    main()
