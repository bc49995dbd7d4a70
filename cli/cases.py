"""`sluis case show | migrate`, `sluis tasks`, `sluis compliance`."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.output import AsJson, Who, actor, console, database, print_json
from cli.protocols import day as day_of

app = typer.Typer(no_args_is_help=True)
Ref = Annotated[str, typer.Argument(help="Number of the case, like 2026-014.")]
Language = Annotated[str, typer.Option(help="Language of what did not go as the protocol says: en, nl or fr.")]


@app.command()
def show(ref: Ref, language: Language = "en", who: Who = None, as_json: AsJson = False) -> None:
    """A case: phase, dates, steps, what is still to come, what went otherwise, and its history; erased: its certificate."""
    from casework import clock
    from casework.certificates import certificate
    from casework.deviations import deviations_of
    from casework.reading import case_for, history
    from protocol.errors import Refused
    from protocol.explain import forecast

    db, me, now = database(), actor(who), clock.now()
    try:
        case = case_for(db, me, ref)
    except Refused as refusal:
        if refusal.rule != "case.erased":
            raise
        _show_certificate(certificate(db, me, ref), as_json)
        return
    lines, strayed = history(db, me, ref), deviations_of(db, me, ref)
    planned = forecast(case.protocol, case.state, case.calendar, now)
    if as_json:
        print_json({**_case_json(case, lines, planned), "deviations": [_deviation(each, language) for each in strayed]})
        return
    state = case.state
    console.print(f"Case {case.ref} · {state.release_type} · phase {state.phase} · notice {state.notice}", markup=False)
    console.print(f"  protocol {state.protocol} {state.version}; lead {case.lead or '-'}, deputy {case.deputy or '-'}")
    for key, anchor in state.anchors.items():
        console.print(f"  {key}: {anchor.on} ({anchor.certainty}, known {anchor.known_on})", markup=False)
    console.print(_steps_table(case, planned))
    for each in strayed:
        console.print(f"  - {each.said(language)}", markup=False)
    for line in lines:
        kinds = ", ".join(f"{event.kind} {getattr(event, 'id', '')}".strip() for event in line.events)
        console.print(f"  {line.seq:>3} {line.recorded_at:%Y-%m-%d %H:%M} {line.by}: {kinds}", markup=False)


def _deviation(found: Any, language: str) -> dict[str, Any]:
    return {"rule": found.rule, "id": found.id, "step": found.step, "kind": found.kind, "due": found.due,
            "occurred_on": found.occurred_on, "recorded_on": found.recorded_on, "cause": found.cause,
            "working_days_late": found.working_days_late, "words": found.said(language)}  # fmt: skip


def _show_certificate(found: Any, as_json: bool) -> None:
    if as_json:
        print_json({**found._asdict(), "erased": [each._asdict() for each in found.erased]})
        return
    console.print(f"Case {found.ref} was erased on {found.erased_at:%Y-%m-%d %H:%M} UTC", markup=False)
    console.print(f"  by {found.by}; ground: {found.ground}; documents: {found.documents}", markup=False)
    console.print(f"  its {found.entries} ledger entries stay and can be read by nobody", markup=False)
    for each in found.erased:
        console.print(f"  signed: {each.words}", markup=False)
        console.print(f"    signature {each.signature}", markup=False)
    console.print(f"  public key (Ed25519): {found.public_key}", markup=False)


def _case_json(case: Any, lines: list[Any], planned: list[Any]) -> dict[str, Any]:
    return {
        "case": case.ref,
        "state": case.state.model_dump(mode="json"),
        "lead": case.lead,
        "deputy": case.deputy,
        "forecast": [{"id": p.id, "step": p.step, "ready_on": p.ready_on, "due": p.due} for p in planned],
        "history": [
            {
                "seq": line.seq,
                "recorded_at": line.recorded_at,
                "by": line.by,
                "command": line.command,
                "events": [event.model_dump(mode="json") for event in line.events],
            }
            for line in lines
        ],
    }


def _steps_table(case: Any, planned: list[Any]) -> Table:
    table = Table("step", "status", "due", "done", "outcome", box=None)
    for one in case.state.steps.values():
        due = f"{one.due or '-'}{' ' + one.at if one.at else ''}"
        table.add_row(one.id, one.status, due, str(one.settled_on or ""), one.outcome or "")
    for plan in planned:
        table.add_row(plan.id, "forecast", str(plan.due or "-"), "", "")
    return table


@app.command()
def migrate(
    ref: Ref,
    to: Annotated[str, typer.Option(help="Version of the protocol to go on under.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the ledger.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what changes.")] = False,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Move a case to another version of its protocol, by decision; says what changes."""
    from casework.cases import migrate_case

    db, me = database(), actor(who)
    if not dry_run and not as_json:
        tell_changes(migrate_case(db, me, ref, to, reason, "", dry_run=True), as_json)
        migrate_case(db, me, ref, to, reason, f"migrate-{uuid.uuid4()}")
        console.print("moved")
        return
    tell_changes(migrate_case(db, me, ref, to, reason, f"migrate-{uuid.uuid4()}", dry_run=dry_run), as_json)


