"""How PostgreSQL defends the case data against the app itself: rights, a door, and an owner that stays outside.

The app's role owns nothing. Case data is under row-level security that is forced on everybody, the owner too: a
transaction sees rows only after it has opened the door, which `Database` does and nothing else. A stray query, or one
that was smuggled in outside a transaction of casework, finds empty tables. Opening it costs no round trip: it goes
to the server together with the first statement.
"""

import sqlalchemy as sa

from casework.settings import Settings, SettingsFault
from models.base import METADATA

DOOR = "sluis.door"
OPEN = f"SET LOCAL {DOOR} = 'casework'"
"""opens the door until the transaction ends"""
POLICY = "through_the_door"


def _case_data() -> frozenset[str]:
    """Tables about cases and persons: by their columns and by what they refer to, so that no new one is forgotten."""
    found = {"release_case", "person", "ledger_entry", "ledger_stream"}
    tables = METADATA.sorted_tables
    found |= {table.name for table in tables if {"case_id", "person_id"} & set(table.c.keys())}
    for table in tables:  # in the order in which they refer to each other
        if any(key.column.table.name in found for key in table.foreign_keys):
            found.add(table.name)
    return frozenset(found)


CASE_DATA = _case_data()
WRITE_ONCE = ("ledger_entry", "access_entry", "tombstone", "key_store", "alembic_version")
_OWNS = """
SELECT current_user, r.rolsuper OR r.rolbypassrls OR EXISTS (
  SELECT 1 FROM pg_class c WHERE c.oid = 'ledger_entry'::regclass AND pg_has_role(current_user, c.relowner, 'MEMBER')
) FROM pg_roles r WHERE r.rolname = current_user
"""


def protect(owner: sa.Connection) -> None:
    """Put every table with case data behind the door."""
    there = set(sa.inspect(owner).get_table_names())
    for table in sorted(CASE_DATA & there):
        for statement in (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {POLICY} ON {table}",
            f"CREATE POLICY {POLICY} ON {table} USING (current_setting('{DOOR}', true) = 'casework')",
        ):
            owner.exec_driver_sql(statement)


def grant(owner: sa.Connection, app: str) -> list[str]:
    """Grant the app's role what it needs and no more: it adds to ledger and read log, and changes nothing there."""
    if app == owner.exec_driver_sql("SELECT current_user").scalar_one():
        return [
            f"the app runs as {app}, which owns the tables and could remove the ledger's guard. "
            "Remedy: make a second role and name the owner in SLUIS_OWNER_URL"
        ]
    quote = owner.dialect.identifier_preparer.quote
    role = quote(app)
    schema = owner.exec_driver_sql("SELECT current_schema()").scalar_one()
    owner.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    for table in sa.inspect(owner).get_table_names():
        name = quote(table)
        owner.exec_driver_sql(f"REVOKE ALL ON {name} FROM {role}")
        rights = "SELECT, INSERT" if table in WRITE_ONCE else "SELECT, INSERT, UPDATE, DELETE"
        owner.exec_driver_sql(f"GRANT {'SELECT' if table == 'alembic_version' else rights} ON {name} TO {role}")
    owner.exec_driver_sql(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
    return []


def must_not_own(app: sa.Connection, settings: Settings) -> None:
    """Refuse to work as the owner of the tables, or as a role that no policy binds. Raises SettingsFault."""
    if not settings.on_postgres:
        return
    name, too_strong = app.exec_driver_sql(_OWNS).one()
    if too_strong:
        rule = f"the role {name} owns the tables or is a superuser: it could take the guard of the ledger away"
        raise SettingsFault(
            "SLUIS_DATABASE_URL", rule, "make a role for the app, and name the owner in SLUIS_OWNER_URL"
        )
