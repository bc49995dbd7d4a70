"""`sluis notify | adopt | pull`: what comes in. Exit 0; 3 when something was refused: a row, or the file as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, Who, console, database, errors, print_json

REFUSED = 3
LONG = 50
"""rows from which progress is shown"""
TITLE = {"accepted": "accepted", "known": "known already", "moved": "moved", "refused": "refused"}

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything and keep nothing.")]


def notify(
    file: Annotated[Path, typer.Argument(help="A JSON, CSV or XLSX file of notifications, or a folder of such files.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    who: Who = None,
) -> None:
    """Take in notifications, row by row. Exit 3 when a row, or the file as a whole, was refused."""
    from casework import clock, intake

    if file.is_dir():
        _sweep(file, dry_run, as_json, who)
        return
    db, me = _at_work(who)
    with _progress(as_json, "taking in") as progress:
        report = _of_file(
            file, lambda content: intake.take_notifications(
                db, file.name, content, me, clock.now(), dry_run=dry_run, progress=progress
            )
        )  # fmt: skip
    db.close()
    _tell(report, as_json, dry_run)


def adopt(
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX sheet of cases that run already.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    who: Who = None,
) -> None:
    """Take over running cases with their true past days, one per row. Exit 3 when anything was refused."""
    from casework import clock, intake

    db, me = _at_work(who)
    with _progress(as_json, "taking over") as progress:
        report = _of_file(
            file, lambda content: intake.take_running_cases(
                db, file.name, content, me, clock.now(), dry_run=dry_run, progress=progress
            )
        )  # fmt: skip
    db.close()
    _tell(report, as_json, dry_run)


def pull(
    url: Annotated[str, typer.Argument(help="Address of a prison's interface (https).")],
    token_file: Annotated[Path | None, typer.Option(help="File that holds the key of the interface.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Certificate of the authority that signed its own (PEM).")
    ] = None,
    allow_private: Annotated[bool, typer.Option(help="It may stand in the city's own network.")] = False,
    allow_plain_http: Annotated[bool, typer.Option(help="Without encryption: only on the same machine.")] = False,
    as_json: AsJson = False,
    who: Who = None,
) -> None:
    """Fetch what is new from a prison's interface. The next pull goes on where this one stopped."""
    from casework import intake

    given: dict[str, Any] = {"allow_private_addresses": allow_private, "allow_plain_http": allow_plain_http}
    if ca_file is not None:
        given["ca_file"] = str(ca_file)
    if token_file is not None:
        given["token"] = _token(token_file)
    source = _source(url, given)
    db, me = _at_work(who)
    pulled = intake.pull_source(db, source, me)
    db.close()
    how = pulled.report
    problem = how.problem
    if as_json:
        facts = {name: getattr(how, name) for name in ("pages", "notifications", "retries", "finished", "retry_after")}
        print_json({"rows": pulled.rows, **facts} | ({"problem": asdict(problem)} if problem else {}))
    else:
        _table(pulled.rows)
        end = "the last page was reached" if how.finished else "the next pull goes on from here"
        console.print(f"{how.pages} pages, {how.notifications} notifications; {end}")
        if problem:
            errors.print(f"{problem.rule}. Remedy: {problem.remedy}", markup=False)
    if pulled.refused or problem:
        raise typer.Exit(REFUSED)


def _at_work(who: str | None) -> tuple[Any, Any]:
    """The database, and the acting person in it."""
    from casework.staff import actor_for
    from protocol.commands import SYSTEM

    db = database()
    return db, SYSTEM if who is None else actor_for(db, who)


def _of_file(file: Path, take: Callable[[bytes], Any]) -> Any:
    from casework.intake import FileProblem, FileReport, read_file
    from casework.intake_files import words_of

    try:
        return take(read_file(file))
    except FileProblem as problem:
        return FileReport(problem=words_of(problem))


def _sweep(folder: Path, dry_run: bool, as_json: bool, who: str | None) -> None:
    """Take every complete file of a folder once."""
    from casework import clock, intake

    if dry_run:
        raise typer.BadParameter("--dry-run is for a file: files of a folder are moved when they were taken")
    db, me = _at_work(who)
    try:
        swept = intake.sweep_folder(db, folder, me, clock.now())
    except intake.FileProblem as problem:
        errors.print(f"{problem.field} {problem.rule}. Remedy: {problem.remedy}", markup=False)
        raise typer.Exit(REFUSED) from None
    finally:
        db.close()
    if as_json:
        print_json({"files": [_swept(one) for one in swept]})
    else:
        for one in swept:
            console.print(f"{one.name}: {one.outcome}{f' ({one.fault})' if one.fault else ''}", markup=False)
            _words(one.report)
        if not swept:
            console.print("No complete file was there.")
    if any(one.outcome != "done" for one in swept):
        raise typer.Exit(REFUSED)


def _swept(one: Any) -> dict[str, Any]:
    return {"file": one.name, "outcome": one.outcome, **one.report.plain()} | (
        {"fault": one.fault} if one.fault else {}
    )


def _token(file: Path) -> str:
    from casework.intake import FileProblem, read_file

    try:
        return read_file(file).decode().strip()
    except (FileProblem, UnicodeDecodeError):
        raise typer.BadParameter("give a readable file with the key in it", param_hint="--token-file") from None


def _source(url: str, given: dict[str, Any]) -> Any:
    """What is wrong with the address or the key is said without repeating it."""
    from pydantic import ValidationError

    from casework.intake import PullSource

    try:
        return PullSource(url=url, **given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        raise typer.BadParameter(found["msg"].removeprefix("Value error, ")) from None


@contextmanager
def _progress(quiet: bool, title: str) -> Iterator[Any]:
    """A bar on the error output, for long files only."""
    from rich.progress import Progress

    with Progress(console=errors, transient=True, disable=quiet) as bar:
        task: Any = None

        def told(done: int, total: int) -> None:
            nonlocal task
            if total >= LONG:
                task = bar.add_task(title, total=total) if task is None else task
                bar.update(task, completed=done)

        yield told


def _tell(report: Any, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json(report.plain())
    else:
        _words(report)
        if dry_run and report.rows:
            console.print("Nothing was kept: this was a dry run.")
    if report.refused:
        raise typer.Exit(REFUSED)


def _words(report: Any) -> None:
    if report.problem:
        errors.print(f"{report.problem.rule}. Remedy: {report.problem.remedy}", markup=False)
    else:
        _table(report.rows)


def _table(rows: list[Any]) -> None:
    """A table for people, one line per row and a line of counts under it."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        console.print("No rows.")
        return
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("row", "outcome", "case", "what is wrong", "what to do"):
        table.add_column(heading, justify="right" if heading == "row" else "left", no_wrap=heading == "case")
    for row in rows:
        first, *others = row.get("faults") or [row]
        words = [str(row["row"]), TITLE[row["outcome"]], row["case"] or "", first["rule"] or "", first["remedy"] or ""]
        table.add_row(*map(escape, words))
        for fault in others:
            table.add_row("", "", "", escape(fault["rule"]), escape(fault["remedy"]))
    console.print(table, soft_wrap=False)
    counts = Counter(row["outcome"] for row in rows)
    console.print(", ".join(f"{counts[key]} {TITLE[key]}" for key in TITLE if counts[key]))
