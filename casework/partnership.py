"""What is true of the partnership as a whole."""

import datetime as dt

import sqlalchemy as sa

from casework.db import Database
from models.base import table_of
from models.people import ClosingDay, Organisation

DEMO = "demo"
"""Kind of the organisation that marks a database as a demonstration. Nothing else lets people choose who they are."""
_ORGANISATION = table_of(Organisation)
_CLOSING = table_of(ClosingDay)
_DAYS = sa.select(_CLOSING.c.day, _CLOSING.c.name).order_by(_CLOSING.c.day)
_IS_DEMO = sa.select(sa.literal(1)).where(_ORGANISATION.c.kind == DEMO).limit(1)


def is_demo(db: Database) -> bool:
    """Whether this database holds a fictional partnership."""
    with db.session() as session:
        return session.connection().execute(_IS_DEMO).first() is not None


def closing_days(db: Database) -> list[tuple[dt.date, str]]:
    """The days on which the partnership itself is closed, in order."""
    with db.session() as session:
        return [(day, name) for day, name in session.connection().execute(_DAYS)]
