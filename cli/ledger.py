"""`sluis ledger verify | checkpoint`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.output import AsJson, console, errors, existing_database, print_json

app = typer.Typer(no_args_is_help=True)


@app.command()
def verify(
    checkpoint: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A signed checkpoint to compare with.")
    ] = None,
    state: Annotated[
        bool, typer.Option("--state", help="Also hold every case against a replay of its ledger.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute every hash of the ledger, and with a checkpoint hold the rows against it. Exit 0 intact, 1 not."""
    from rich.progress import Progress

    from casework.verify import verify as prove

    with Progress(console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("verifying", total=None)
        found = prove(existing_database(), checkpoint, lambda done: progress.update(task, completed=done), state=state)
    if as_json:
        print_json(found)
    else:
        verdict = "intact" if found["intact"] else "NOT intact"
        console.print(f"{found['streams']} streams, {found['entries']} entries: {verdict}", markup=False)
        if found["first_fault"]:
            fault = found["first_fault"]
            console.print("first fault: " + ", ".join(f"{key} {value}" for key, value in fault.items()), markup=False)
    if not found["intact"]:
        raise typer.Exit(1)


@app.command()
def checkpoint(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write; keep it on another machine.")],
    as_json: AsJson = False,
) -> None:
    """Sign the heads of all streams, so that cutting the tail or deleting a stream shows later."""
    from casework import clock
    from casework.verify import checkpoint as sign

    found = sign(existing_database(), output, clock.now())
    if as_json:
        print_json({**found, "file": str(output)})
    else:
        console.print(f"{found['streams']} streams, {found['entries']} entries signed: {output}", markup=False)
