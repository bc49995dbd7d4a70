"""What an automatic half may know of the person: the language, and which earlier cases there were."""

import sqlalchemy as sa

from casework import people
from casework.automatic.facts import Facts
from casework.db import Database
from casework.keys import KeyGone
from casework.rows import CASE
from casework.statements import Statement

_p = sa.bindparam
_EARLIER = Statement(
    sa.select(CASE.c.ref)
    .where(CASE.c.person_id == _p("person"), CASE.c.id != _p("case"), CASE.c.erased_at.is_(None))
    .order_by(CASE.c.id.desc())
)


def language_of(db: Database, facts: Facts) -> str | None:
    """The language of the person concerned; None: not known, erased, or a case without persons."""
    if facts.person_id is None:
        return None
    try:
        with db.read() as tx:
            known = people.by_id(tx, db, facts.person_id)
    except KeyGone:
        return None
    return known.details.language if known and known.details else None


def earlier_cases(db: Database, facts: Facts) -> list[str]:
    """Numbers of the earlier cases of the same person that were not erased, the latest first."""
    if facts.person_id is None:
        return []
    with db.read() as tx:
        return [ref for (ref,) in tx.all(_EARLIER, {"person": facts.person_id, "case": facts.id})]
