"""Where the wrapped keys are kept: a SQLite file in the folder of the key store, or a PostgreSQL database of its own.

The file serves every process of one machine; its locks do not reach across a network, so several machines share a
database instead (`SLUIS_KEYS_URL`), which is never the one that holds the cases: a backup of the cases holds no keys.
Both write in whole transactions, one writer at a time, so that no key is half-written and no change is lost.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlcipher3.dbapi2 as sqlcipher

from casework.settings import Settings, SettingsFault
from casework.sqlite import open_sqlite

PUT_BACK = "put back the backup of the key store (`sluis backup --keys` makes one)"
CHANNEL = "sluis_keys"
WRITERS = 7_482_002
"""PostgreSQL advisory lock: one writer at a time, as on SQLite"""
# The key store has no history of its own to carry, so it needs no migrations: these tables, made once.
MADE = (
    "CREATE TABLE IF NOT EXISTS sealing_key (key_id TEXT PRIMARY KEY, wrapped {bytes} NOT NULL, "
    "master INTEGER NOT NULL, made_at TEXT NOT NULL){clustered}",
    "CREATE TABLE IF NOT EXISTS purpose_key (purpose TEXT PRIMARY KEY, wrapped {bytes} NOT NULL, "
    "master INTEGER NOT NULL){clustered}",
    "CREATE TABLE IF NOT EXISTS epoch (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS wrapping (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS stone (key_id TEXT PRIMARY KEY, line TEXT NOT NULL){clustered}",
    "INSERT INTO epoch VALUES (1, 0) ON CONFLICT DO NOTHING",
)

Values = Sequence[Any]


class KeyTables:
    """The tables of the key store behind one way of asking: `?` stands for a value. The caller holds a lock."""

    words = {"bytes": "BLOB", "clustered": " WITHOUT ROWID"}

    def run(self, query: str, values: Values = ()) -> None:
        raise NotImplementedError

    def many(self, query: str, rows: Sequence[Values]) -> None:
        raise NotImplementedError

    def all(self, query: str, values: Values = ()) -> list[Any]:
        raise NotImplementedError

    def one(self, query: str, values: Values = ()) -> Any:
        return next(iter(self.all(query, values)), None)

    def writing(self) -> Any:
        """One durable transaction; other writers wait."""
        raise NotImplementedError

    def change(self) -> int:
        """A number that changes when another process wrote here: far cheaper than reading a row."""
        raise NotImplementedError

    def overwrite(self) -> None:
        """See to it that what was deleted is gone from the disk."""

    def copy_to(self, file: Path) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def make(self) -> None:
        for statement in MADE:
            self.run(statement.format(**self.words))


class FileTables(KeyTables):
    """`keys.sqlite`: deleted keys are overwritten (`secure_delete`), the keys themselves are wrapped anyhow."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._connection: Any = open_sqlite(file, None)
        file.chmod(0o600)

    def run(self, query: str, values: Values = ()) -> None:
        self._connection.execute(query, values)

    def many(self, query: str, rows: Sequence[Values]) -> None:
        self._connection.executemany(query, rows)

    def all(self, query: str, values: Values = ()) -> list[Any]:
        return list(self._connection.execute(query, values).fetchall())

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.execute("COMMIT")

    def change(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def overwrite(self) -> None:
        # The write-ahead log still holds the pages as they were.
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def copy_to(self, file: Path) -> None:
        self._connection.execute("VACUUM INTO ?", (str(file),))

    def close(self) -> None:
        self._connection.close()


class ServerTables(KeyTables):
    """A PostgreSQL database of its own. Who writes tells the others, so asking whether they wrote costs no round trip."""

    words = {"bytes": "BYTEA", "clustered": ""}

    def __init__(self, url: str) -> None:
        self._url = url.replace("+psycopg", "", 1)
        self._changes = 0
        self._in_transaction = False
        self._connect()

    def _connect(self) -> None:
        self._connection = psycopg.connect(self._url, autocommit=True)
        self._connection.add_notify_handler(lambda _: self._changed())
        self._connection.execute(f"LISTEN {CHANNEL}")
        self._changed()  # nobody knows what was missed

    def _changed(self) -> None:
        self._changes += 1

    def _execute(self, query: str, values: Values) -> Any:
        statement: Any = query.replace("?", "%s")
        try:
            return self._connection.execute(statement, values)
        except psycopg.OperationalError:
            if self._in_transaction:
                raise
        self._connect()
        return self._connection.execute(statement, values)

    def run(self, query: str, values: Values = ()) -> None:
        self._execute(query, values)

    def many(self, query: str, rows: Sequence[Values]) -> None:
        statement: Any = query.replace("?", "%s")
        self._connection.cursor().executemany(statement, rows)

    def all(self, query: str, values: Values = ()) -> list[Any]:
        return list(self._execute(query, values).fetchall())

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._execute("SELECT 1", ())  # a connection that died meanwhile is made anew here, not half-way
        self._in_transaction = True
        try:
            with self._connection.transaction():
                self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
                yield
                self._connection.execute(f"NOTIFY {CHANNEL}")
        finally:
            self._in_transaction = False

    def change(self) -> int:
        try:
            self._connection.pgconn.consume_input()
            while self._connection.pgconn.notifies():
                self._changed()
        except psycopg.OperationalError:
            self._connect()
        return self._changes

    def copy_to(self, file: Path) -> None:
        """As a key store in one file, which serves one machine or is loaded into a new database."""
        copy = FileTables(file)
        copy.make()
        for table in ("sealing_key", "purpose_key", "wrapping", "stone"):
            rows = self.all(f"SELECT * FROM {table}")
            if rows:
                copy.many(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        copy.overwrite()
        copy.close()

    def close(self) -> None:
        self._connection.close()


def open_tables(settings: Settings) -> KeyTables:
    """The tables, made at first use. Raises SettingsFault."""
    if settings.keys_url is not None:
        return _on_server(settings, settings.keys_url)
    try:
        tables = FileTables(settings.keys_folder / "keys.sqlite")
        tables.make()
    except sqlcipher.DatabaseError:
        raise SettingsFault("SLUIS_KEYS", "the key store cannot be read: keys.sqlite is damaged", PUT_BACK) from None
    return tables


def _on_server(settings: Settings, url: str) -> KeyTables:
    if url in (settings.database_url, settings.owner_url):
        rule = "the keys may not lie in the database that they seal: its backup would hold them"
        raise SettingsFault("SLUIS_KEYS_URL", rule, "make a database of its own for the keys")
    try:
        tables = ServerTables(url)
        tables.make()
    except psycopg.Error:
        remedy = "check that the server runs and that this role may make tables there"
        raise SettingsFault("SLUIS_KEYS_URL", "the key store's database cannot be used", remedy) from None
    return tables
