"""How commands speak: one line per fact, JSON with `--json`, and a refusal that names rule and remedy."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from protocol.errors import ProtocolFault, Refused

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def _plain(value: object) -> object:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        return value._asdict()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=1) + "\n")


def fail(words: str, code: int = 1) -> typer.Exit:
    errors.print(words, markup=False)
    return typer.Exit(code)


@contextmanager
def friendly() -> Iterator[None]:
    """A refusal, a faulty file or setting is told in words with exit code 1 (2 for settings); never a stack trace."""
    try:
        yield
    except (Refused, ProtocolFault) as refused:
        if "--json" in sys.argv:
            print_json({"error": _as_json(refused)})
            sys.exit(1)
        _tell(refused)
        sys.exit(1)
    except Exception as fault:
        if "--json" in sys.argv:
            print_json({"error": _as_json(fault)})
        if all(hasattr(fault, name) for name in ("rule", "remedy")):
            errors.print(str(fault), markup=False)
        else:
            errors.print(_unexpected(fault), markup=False)
        sys.exit(2)


def _tell(refused: Refused | ProtocolFault) -> None:
    if isinstance(refused, ProtocolFault):
        for one in refused.faults:
            errors.print(str(one), markup=False)
        return
    errors.print(f"{refused.rule}: {refused.reason}. Remedy: {refused.remedy}", markup=False)
    for problem in refused.problems:
        errors.print(f"  {problem.field}: {problem.rule}. Remedy: {problem.remedy}", markup=False)


def _as_json(fault: Exception) -> dict[str, Any]:
    """An error for programs: rule, reason and remedy, and the field where there is one."""
    if isinstance(fault, Refused):
        said: dict[str, Any] = {
            "field": fault.field,
            "rule": fault.rule,
            "reason": fault.reason,
            "remedy": fault.remedy,
        }
        problems = [{"field": one.field, "rule": one.rule, "remedy": one.remedy} for one in fault.problems]
        return said | ({"problems": problems} if problems else {})
    if isinstance(fault, ProtocolFault):
        first, *_ = fault.faults
        return {"field": None, "rule": first.rule, "reason": str(first), "remedy": first.remedy,
                "problems": [str(one) for one in fault.faults]}  # fmt: skip
    words = [getattr(fault, name, None) for name in ("field", "rule", "remedy")]
    if all(words[1:]):
        return {"field": words[0], "rule": words[1], "reason": str(fault), "remedy": words[2]}
    reason, _, remedy = _unexpected(fault).partition(". Remedy: ")
    return {"field": None, "rule": "unexpected", "reason": reason, "remedy": remedy}


def _unexpected(fault: Exception) -> str:
    """Words for a person; where it arose goes into a log for the operator, without the error's text: it may quote data."""
    known = {
        "OperationalError": "the database cannot be reached. Remedy: check SLUIS_DATABASE_URL and that the server runs",
        "SealBroken": "what is sealed cannot be opened with this key. Remedy: give the master key (SLUIS_MASTER_KEY) and "
        "key store (SLUIS_KEYS) that belong to this database",
        "CheckpointRefused": f"{fault}. Remedy: run `sluis ledger verify` and restore a backup",
    }
    if isinstance(fault, OSError):
        return f"{fault.filename or 'a file'}: {fault.strerror}. Remedy: give a path that can be read and written"
    place = _note(fault)
    return known.get(
        type(fault).__name__,
        f"something went wrong here, and nothing was half-done. Remedy: tell the operator; noted in {place}",
    )


def _note(fault: Exception) -> str:
    """The frames of an error, and its kind, in a log of this machine."""
    import os
    import tempfile
    import traceback
    from pathlib import Path

    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(fault.__traceback__)]
    home = Path(os.environ.get("SLUIS_HOME") or tempfile.gettempdir())
    folder = home / "logs" if home.is_dir() else Path(tempfile.gettempdir())
    log = folder / "sluis-command.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as out:
            out.write("\n".join([type(fault).__name__, *lines, ""]))
    except OSError:
        return "no log: its folder cannot be written to"
    return str(log)


def existing_database() -> Any:
    """The database of these settings, never a new one: what is verified must be there."""
    from casework.settings import settings

    found = settings()
    if not found.on_postgres and not found.database_file.exists():
        raise fail("SLUIS_DATABASE_URL: there is no database yet. Remedy: check SLUIS_HOME and SLUIS_DATABASE_URL", 2)
    return database(with_protocols=False)


def database(*, with_protocols: bool = True) -> Any:
    """The database of these settings; made at first use when it is the embedded one, with the shipped protocols."""
    from casework import clock
    from casework.protocols import install_where_none
    from casework.settings import settings
    from casework.upgrade import open_database

    db = open_database(settings())
    if with_protocols:
        install_where_none(db, clock.now())
    return db


def actor(who: str | None) -> Any:
    """The acting person: a staff id, or the software itself when a command runs on the machine of the partnership."""
    from casework.staff import actor_for
    from protocol.commands import SYSTEM

    return SYSTEM if who is None else actor_for(database(), who)


Who = Annotated[str | None, typer.Option("--as", help="Staff id of the acting person; left out: the software itself.")]
