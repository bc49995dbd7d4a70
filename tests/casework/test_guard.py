"""The database defends itself: the app owns nothing, sees case data only through the door, and rewrites no history."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from casework.db import Database, engine_of
from casework.guard import CASE_DATA, OPEN
from casework.migrating import open_database
from casework.reading import case_for
from casework.rows import CASE
from casework.settings import SettingsFault
from casework.statements import Statement
from models.base import METADATA
from tests.casework.helpers import T0, assigned_case
from tests.conftest import PostgresServer
from tests.personas import CORA, LENA

_HOW_MANY = Statement(sa.select(sa.func.count()).select_from(CASE))
pytestmark = pytest.mark.usefixtures("partnership")
HISTORY = {"ledger_entry": "stream", "access_entry": "staff", "tombstone": "key_id"}


@contextmanager
def bare(url: str | None) -> Iterator[psycopg.Connection[Any]]:
    """A connection that did not come from casework."""
    assert url is not None
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        yield session


def only_postgres(db: Database) -> None:
    if db.kind != "postgresql":
        pytest.skip("SQLite has one file, one key and no roles")


def counted(session: Any, table: str) -> int:
    return int(session.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_outside_a_transaction_of_casework_case_data_is_not_there(db: Database) -> None:
    only_postgres(db)
    ref = assigned_case(db).ref
    case_for(db, LENA, ref, T0)
    for url in (db.settings.database_url, db.settings.owner_url):
        with bare(url) as session:
            assert {table: counted(session, table) for table in CASE_DATA} == dict.fromkeys(CASE_DATA, 0)
            assert session.execute("UPDATE release_case SET lead = NULL").rowcount == 0
            assert session.execute("DELETE FROM step").rowcount == 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                session.execute("INSERT INTO case_member VALUES (1, 's-omar', 'member', now())")
            assert counted(session, "staff") > 0  # who works here is no secret of a case
            with session.transaction():
                session.execute(OPEN)
                assert counted(session, "release_case") == 1
            assert counted(session, "release_case") == 0  # the door shuts with the transaction


def test_a_connection_that_casework_put_back_has_its_door_shut(db: Database) -> None:
    only_postgres(db)
    ref = assigned_case(db).ref
    case_for(db, CORA, ref, T0)
    with db.read() as tx:
        assert tx._cursor.connection is not None
    connection: Any = db._take().driver_connection
    assert connection.execute("SELECT count(*) FROM release_case").fetchone() == (0,)
    connection.rollback()


def test_every_table_with_case_data_is_behind_the_door(db: Database) -> None:
    only_postgres(db)
    query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
    with bare(db.settings.owner_url) as session:
        assert {name for (name,) in session.execute(query)} == CASE_DATA
    assert {"release_case", "step", "item", "sharing_decision", "person", "ledger_entry", "access_entry"} <= CASE_DATA
    refers = {
        table.name
        for table in METADATA.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in CASE_DATA
    }
    assert refers <= CASE_DATA


def test_the_app_owns_nothing_and_may_not_rewrite_history(db: Database) -> None:
    only_postgres(db)
    with bare(db.settings.database_url) as session:
        assert session.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user").fetchone() == (0,)
        for table, column in HISTORY.items():
            for statement in (f"UPDATE {table} SET {column} = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(statement)  # type: ignore[call-overload]
        for statement in (
            "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
            "ALTER TABLE release_case DISABLE ROW LEVEL SECURITY",
            "DROP POLICY through_the_door ON person",
            "CREATE TABLE mine (n int)",
            "SET ROLE sluis_owner",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


@pytest.mark.parametrize("table", ["ledger_entry", "access_entry"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET id = id + 900", "DELETE FROM {}", "TRUNCATE {}", "INSERT OR REPLACE INTO {} SELECT * FROM {}"],
)
def test_history_is_refused_to_the_owner_too_while_the_guard_stands(db: Database, table: str, change: str) -> None:
    case_for(db, LENA, assigned_case(db).ref, T0)
    engine = engine_of(db.settings, owner=True)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.exec_driver_sql(change.format(table, table))
    with engine.begin() as connection:
        assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() > 0
    engine.dispose()


def test_the_app_refuses_to_work_as_the_owner_or_as_a_superuser(db: Database, postgres_server: PostgresServer) -> None:
    only_postgres(db)
    name = sa.make_url(db.settings.database_url or "").database
    assert name is not None
    for url in (db.settings.owner_url, postgres_server.url(name)):
        strong = db.settings.model_copy(update={"database_url": url})
        with pytest.raises(SettingsFault, match=r"SLUIS_DATABASE_URL: the role .* Remedy: make a role for the app"):
            open_database(strong)


def round_trips(connection: Any, work: Any) -> int:
    """How often the client waited for the server, as libpq's own trace tells it."""
    with tempfile.TemporaryFile() as traced:
        connection.pgconn.trace(traced.fileno())
        try:
            work()
        finally:
            connection.pgconn.untrace()
        traced.seek(0)
        ways = [line.split(b"\t")[1] for line in traced.read().splitlines() if line.count(b"\t") > 2]
    return sum(before == b"F" and after == b"B" for before, after in itertools.pairwise(ways))


def test_opening_the_door_costs_no_round_trip(db: Database) -> None:
    only_postgres(db)
    ref = assigned_case(db).ref
    fairy = db._take()
    connection: Any = fairy.driver_connection
    db._free.clear()
    db._put_back(fairy)
    connection.commit()

    def bare_transaction() -> None:
        with connection.pipeline():
            connection.execute("SELECT 1").fetchone()
            connection.commit()

    def through_the_door() -> None:
        with db.read() as tx:
            assert tx.one(_HOW_MANY, {}) == (1,)

    for work in (bare_transaction, through_the_door):
        work()  # statements are prepared at first
    counted_trips = [round_trips(connection, work) for work in (through_the_door, bare_transaction)]
    assert 1 <= counted_trips[0] <= counted_trips[1]
    assert case_for(db, CORA, ref, T0).ref == ref
