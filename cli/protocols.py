"""`sluis protocol check | explain | diagram | diff | forecast`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, console, errors, fail, print_json
from protocol.errors import ProtocolFault

app = typer.Typer(no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A protocol file (YAML).")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Protocol files.")],
    as_json: AsJson = False,
) -> None:
    """Prove that protocol files are sound: schema, references, reachability, closure, dates in order."""
    reports = [_check(file, quiet=as_json) for file in files]
    if as_json:
        print_json({"files": reports})
    if not all(report["sound"] for report in reports):
        raise typer.Exit(1)


def _check(file: Path, quiet: bool) -> dict[str, Any]:
    from rich.progress import Progress

    from protocol.check import check as prove
    from protocol.parse import load

    try:
        protocol = load(file)
    except OSError as fault:
        raise fail(f"{file}: cannot be read ({fault.strerror}). Remedy: give the path of a protocol file", 1) from None
    except ProtocolFault as fault:
        found = [{"line": one.line, "field": one.field, "rule": one.rule, "remedy": one.remedy} for one in fault.faults]
        if not quiet:
            for one in fault.faults:
                errors.print(str(one), markup=False)
        return {"file": str(file), "steps": 0, "variants": 0, "states": 0, "sound": False, "faults": found}
    with Progress(console=errors, transient=True, disable=quiet) as progress:
        task = progress.add_task("checking", total=None)
        report = prove(protocol, lambda done, total: progress.update(task, completed=done, total=total))
    result = {"file": str(file), **report}
    if not quiet:
        _tell_check(result)
    return result


def _tell_check(report: dict[str, Any]) -> None:
    verdict = "sound" if report["sound"] else "NOT sound"
    console.print(f"{report['file']}: {verdict}", markup=False)
    console.print(
        f"  {report['steps']} steps, {report['variants']} variants, {report['states']} states explored, "
        f"{report.get('runs', 0)} on-time runs",
        markup=False,
    )
    console.print(f"  abstraction: {report['abstraction']}", markup=False)
    for fault in report["faults"]:
        console.print(f"  {fault['field']}: {fault['rule']}. Remedy: {fault['remedy']}", markup=False)


def moment(text: str) -> dt.date | dt.datetime:
    """A date (2026-11-10) or a date-time (2026-11-10T17:00)."""
    try:
        return dt.datetime.fromisoformat(text) if len(text) > 10 else dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a date like 2026-11-10 or a date-time like 2026-11-10T17:00") from None


def day(text: str) -> dt.date:
    found = moment(text)
    return found.date() if isinstance(found, dt.datetime) else found


@app.command()
def explain(
    file: File,
    step: Annotated[str, typer.Option(help="Key of the step.")],
    release_type: Annotated[str, typer.Option("--type", help="Release type.")],
    notified: Annotated[
        str, typer.Option(help="When the notification came: a date (before the cut-off), or a date-time.")
    ],
    release: Annotated[str | None, typer.Option(help="Planned release.")] = None,
    released: Annotated[str | None, typer.Option(help="Actual release.")] = None,
    planned_return: Annotated[str | None, typer.Option("--return", help="Planned return, for a leave.")] = None,
    started: Annotated[
        str | None, typer.Option(help="The step's ready day; without it predecessors are on time.")
    ] = None,
    occurrence: Annotated[int, typer.Option(min=1, help="Which occurrence of a repeated step.")] = 1,
    language: Annotated[str, typer.Option(help="Language of the reasons: en, nl or fr.")] = "en",
    as_json: AsJson = False,
) -> None:
    """When a step is due in an on-time run, and why. Exit 1 with the reason when the step is not in the variant."""
    from protocol.explain import explain as tell
    from protocol.parse import load

    found = tell(
        load(file),
        step,
        release_type,
        moment(notified),
        release=day(release) if release else None,
        released=day(released) if released else None,
        planned_return=day(planned_return) if planned_return else None,
        started=moment(started) if started else None,
        occurrence=occurrence,
        language=language,
    )
    if as_json:
        answer = {"step": found.step, "occurrence": found.n, "due": found.due, "at": found.at, "form": found.form}
        print_json(answer | {"ready": found.ready_on, "because": list(found.because)})
        return
    console.print(f"{found.step}: due {found.due}" + (f" at {found.at}" if found.at else ""), markup=False)
    for words in found.because:
        console.print(f"  {words}", markup=False)


@app.command()
def diagram(
    file: File,
    output: Annotated[Path, typer.Option("-o", "--output", help="The SVG file to write.")],
    language: Annotated[str, typer.Option(help="Language of the texts.")] = "en",
) -> None:
    """Draw a protocol as an SVG picture."""
    from protocol.diagram import svg
    from protocol.parse import load

    output.write_text(svg(load(file), language), encoding="utf-8")
    console.print(f"written: {output}", markup=False)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    after: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    language: Annotated[str, typer.Option(help="Language of the words.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Say in plain words what changes between two versions, and for which running cases."""
    from protocol.compare import diff as compare
    from protocol.parse import load

    changes = compare(load(before), load(after), language)
    if as_json:
        print_json({"changes": [_change_json(change) for change in changes]})
        return
    for change in changes:
        console.print(f"- {change.words}", markup=False)
    if not changes:
        console.print("Nothing changes.")


def _change_json(change: Any) -> dict[str, Any]:
    return {"words": change.words, "kind": change.kind, "steps": list(change.steps), "affects": change.affects.words}
