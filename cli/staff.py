"""`sluis staff list | add | import`: who works with sluis, where nobody can sign in yet or many come at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, Who, actor, console, database, print_json

REFUSED = 3
app = typer.Typer(no_args_is_help=True, help="Who works with sluis.")


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Who works here: id, roles, service. Names too: it runs on the machine of the partnership."""
    from casework import accounts, staff

    db = database()
    states = accounts.states(db)
    people = staff.everybody(db)
    rows = [
        {"id": one.id, "name": one.name, "roles": one.roles, "service": one.service,
         "account": states[one.id].status if one.id in states else "none"}
        for one in people
    ]  # fmt: skip
    if as_json:
        print_json({"staff": rows})
        return
    for row in rows:
        console.print(
            f"{row['id']}  {row['name']}  {', '.join(row['roles'])}  {row['service']}  {row['account']}", markup=False
        )


@app.command("add")
def add(
    name: Annotated[str, typer.Option(help="Name as colleagues write it.")],
    role: Annotated[list[str], typer.Option(help="A role of the protocol; give it several times for several roles.")],
    service: Annotated[str, typer.Option(help="The service, one short word: two who decide together come from two.")],
    email: Annotated[str, typer.Option(help="They sign in with it and get their messages there.")] = "",
    phone: Annotated[str, typer.Option(help="For urgent calls.")] = "",
    language: Annotated[str, typer.Option(help="nl, fr or en: language of the pages.")] = "nl",
    prison: Annotated[str, typer.Option(help="For a prison liaison.")] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Add a colleague; says their id."""
    from casework import clock, members

    given: dict[str, Any] = {
        "name": name, "roles": role, "service": service, "email": email, "phone": phone, "language": language,
        "prison": prison,
    }  # fmt: skip
    made = members.add(database(), actor(who), given, clock.now())
    if as_json:
        print_json({"id": made})
    else:
        console.print(f"Added: {made}. An administrator sends the invitation from the page Staff.", markup=False)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX sheet: name, roles, service; and what else is known.")],
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Add the colleagues of a sheet, row by row. Exit 3 when a row, or the file as a whole, was refused."""
    from casework import clock, members
    from casework.intake import FileProblem, read_file

    try:
        taken = members.take_sheet(database(), actor(who), file.name, read_file(file), clock.now())
    except FileProblem as problem:
        _tell_problem(problem, as_json)
        raise typer.Exit(REFUSED) from None
    if as_json:
        print_json({"rows": [_plain(one) for one in taken]})
    else:
        for one in taken:
            said = "; ".join(f"{each.field} {each.rule}. Remedy: {each.remedy}" for each in one.problems)
            console.print(f"row {one.row}: {f'added as {one.staff}' if one.staff else said}", markup=False)
    if any(one.problems for one in taken):
        raise typer.Exit(REFUSED)


def _tell_problem(problem: Any, as_json: bool) -> None:
    if as_json:
        said = {"field": problem.field, "rule": f"{problem.field} {problem.rule}", "remedy": problem.remedy}
        print_json({"rows": [], "problem": said})
    else:
        console.print(f"{problem.field} {problem.rule}. Remedy: {problem.remedy}", markup=False)


def _plain(one: Any) -> dict[str, Any]:
    faults = [{"field": each.field, "rule": each.rule, "remedy": each.remedy} for each in one.problems]
    return {"row": one.row, "outcome": "refused" if faults else "added", "staff": one.staff, "faults": faults}
