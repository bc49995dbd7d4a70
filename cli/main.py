"""The `sluis` command."""

from importlib.metadata import version
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A city's prison release protocol, kept on time.")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sluis {version('sluis')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """A city's prison release protocol, kept on time."""


def main() -> None:
    """Entry point of the console script."""
    app()
