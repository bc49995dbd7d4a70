"""The `sluis` command: every group of commands is a module of its own."""

from importlib.metadata import version
from typing import Annotated

import typer

from cli import cases, intake, keys, ledger, operate, protocols, staff
from cli.output import friendly

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A city's prison release protocol, kept on time.")
app.add_typer(protocols.app, name="protocol", help="Check, explain, draw and compare protocol files.")
app.add_typer(cases.app, name="case", help="Look at a case, or move it to another version of its protocol.")
app.add_typer(ledger.app, name="ledger", help="Verify the ledger, or sign a checkpoint of it.")
app.add_typer(keys.app, name="keys", help="Look at the keys, or change the master key that wraps them.")
app.add_typer(staff.app, name="staff", help="List, add or import those who work with sluis.")
app.command("notify")(intake.notify)
app.command("adopt")(intake.adopt)
app.command("pull")(intake.pull)
app.command("tasks")(cases.tasks)
app.command("compliance")(cases.compliance)
app.command("up")(operate.up)
app.command("demo")(operate.demo)
app.command("closing-day")(operate.closing_day)
app.command("backup")(operate.backup)
app.command("restore")(operate.restore)
app.command("upgrade")(operate.upgrade)
app.command("health")(operate.health)
app.command("mail-test")(operate.mail_test)
app.command("admin-link")(operate.admin_link)
app.command("api-client")(operate.api_client)
app.command("api-clients")(operate.api_clients)


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
    with friendly():
        app()
