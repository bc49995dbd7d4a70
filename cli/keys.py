"""`sluis keys status | rotate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import AsJson, console, errors, print_json

if TYPE_CHECKING:
    from casework.keys import KeyStore

app = typer.Typer(no_args_is_help=True)


@app.command()
def status(as_json: AsJson = False) -> None:
    """How many keys there are, which version of the master key wraps them, and whether each opens. Exit 1: not all."""
    from casework.key_rotation import status as look

    found = look(_store())
    if as_json:
        print_json(found._asdict())
    else:
        at_hand = ", ".join(str(version) for version in found.versions)
        console.print(f"master key: version {found.wraps_with} wraps; at hand: {at_hand}", markup=False)
        for version, count in found.keys.items():
            console.print(f"wrapped with version {version}: {count} keys", markup=False)
        console.print(f"erased so far: {found.erased}; keys that do not open: {found.damaged}", markup=False)
        if found.unfinished:
            console.print("A change of the master key was prepared or not finished. Remedy: run `sluis keys rotate`")
    if found.damaged:
        raise typer.Exit(1)


@app.command()
def rotate(
    portion: Annotated[int, typer.Option(min=1, help="Keys per transaction.")] = 500, as_json: AsJson = False
) -> None:
    """Change the master key while everybody goes on working; run again, it finishes what was interrupted."""
    from rich.progress import Progress

    from casework.key_rotation import rotate as change

    with Progress(console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("wrapping keys anew", total=None)
        found = change(_store(), portion, lambda done, total: progress.update(task, completed=done, total=total))
    if as_json:
        print_json(found._asdict())
    else:
        what = "an interrupted change was finished" if found.resumed else "the master key was changed"
        console.print(f"{what}: version {found.version}, {found.wrapped} keys wrapped anew", markup=False)
        if found.damaged:
            words = f"{found.damaged} keys do not open and were left as they are. Remedy: put back a backup of the key store"
            console.print(words, markup=False)
    if found.damaged:
        raise typer.Exit(1)


def _store() -> KeyStore:
    from casework.keys import KeyStore
    from casework.settings import settings

    return KeyStore(settings())
