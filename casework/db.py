"""The database: two engines behind one door, every transaction short and durable.

SQLite is encrypted (sqlcipher), in WAL with synchronous FULL; a writer says BEGIN IMMEDIATE, so it waits at the start
and never fails half-way. PostgreSQL locks the rows of one case. Nothing here makes tables: Alembic does (`migrate`).
"""

import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psycopg
import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import PoolProxiedConnection, QueuePool
from sqlmodel import Session

from casework.guard import DOOR, OPEN
from casework.keys import KeyStore
from casework.settings import Settings, SettingsFault, make_private_folder, secret_file
from casework.sqlite import open_sqlite
from casework.statements import Tx

CONFLICTS = (sqlcipher.IntegrityError, psycopg.errors.IntegrityError, psycopg.OperationalError)
"""What the drivers raise when another transaction was first, or when the server went away meanwhile."""
POOL = {"pool_size": 16, "max_overflow": 48}
READ_ONLY = "sluis_read_only"
KEY_BYTES = 32
_OPEN_TO_READ = f"SELECT set_config('{DOOR}', 'casework', true), set_config('transaction_read_only', 'on', true)"


def database_key(settings: Settings) -> bytes:
    """The key of the SQLite file, made at first use."""
    text = secret_file(
        settings.database_key_file, "SLUIS_DATABASE_URL", lambda: secrets.token_bytes(KEY_BYTES).hex().encode()
    )
    try:
        key = bytes.fromhex(text.decode().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        remedy = f"put back {settings.database_key_file.name} as it was made with the database"
        raise SettingsFault("SLUIS_DATABASE_URL", "the database's key file must hold 64 hexadecimal digits", remedy)
    return key


def _sqlite_engine(settings: Settings) -> Engine:
    make_private_folder(settings.database_file.parent, "SLUIS_HOME")
    path, key = settings.database_file, database_key(settings)

    def creator() -> Any:
        try:
            return open_sqlite(path, key)
        except sqlcipher.DatabaseError:
            remedy = "give the file the key that it was made with, or restore a backup"
            raise SettingsFault("SLUIS_DATABASE_URL", "the database cannot be read with its key", remedy) from None

    # The dialect's own pool crashes the interpreter when a thread uses another thread's connection.
    engine = sa.create_engine("sqlite://", creator=creator, module=sqlcipher, poolclass=QueuePool, **POOL)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _postgres_engine(url: str) -> Engine:
    engine = sa.create_engine(url, pool_pre_ping=False, pool_reset_on_return="rollback", **POOL)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(OPEN)

    return engine


def engine_of(settings: Settings, *, owner: bool = False) -> Engine:
    """The engine of the app; on PostgreSQL `owner` asks for the role that migrates."""
    if not settings.on_postgres:
        return _sqlite_engine(settings)
    url = settings.owner if owner else settings.database_url
    assert url is not None
    return _postgres_engine(url)


@contextmanager
def _pipelined(connection: Any, opening: str) -> Iterator[Tx]:
    """One transaction of PostgreSQL in a pipeline: only the statements whose answer is read wait for the server, so
    BEGIN and the opening of the door travel with the first of them."""
    try:
        with connection.pipeline():
            cursor = connection.cursor()
            cursor.execute(opening)
            yield Tx("postgresql", cursor)
            connection.commit()
    except BaseException:
        connection.rollback()
        raise


class Database:
    """The door to the tables. `write` is for transitions; `begin` and `session` for everything that is rare."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = engine_of(settings)
        self.kind = "postgresql" if settings.on_postgres else "sqlite"
        self.memory: dict[str, Any] = {}
        """what casework keeps between transactions: protocols, calendars, decoded states"""
        self._free: deque[PoolProxiedConnection] = deque()
        # Threads of one process queue here in turn; SQLite itself would make them sleep and try again.
        self._one_writer = threading.Lock()

    @cached_property
    def keys(self) -> KeyStore:
        """The key store that belongs to this database."""
        return KeyStore(self.settings)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """One durable transaction on the bare driver: committed when the block ends, undone when it raises."""
        fairy = self._take()
        connection: Any = fairy.driver_connection
        try:
            if self.kind == "sqlite":
                with self._one_writer:
                    cursor = connection.cursor()
                    try:
                        cursor.execute("BEGIN IMMEDIATE")
                        yield Tx(self.kind, cursor)
                        cursor.execute("COMMIT")
                    except BaseException:
                        connection.rollback()
                        raise
            else:
                with _pipelined(connection, OPEN) as tx:
                    yield tx
        finally:
            self._put_back(fairy)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent view on the bare driver; nothing is written."""
        fairy = self._take()
        connection: Any = fairy.driver_connection
        try:
            if self.kind == "sqlite":
                cursor = connection.cursor()
                cursor.execute("BEGIN")
                try:
                    yield Tx(self.kind, cursor)
                finally:
                    connection.rollback()
            else:
                with _pipelined(connection, _OPEN_TO_READ) as tx:
                    yield tx
        finally:
            self._put_back(fairy)

    def _take(self) -> PoolProxiedConnection:
        """A bare connection, kept for the next one who asks: the engine's pool costs more than a statement."""
        try:
            return self._free.pop()
        except IndexError:
            return self.engine.raw_connection()

    def _put_back(self, fairy: PoolProxiedConnection) -> None:
        if getattr(fairy.driver_connection, "closed", False):  # PostgreSQL went away
            fairy.invalidate()
        else:
            self._free.append(fairy)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A writing transaction with SQLAlchemy Core."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def session(self, *, read_only: bool = True) -> Iterator[Session]:
        """A session for reading single objects; with `read_only=False` it commits when the block ends."""
        engine = self.engine.execution_options(**{READ_ONLY: True}) if read_only else self.engine
        with Session(engine, expire_on_commit=False) as session:
            yield session
            if not read_only:
                session.commit()

    def close(self) -> None:
        while self._free:
            self._free.pop().close()
        self.engine.dispose()
        if "keys" in vars(self):
            self.keys.close()
