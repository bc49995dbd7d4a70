"""Both engines keep what they promise: durable, encrypted or apart from the owner, moments in UTC."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from casework.db import CONFLICTS, Database
from casework.sqlite import open_sqlite
from casework.statements import Statement
from models.base import table_of
from models.people import Absence, Organisation, Staff

BRUSSELS = dt.timezone(dt.timedelta(hours=1))
NOON = dt.datetime(2026, 11, 10, 12, tzinfo=BRUSSELS)


def somebody(**given: object) -> Staff:
    return Staff(**{"id": "s-1", "name": "Somebody", "added_at": NOON, **given})


def test_a_commit_is_durable(db: Database) -> None:
    with db.engine.connect() as connection:
        if db.kind == "sqlite":
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_row_that_points_nowhere_is_refused(db: Database) -> None:
    with pytest.raises(IntegrityError), db.session(read_only=False) as session:
        session.add(Absence(staff="nobody", from_on=NOON.date(), until_on=NOON.date(), recorded_at=NOON))


def test_a_moment_comes_back_aware_and_in_utc(db: Database) -> None:
    with db.session(read_only=False) as session:
        session.add(somebody())
    with db.session() as session:
        found = session.exec(select(Staff)).one()
    assert found.added_at == NOON
    assert found.added_at.tzinfo == dt.UTC


def test_a_naive_moment_is_refused(db: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="time zone"), db.session(read_only=False) as session:
        session.add(somebody(added_at=dt.datetime(2026, 11, 10)))  # noqa: DTZ001


def test_the_bare_driver_gives_the_same_types_as_core(db: Database) -> None:
    with db.session(read_only=False) as session:
        session.add(somebody(roles=["lead_worker"]))
    staff = table_of(Staff)
    query = sa.select(staff.c.id, staff.c.added_at, staff.c.roles).where(staff.c.added_at <= sa.bindparam("at"))
    with db.read() as tx:
        assert tx.all(Statement(query), {"at": NOON}) == [("s-1", NOON, ["lead_worker"])]


def test_what_raises_is_undone_as_a_whole(db: Database) -> None:
    insert = Statement(sa.insert(table_of(Organisation)))

    def fail() -> None:
        with db.write() as tx:
            tx.run(insert, {"id": "city", "name": "The city", "kind": "city"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with db.session() as session:
        assert session.exec(select(Organisation)).all() == []


def test_a_commit_that_fails_leaves_no_transaction_open(db: Database) -> None:
    later = Statement(sa.text("PRAGMA defer_foreign_keys=ON"), postgresql=sa.text("SET CONSTRAINTS ALL DEFERRED"))
    nowhere = Statement(
        sa.insert(table_of(Absence)).values(staff="nobody", from_on=NOON.date(), until_on=NOON.date(), recorded_at=NOON)
    )

    def fail() -> None:
        with db.write() as tx:
            tx.run(later, {})
            tx.run(nowhere, {})

    with pytest.raises(CONFLICTS):
        fail()
    with db.write() as tx:
        assert tx.one(Statement(sa.select(sa.func.count()).select_from(table_of(Absence))), {}) == (0,)


def test_many_threads_write_in_turn(db: Database) -> None:
    """The driver's own pool would crash the interpreter here."""
    insert = Statement(sa.insert(table_of(Organisation)))

    def write(worker: int) -> None:
        for n in range(10):
            with db.write() as tx:
                tx.run(insert, {"id": f"o-{worker}-{n}", "name": "x", "kind": ""})

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.session() as session:
        assert len(session.exec(select(Organisation)).all()) == 80


def test_a_reader_does_not_wait_for_a_writer(db: Database) -> None:
    insert = Statement(sa.insert(table_of(Organisation)))
    count = Statement(sa.select(sa.func.count()).select_from(table_of(Organisation)))
    with db.write() as tx:
        tx.run(insert, {"id": "city", "name": "The city", "kind": "city"})
        with db.read() as other:
            assert other.one(count, {}) == (0,)


def test_the_file_is_unreadable_without_its_key(db: Database) -> None:
    if db.kind == "postgresql":
        return
    with db.session(read_only=False) as session:
        session.add(somebody(name="Canary Name"))
    stored = b"".join(file.read_bytes() for file in db.settings.home.glob("sluis.db*"))
    assert b"Canary Name" not in stored
    with pytest.raises(Exception, match="file is not a database"):
        open_sqlite(db.settings.database_file, None)


def test_on_postgresql_the_app_does_not_own_the_tables(db: Database) -> None:
    with db.engine.connect() as connection:
        if db.kind == "sqlite":
            return
        with pytest.raises(DBAPIError, match="must be owner"):
            connection.exec_driver_sql("ALTER TABLE ledger_entry DISABLE TRIGGER ALL")
