"""SQLAlchemy engines for the peers that bring no storage of their own."""

from typing import Any

import sqlalchemy as sa

from bench.work import Place, answers


class Store:
    """Two pools on one database: `writing` commits at the end of its block, `reading` takes no lock."""

    def __init__(self, where: Place) -> None:
        self.db = where.db
        url = (
            f"sqlite:///{where.path}"
            if where.db == "sqlite"
            else where.url.replace("postgresql://", "postgresql+psycopg://", 1)
        )
        self.writing = sa.create_engine(url)
        self.reading = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        if where.db == "sqlite":
            for engine in (self.writing, self.reading):
                sa.event.listen(engine, "connect", wal_and_full)
            sa.event.listen(self.writing, "begin", immediate)

    def durability(self) -> dict[str, str]:
        """What the writing connection says of its commits."""
        with self.writing.connect() as connection:
            return answers(self.db, lambda question: connection.exec_driver_sql(question).scalar_one())


def wal_and_full(connection: Any, _record: Any) -> None:
    """Every commit is on the disk before it returns; the driver begins no transaction by itself."""
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def immediate(connection: sa.Connection) -> None:
    """Takes the write lock first, so that nothing read in the transaction can change under it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
