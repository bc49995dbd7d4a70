"""Emergency access: reading a case one is not tied to, for a reason of safety, for a few hours.

The protocol file says by which event, for whom and how long (`access_hours`). It is an entry in the ledger of the case
with its reason sealed, the coordinator and the data protection officer are told at once, a review is due on the next
working day, and every reading meanwhile stands in the read log as such. It gives nothing to do in the case.
Source: protocol, "Emergency override".
"""

import datetime as dt
from typing import TYPE_CHECKING

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.errors import NotAllowed, NotFound
from casework.loading import load
from casework.statements import Statement, Tx
from models.base import table_of
from models.emergency import EmergencyAccess
from protocol.commands import Actor, ReportEvent
from protocol.errors import Refused
from protocol.language import Form, Protocol
from protocol.visibility import Decision, may

if TYPE_CHECKING:
    from casework.transitions import Turn

RELATION = "emergency"
NEEDLESS = "emergency.needless"
"""refused: this person reads the case anyway"""
MOST_A_DAY = 3
"""by one person within 24 hours"""
DAY = dt.timedelta(hours=24)
_ACCESS = table_of(EmergencyAccess)
_p = sa.bindparam
_RUNNING = Statement(
    sa.select(sa.func.max(_ACCESS.c.until)).where(
        _ACCESS.c.case_id == _p("case"), _ACCESS.c.staff == _p("who"), _ACCESS.c.since <= _p("at"), _ACCESS.c.until > _p("at")
    )
)  # fmt: skip
_LATELY = Statement(
    sa.select(sa.func.count()).select_from(_ACCESS).where(_ACCESS.c.staff == _p("who"), _ACCESS.c.since > _p("after"))
)
_ADD = Statement(sa.insert(_ACCESS).values({name: _p(name) for name in ("case_id", "staff", "since", "until")}))


def until(tx: Tx, case: int, actor: Actor, at: dt.datetime) -> dt.datetime | None:
    """Until when this person reads the case by emergency access; None: not now."""
    row = tx.one(_RUNNING, {"case": case, "who": actor.id, "at": at})
    found: dt.datetime | None = row[0] if row else None
    return found


def event_for(protocol: Protocol, actor: Actor) -> str | None:
    """The event by which this person can get emergency access, if the protocol has one for their roles."""
    roles = set(actor.roles)
    return next(
        (key for key, event in protocol.events.items() if event.access_hours is not None and roles & set(event.by)),
        None,
    )


def form_for(protocol: Protocol, actor: Actor) -> Form | None:
    """What is asked; None: nobody of these roles gets emergency access."""
    key = event_for(protocol, actor)
    return protocol.events[key].form if key else None


def grant(turn: "Turn", event: str) -> None:
    """Open the access that an event gives to whoever reported it, in the transaction that records it.

    Raises Refused where this person had several within a day.
    """
    known = turn.protocol.events.get(event)
    if known is None or known.access_hours is None:
        return
    (count,) = turn.tx.one(_LATELY, {"who": turn.actor.id, "after": turn.at - DAY}) or (0,)
    if count >= MOST_A_DAY:
        raise Refused(
            "emergency.often",
            f"emergency access was used {MOST_A_DAY} times within 24 hours",
            "phone the coordinator on duty",
        )
    end = turn.at + dt.timedelta(hours=known.access_hours)
    turn.tx.run(_ADD, {"case_id": turn.case.id, "staff": turn.actor.id, "since": turn.at, "until": end})


def open_access(
    db: Database, actor: Actor, ref: str, fields: dict[str, str], command_id: str, at: dt.datetime | None = None
) -> None:
    """Get access to a case for a reason of safety. Raises NotFound (noted in the read log), NotAllowed, Refused."""
    from casework.transitions import perform

    at = at or clock.now()
    key, today = _event_in(db, actor, ref, at)
    perform(db, actor, ref, ReportEvent(event=key, occurred_on=today, fields=dict(fields)), command_id, at)


def _event_in(db: Database, actor: Actor, ref: str, at: dt.datetime) -> tuple[str, dt.date]:
    with db.write() as tx:
        try:
            case = load(tx, ref, actor, lock=False)
        except NotFound:
            read_log.note(tx, actor, None, "emergency", Decision(False, "there is no such case"), at, [])
            case = None
        if case is not None:
            protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
            key = event_for(protocol, actor)
            sees = may(protocol, actor, "see", "logistics", case.relations).allowed
            today = protocols.calendar(tx, db, protocol, case.revision).local_day(at)
    if case is None:
        raise NotFound
    if key is None:
        raise NotAllowed("the protocol gives none of your roles access to this")
    if sees:
        raise Refused(NEEDLESS, "you can read this case already", "open its page", "ref")
    return key, today
