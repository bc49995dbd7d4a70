"""Reading at a human pace: somebody who opens very many files within an hour gets no further ones, and the DPO is told.

What was opened already stays open, and one's work in it goes on. Source: guard rail 2; GDPR art. 5(1)(f).
"""

import datetime as dt

import sqlalchemy as sa

from casework import read_log
from casework.db import Database
from casework.rows import INSERT_OUTBOX
from casework.statements import Statement, Tx
from models.base import table_of
from models.ledger import AccessEntry
from protocol.commands import Actor
from protocol.errors import Refused
from protocol.visibility import Decision

HOUR = dt.timedelta(hours=1)
RULE = "read.pace"
WATCHES = "dpo"
UNUSUAL = "unusual_reading"
_ACCESS = table_of(AccessEntry)
_p = sa.bindparam
_lately = (_ACCESS.c.staff == _p("who"), _ACCESS.c.at > _p("since"), _ACCESS.c.allowed, _ACCESS.c.case_id.is_not(None))
_OPENED = Statement(
    sa.select(sa.func.count(sa.distinct(_ACCESS.c.case_id)), sa.func.min(_ACCESS.c.at)).where(
        *_lately, _ACCESS.c.case_id != _p("case")
    )
)
_THIS_ONE = Statement(sa.select(sa.func.count()).select_from(_ACCESS).where(*_lately, _ACCESS.c.case_id == _p("case")))


class TooMuchRead(Refused):
    """This person opened as many files within an hour as anybody may."""

    def __init__(self, actor: Actor, case_id: int, ref: str, again: dt.datetime) -> None:
        self.actor, self.case_id, self.ref, self.again = actor, case_id, ref, again
        super().__init__(
            RULE,
            "you opened very many files within an hour",
            "go on with those you opened; others open again later. Tell the data protection officer if this is your work",
        )


def must_be_human(tx: Tx, db: Database, actor: Actor, case: tuple[int, str], at: dt.datetime) -> None:
    """Refuse another file beyond so many within an hour (`SLUIS_CASES_AN_HOUR`). `case`: its id and number."""
    if "system" in actor.roles:
        return
    case_id, ref = case
    lately = {"who": actor.id, "since": at - HOUR, "case": case_id}
    opened, first = tx.one(_OPENED, lately) or (0, None)
    if opened >= db.settings.cases_an_hour and tx.one(_THIS_ONE, lately) == (0,):
        raise TooMuchRead(actor, case_id, ref, (first or at) + HOUR)


def stopped(db: Database, refusal: TooMuchRead, at: dt.datetime) -> None:
    """Note that somebody was stopped, and tell the data protection officer: once an hour."""
    actor = refusal.actor
    with db.write() as tx:
        decision = Decision(False, "very many files within an hour")
        read_log.note(tx, actor, refusal.case_id, "case", decision, at, [refusal.ref])
        message = {"case": refusal.ref, "who": WATCHES, "what": UNUSUAL, "step": "", "urgent": False}
        key = f"{UNUSUAL}:{actor.id}:{at:%Y-%m-%dT%H}"
        row = {"kind": "tell", "dedupe_key": key, "payload": message, "created_at": at, "available_at": at}
        tx.many(INSERT_OUTBOX, [row])
