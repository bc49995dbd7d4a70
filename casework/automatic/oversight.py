"""What keeps the whole honest at night: a signed checkpoint of the ledger, and keys that no case took."""

import datetime as dt
from pathlib import Path

import sqlalchemy as sa

from casework.db import Database
from casework.rows import CASE
from casework.statements import Statement
from casework.verify import CheckpointRefused, checkpoint
from models.base import table_of
from models.people import Person

KEEP = 60
"""checkpoints kept on this machine; the newest should also leave it"""
ORPHAN_AFTER = dt.timedelta(days=1)

_PERSON = table_of(Person)
_p = sa.bindparam
_IN_USE = Statement(
    sa.select(sa.literal(1)).where(
        sa.or_(
            sa.exists().where(CASE.c.key_id == _p("key_id")),
            sa.exists().where(_PERSON.c.key_id == _p("key_id")),
        )
    )
)


def checkpoints_folder(db: Database) -> Path:
    return db.settings.home / "checkpoints"


def make_checkpoint(db: Database, at: dt.datetime) -> dict[str, int]:
    """Verify the ledger and sign its heads into a file of today; `intact` is 0 when something is wrong."""
    folder = checkpoints_folder(db)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        found = checkpoint(db, folder / f"{at:%Y-%m-%d}.json", at)
    except CheckpointRefused:
        return {"intact": 0, "entries": 0, "streams": 0}
    for old in sorted(folder.glob("????-??-??.json"))[:-KEEP]:
        old.unlink()
    return {"intact": 1, "entries": found["entries"], "streams": found["streams"]}


def sweep_keys(db: Database, at: dt.datetime) -> int:
    """Remove keys whose case never came to be; how many there were."""

    def in_use(key_id: str) -> bool:
        with db.read() as tx:
            return tx.one(_IN_USE, {"key_id": key_id}) is not None

    return db.keys.sweep(in_use, at - ORPHAN_AFTER)
