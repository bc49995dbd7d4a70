"""`sluis up | demo | closing-day | backup | restore | upgrade | health | api-client`."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.cases import tell_changes
from cli.output import AsJson, Who, actor, console, database, errors, fail, print_json
from cli.protocols import day as day_of


def up(
    port: Annotated[int, typer.Option(help="Port of the workplace.")] = 8000,
    demo: Annotated[
        bool | None, typer.Option("--demo/--no-demo", help="Fill an empty embedded database with the demo.")
    ] = None,
) -> None:
    """Start the workplace: web, Prefect server, worker and pump, as one supervised group."""
    from casework.settings import settings
    from cli.group import run_group

    found = settings()
    if demo or (demo is None and found.database_url is None):
        _fill_when_empty()
    raise typer.Exit(run_group(found, port=port))


def _fill_when_empty() -> None:
    """A fictional partnership, with its cases as they would stand today."""
    from casework.partnership import is_demo
    from casework.staff import everybody
    from demo.partnership import MEMBERS
    from demo.years import fill

    db = database(with_protocols=False)  # the demo puts them in force when its partnership is founded
    if not everybody(db):
        with _bar("The fictional partnership lives its last months") as progress:
            fill(db, progress)
    if is_demo(db):
        console.print("Demo sign-ins (choose one on the first page; everybody here is invented):")
        for member in MEMBERS:
            console.print(f"  {member.name:<24} {', '.join(member.roles)}", markup=False)
    db.close()


def _bar(title: str) -> Any:
    from contextlib import contextmanager

    from rich.progress import Progress

    @contextmanager
    def shown() -> Any:
        with Progress(console=errors, transient=True) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    return shown()


def demo(
    seed: Annotated[int, typer.Option(help="Another seed gives other years.")] = 1,
    database_url: Annotated[
        str | None, typer.Option("--database", help="An empty database; left out: one that is thrown away.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Live the fictional partnership's years on a virtual clock, from notification to erasure, told as a story."""
    from casework.settings import settings
    from casework.staff import everybody
    from casework.upgrade import migrate, open_database
    from demo.years import live

    def tell(at: dt.datetime, ref: str, words: str) -> None:
        console.print(f"{at:%Y-%m-%d %H:%M}  {ref}  {words}", markup=False)

    with tempfile.TemporaryDirectory(prefix="sluis-demo-") as home:
        found = settings(home=Path(home), database_url=database_url)
        migrate(found)
        db = open_database(found)
        if everybody(db):
            raise fail("SLUIS_DATABASE_URL: the database is not empty. Remedy: give an empty one, or leave it out", 2)
        with _bar("The partnership's years") as progress:
            result = live(db, seed, None if as_json else tell, progress)
        db.close()
    if as_json:
        print_json(result)
        return
    for key, value in result.items():
        console.print(f"{key.replace('_', ' ')}: {value}", markup=False)


