"""What is true of the partnership as a whole."""

import sqlalchemy as sa

from casework.db import Database
from models.base import table_of
from models.people import Organisation

DEMO = "demo"
"""Kind of the organisation that marks a database as a demonstration. Nothing else lets people choose who they are."""
_ORGANISATION = table_of(Organisation)
_IS_DEMO = sa.select(sa.literal(1)).where(_ORGANISATION.c.kind == DEMO).limit(1)


def is_demo(db: Database) -> bool:
    """Whether this database holds a fictional partnership."""
    with db.session() as session:
        return session.connection().execute(_IS_DEMO).first() is not None
