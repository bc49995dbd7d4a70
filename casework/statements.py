"""SQL that is compiled once and then goes straight to the driver.

A transition runs about eight statements. Through `Connection.execute` each costs more in Python than in the database;
compiled once from the same SQLAlchemy Core construct, with the same column types, it costs a tenth.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import JSON, BindParameter, Boolean, Date, Dialect, Float, Integer, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.elements import ClauseElement

from models.columns import Moment

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
        if any(bind.expanding for bind in compiled.binds.values()):
            raise TypeError("a list that is written out each time cannot be compiled once: use `some()`, or name each")
        self.text = str(compiled)
        self.reads = _readers(compiled, dialect)
        used = set(compiled.positiontup or compiled.binds)
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required and name in used}
        binds = {name: _writer(compiled, name, dialect) for name in compiled.binds}
        if compiled.positiontup is None:
            self._names: tuple[str, ...] | None = None
            self._binds: list[tuple[Any, _Bind]] = [(name, bind) for name, bind in binds.items() if bind]
        else:
            self._names = tuple(compiled.positiontup)
            self._binds = [(index, bind) for index, name in enumerate(self._names) if (bind := binds[name])]
            # of one name itemgetter gives the value itself, of several a tuple
            self._pick = itemgetter(*self._names, self._names[0]) if self._names else None

    def values(self, given: Values) -> Any:
        if self._fixed:
            given = {**self._fixed, **given}
        if self._names is None:
            full: Any = dict(given)
        elif self._pick is None:
            return ()
        else:
            full = list(self._pick(given))
            full.pop()
        for key, bind in self._binds:
            full[key] = bind(full[key])
        return full

    def row(self, found: Any) -> Row:
        """A row as the driver gave it, in the types of its columns."""
        if not self.reads:
            return tuple(found)
        row = list(found)
        for index, read in self.reads:
            row[index] = read(row[index])
        return tuple(row)


def _utc_text(value: dt.datetime | None) -> str | None:
    """A moment as SQLite keeps it: UTC without saying so, which `Moment` knows when it reads."""
    if value is None:
        return None
    if value.tzinfo is not dt.UTC:
        if value.tzinfo is None:
            raise ValueError("a moment must have a time zone")
        value = value.astimezone(dt.UTC)
    return value.isoformat(" ", "microseconds")[:26]


def _day_text(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()


def _json_text(value: Any) -> str | None:
    return None if value is None else to_json(value).decode()


def _writer(compiled: Any, name: str, dialect: Dialect) -> _Bind | None:
    """How a value is handed to the driver; None: as it is. The commonest ones without SQLAlchemy's detours."""
    kind = compiled.binds[name].type
    if isinstance(kind, JSON):
        return _json_text
    if dialect.name == "sqlite":
        if isinstance(kind, Moment):
            return _utc_text
        if isinstance(kind, Date):
            return _day_text
        if isinstance(kind, Boolean):
            return None  # the driver writes 0 and 1
    found: _Bind | None = compiled._bind_processors.get(name)
    return found


def _readers(compiled: Any, dialect: Dialect) -> list[tuple[int, _Bind]]:
    """For each column that the driver does not give in its own type: how to read it."""
    readers = []
    for index, column in enumerate(compiled._result_columns or ()):
        if isinstance(column.type, Float):
            continue  # both drivers give floats, and the dialect would ask for a type code to be sure
        read = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if read is not None:
            readers.append((index, read))
    return readers


SOME = 25
"""values that one `some()` holds: a page of a list"""


def some() -> list[BindParameter[int]]:
    """The places of `column.in_(some())`: a statement that is compiled once has a fixed number of them."""
    return [bindparam(f"one_{n}", type_=Integer) for n in range(SOME)]


def in_some(ids: Iterable[int]) -> Iterator[Values]:
    """The values for `some()`, as often as needed: a place that is left over takes the first one again."""
    waiting = sorted(set(ids))
    for first in range(0, len(waiting), SOME):
        chunk = waiting[first : first + SOME]
        yield {f"one_{n}": chunk[n] if n < len(chunk) else chunk[0] for n in range(SOME)}


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