def closing_day(
    day: Annotated[str, typer.Argument(help="A day on which the partnership is closed.")],
    name: Annotated[str, typer.Option(help="What it is called.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would move.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="The partnership is open after all.")] = False,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Add or remove a closing day; due days are counted again and what moves is shown."""
    from casework import clock
    from casework.moving import change_closing_days

    db, me, found = database(), actor(who), day_of(day)
    given, gone = ({}, (found,)) if remove else ({found: name}, ())
    moved = change_closing_days(db, me, given, gone, at=clock.now(), dry_run=dry_run)
    if not as_json:
        console.print(
            f"{found} is {'open again' if remove else 'a closing day'}; due days of open steps:", markup=False
        )
    tell_changes(moved, as_json)
    if not moved and not as_json:
        console.print("Steps that are not open yet are counted with it when they open; their forecasts may have moved.")


def backup(
    output: Annotated[Path, typer.Option("-o", "--output", help="The backup to write; it holds no case keys.")],
    keys: Annotated[
        Path | None, typer.Option(help="Also copy the key store into this folder; keep it apart from the backup.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Back the database up while everybody goes on working. The case keys are not in it: keep them elsewhere."""
    from casework.backup import backup as make
    from casework.backup import backup_keys
    from casework.settings import settings

    with _bar("backing up") as progress:
        make(settings(), output, progress)
    if keys is not None:
        backup_keys(database(), keys)
    if as_json:
        print_json({"file": str(output), "keys": str(keys) if keys else None})
    else:
        console.print(f"written: {output}" + (f", keys: {keys}" if keys else ""), markup=False)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, help="A backup made by `sluis backup`.")],
    as_json: AsJson = False,
) -> None:
    """Put a backup back: erasures since then are replayed and the ledger is verified before it opens."""
    from casework.backup import restore as put_back
    from casework.settings import settings

    with _bar("restoring") as progress:
        done = put_back(settings(), file, progress)
    found = {"erased_again": done.erased, "ledger": done.ledger}
    if as_json:
        print_json(found)
    else:
        verdict = "intact" if done.ledger["intact"] else "NOT intact"
        console.print(f"restored; erasures replayed: {done.erased}; ledger {verdict}", markup=False)
    if not done.ledger["intact"]:
        raise typer.Exit(1)


def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to this version of sluis: a backup first, then the migrations. Stop sluis before."""
    from casework import clock
    from casework.settings import settings
    from casework.upgrade import upgrade as bring

    with _bar("upgrading") as progress:
        done = bring(settings(), clock.now(), progress)
    backed_up = str(done.backup) if done.backup else None
    if as_json:
        print_json({"from": done.migrated.before, "to": done.migrated.after, "backup": backed_up})
    else:
        words = f"{done.migrated.before or 'nothing'} → {done.migrated.after}"
        console.print(words + (f", backup: {backed_up}" if backed_up else ""), markup=False)


def health(as_json: AsJson = False) -> None:
    """When each part last did its work. Exit 1 when one is silent."""
    from casework.heartbeats import beats

    found = beats(database())
    if as_json:
        print_json({"parts": [beat._asdict() for beat in found], "ok": not any(beat.silent for beat in found)})
    else:
        for beat in found:
            state = "SILENT" if beat.silent else "ok"
            console.print(f"{beat.part}: {state}, {beat.minutes_ago} minutes ago", markup=False)
        if not found:
            console.print("No part was ever heard of: start the group with `sluis up`.")
    if any(beat.silent for beat in found):
        raise typer.Exit(1)


def mail_test(
    to: Annotated[str, typer.Argument(help="The address that gets the test mail.")],
    language: Annotated[str, typer.Option(help="nl, fr or en.")] = "nl",
    as_json: AsJson = False,
) -> None:
    """Send one test mail through SLUIS_SMTP_URL. Exit 1 when the server did not take it; its words are shown."""
    from casework.automatic.mail_test import try_mail
    from casework.settings import settings

    tried = try_mail(settings(), to, language)
    if as_json:
        print_json({**tried._asdict(), "sent": tried.sent})
    elif tried.sent:
        console.print(f"{tried.server} took the mail", markup=False)
    elif tried.outcome == "off":
        console.print("no mail server is set. Remedy: set SLUIS_SMTP_URL, like smtp://HOST:PORT", markup=False)
    else:
        console.print(f"not sent ({tried.outcome}) by {tried.server}: {tried.said}", markup=False)
    if not tried.sent:
        raise typer.Exit(1)


def admin_link(
    email: Annotated[str, typer.Option(help="The address that the administrator signs in with.")] = "",
    lost: Annotated[
        str, typer.Option(help="Staff id of an administrator who lost password or second factor, and has no colleague.")
    ] = "",
) -> None:
    """Print the one-time link of the first administrator; only while nobody has an account, and never in a demo.

    With --lost: a new link for an administrator; the old password, second factor and sessions are void at once.
    """
    from casework import accounts, clock, partnership
    from casework.settings import settings

    db = database()
    if partnership.is_demo(db):
        made = None
    elif lost:
        made = accounts.reset(db, actor(None), lost, clock.now())
    else:
        made = accounts.first_administrator(db, clock.now(), email)
    db.close()
    if made is None:
        raise fail("somebody has an account here, or this is a demo. Remedy: ask an administrator for an invitation")
    console.print(f"{settings().public_url.rstrip('/')}{made.path}", markup=False)
    console.print(f"This link works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC; an older one is void now.")


def api_client(
    name: Annotated[str, typer.Argument(help="Id of the client: small letters, digits, dashes.")],
    acts_as: Annotated[str, typer.Option(help="Staff id of the prison liaison it acts for.")] = "",
    days: Annotated[int, typer.Option(min=1, max=730, help="The key expires after so many days.")] = 365,
    revoke: Annotated[bool, typer.Option("--revoke", help="Its key is worth nothing from now on.")] = False,
    who: Who = None,
) -> None:
    """Make an API client that may send notifications; its key is shown once. Or revoke its key."""
    from casework import api_clients, clock
    from casework.staff import find
    from models.people import ApiClient

    db, now = database(), clock.now()
    if revoke:
        api_clients.revoke(db, name, actor(who), at=now)
        console.print(f"the key of {name} is revoked", markup=False)
        return
    liaison = find(db, acts_as)
    client = ApiClient(
        id=name, name=name, scopes=[api_clients.WRITE_NOTIFICATIONS], prison=liaison.prison, acts_as=acts_as,
        added_at=now, expires_at=now + dt.timedelta(days=days), key_hash=b"",
    )  # fmt: skip
    key = api_clients.add(db, client, actor(who), at=now)
    console.print(f"key (shown once, expires in {days} days): {key}", markup=False)


def api_clients(as_json: AsJson = False) -> None:
    """List the API clients: whom they act for, when they expire, when they were used last."""
    from casework.api_clients import everybody

    found = [client.model_dump(exclude={"key_hash"}) for client in everybody(database())]
    if as_json:
        print_json({"clients": found})
        return
    for client in found:
        state = (
            "revoked"
            if client["revoked_at"]
            else f"expires {client['expires_at']:%Y-%m-%d}"
            if client["expires_at"]
            else "no end"
        )
        used = f"used {client['used_at']:%Y-%m-%d}" if client["used_at"] else "never used"
        console.print(f"{client['id']}: acts as {client['acts_as']}, {state}, {used}", markup=False)
    if not found:
        console.print("No API client yet: make one with `sluis api-client NAME --acts-as STAFF`.", markup=False)
