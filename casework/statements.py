"""SQL that is compiled once and then goes straight to the driver.

A transition runs about eight statements. Through `Connection.execute` each costs more in Python than in the database;
compiled once from the same SQLAlchemy Core construct, with the same column types, it costs a tenth.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.elements import ClauseElement

Row = tuple[Any, ...]
Values = Mapping[str, Any]
_Bind = Callable[[Any], Any]

DIALECTS: dict[str, Dialect] = {"sqlite": sqlite.dialect(), "postgresql": PGDialect_psycopg()}
# What the dialect would learn from the server's version, were it asked.
DIALECTS["sqlite"].update_returning = True


class _Compiled:
    """One statement in the words of one driver."""

    def __init__(self, construct: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = construct.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self.positions: Sequence[str] | None = compiled.positiontup
        self.binds: dict[str, _Bind] = dict(compiled._bind_processors)
        self.fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self.reads = _readers(compiled, dialect)

    def values(self, given: Values) -> Any:
        if self.positions is None:
            full = {**self.fixed, **given}
            for name, bind in self.binds.items():
                if name in full:
                    full[name] = bind(full[name])
            return full
        binds, fixed = self.binds, self.fixed
        return tuple(
            binds[name](given[name] if name in given else fixed[name])
            if name in binds
            else (given[name] if name in given else fixed[name])
            for name in self.positions
        )

    def row(self, found: Any) -> Row:
        """A row as the driver gave it, in the types of its columns."""
        if not self.reads:
            return tuple(found)
        row = list(found)
        for index, read in self.reads:
            row[index] = read(row[index])
        return tuple(row)


def _readers(compiled: Any, dialect: Dialect) -> list[tuple[int, _Bind]]:
    """For each column that the driver does not give in its own type: how to read it."""
    readers = []
    for index, column in enumerate(compiled._result_columns or ()):
        read = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if read is not None:
            readers.append((index, read))
    return readers


class Statement:
    """A Core construct with named parameters (`bindparam`), for both engines."""

    def __init__(self, construct: ClauseElement, *, postgresql: ClauseElement | None = None) -> None:
        self._constructs = {"sqlite": construct, "postgresql": postgresql if postgresql is not None else construct}
        self._compiled: dict[str, _Compiled] = {}

    def on(self, engine: str) -> _Compiled:
        found = self._compiled.get(engine)
        if found is None:
            found = self._compiled[engine] = _Compiled(self._constructs[engine], DIALECTS[engine])
        return found


class Tx:
    """An open transaction on the bare driver; rows are plain tuples."""

    def __init__(self, engine: str, cursor: Any) -> None:
        self.engine = engine
        self._cursor = cursor

    def run(self, statement: Statement, values: Values) -> int:
        """Run it; how many rows it changed (PostgreSQL may not know yet, and says -1)."""
        compiled = statement.on(self.engine)
        self._cursor.execute(compiled.text, compiled.values(values))
        return -1 if self.engine == "postgresql" else int(self._cursor.rowcount)

    def many(self, statement: Statement, rows: Sequence[Values]) -> None:
        compiled = statement.on(self.engine)
        if len(rows) == 1:
            self._cursor.execute(compiled.text, compiled.values(rows[0]))
        elif rows:
            self._cursor.executemany(compiled.text, [compiled.values(row) for row in rows])

    def one(self, statement: Statement, values: Values) -> Row | None:
        compiled = statement.on(self.engine)
        self._cursor.execute(compiled.text, compiled.values(values))
        found = self._cursor.fetchone()
        return None if found is None else compiled.row(found)

    def all(self, statement: Statement, values: Values) -> list[Row]:
        compiled = statement.on(self.engine)
        self._cursor.execute(compiled.text, compiled.values(values))
        return [compiled.row(found) for found in self._cursor.fetchall()]