def tell_changes(changes: list[Any], as_json: bool) -> None:
    if as_json:
        rows = [{"case": c.case, "step": c.step, "what": c.what, "was": c.was, "now": c.now} for c in changes]
        print_json({"changes": rows})
        return
    for change in changes:
        console.print(
            f"{change.case} {change.step}: {change.what} {change.was or '-'} → {change.now or '-'}", markup=False
        )
    if not changes:
        console.print("Nothing changes.")


def tasks(
    who: Annotated[str, typer.Argument(help="Staff id of the person whose tasks are listed.")],
    page: Annotated[int, typer.Option(min=1, help="Which page of 25.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Somebody's tasks, the earliest due day first."""
    from casework.lists import tasks_for
    from casework.staff import actor_for

    db = database()
    found = tasks_for(db, actor_for(db, who), page)
    if as_json:
        rows = [
            {"case": t.ref, "id": t.id, "step": t.step, "status": t.status, "due": t.due_on, "late": t.late}
            for t in found.tasks
        ]
        print_json({"count": found.count, "tasks": rows})
        return
    table = Table("due", "step", "case", "", box=None)
    for task in found.tasks:
        name = task.name.get("en", task.step)
        table.add_row(str(task.due_on or "-"), f"{name} ({task.id})", task.ref, "late" if task.late else "")
    console.print(table)
    console.print(f"{found.count} tasks")


def compliance(
    since: Annotated[str | None, typer.Option(help="Steps due from this day.")] = None,
    until: Annotated[str | None, typer.Option(help="Steps due up to this day.")] = None,
    step: Annotated[str | None, typer.Option(help="Only this step: what was late or missed, case by case.")] = None,
    language: Language = "en",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Per step: expected, kept, late, missed, waived, and the causes of what was late or missed."""
    from casework import clock
    from casework.compliance import table as compliance_table

    first = day_of(since) if since else dt.date(1990, 1, 1)
    last = day_of(until) if until else clock.now().date()
    if step is not None:
        _behind(step, first, last, language, who, as_json)
        return
    lines = compliance_table(database(), actor(who), first, last)
    if as_json:
        print_json(
            {
                "since": first,
                "until": last,
                "steps": [
                    {
                        "step": line.step,
                        "expected": line.expected,
                        "kept": line.kept,
                        "late": line.late,
                        "missed": line.missed,
                        "waived": line.waived,
                        "causes": line.causes,
                    }
                    for line in lines
                ],
            }
        )
        return
    table = Table("step", "expected", "kept", "late", "missed", "waived", "causes", box=None)
    for line in lines:
        causes = ", ".join(f"{cause} {count}" for cause, count in line.causes.items())
        figures = (line.expected, line.kept, line.late, line.missed, line.waived)
        table.add_row(line.step, *map(str, figures), causes)
    console.print(table)


def _behind(step: str, first: dt.date, last: dt.date, language: str, who: str | None, as_json: bool) -> None:
    """The cases behind what was late or missed of one step, one sentence each."""
    from casework.compliance import Asked, lines_of

    db, me = database(), actor(who)
    lines = [line for verdict in ("late", "missed") for line in lines_of(db, me, Asked(first, last), step, verdict)]
    if as_json:
        rows = [
            {"case": line.ref, "id": line.occurrence, "due": line.due_on, "done": line.done_on, "cause": line.cause,
             "working_days_late": line.days_late, "words": line.deviation.said(language) if line.deviation else None}
            for line in lines
        ]  # fmt: skip
        print_json({"step": step, "since": first, "until": last, "lines": rows})
        return
    for line in lines:
        console.print(f"{line.ref}  {line.deviation.said(language) if line.deviation else line.cause}", markup=False)
    if not lines:
        console.print("Nothing of this step was late or missed in this period.")
