"""Whether the key store and the database belong together: else every case would look erased, or be sealed apart."""

import datetime as dt

import sqlalchemy as sa

from casework.db import Database
from casework.key_faults import another_key_store
from casework.statements import Statement
from models.base import table_of
from models.ledger import KeyStore

_STORE = table_of(KeyStore)
_KNOWN = Statement(sa.select(_STORE.c.public_key))
_FIRST = Statement(sa.insert(_STORE).values({"public_key": sa.bindparam("public_key"), "since": sa.bindparam("since")}))


def must_belong(db: Database, at: dt.datetime) -> None:
    """Tie a new database to its key store; refuse another one. Raises SettingsFault."""
    with db.read() as tx:
        known = tx.all(_KNOWN, {})
    if not known:
        with db.write() as tx:
            tx.run(_FIRST, {"public_key": db.keys.public_key, "since": at})
    elif bytes(known[0][0]) != db.keys.public_key:
        raise another_key_store()
