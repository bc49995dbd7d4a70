"""Cases on their way, as the flows find them."""

import datetime as dt
from typing import Any

from casework import clock
from casework.automatic import proposals
from casework.automatic.facts import facts_of
from casework.automatic.work import everything
from casework.db import Database
from tests.casework.helpers import T0, complete
from tests.personas import LENA

BRUSSELS_MONDAY = dt.datetime(2026, 11, 16, 8, tzinfo=dt.UTC)
"""Monday 16 November 2026, 09:00 in Brussels: the first grouped mail after T0"""


def at(moment: dt.datetime) -> dt.datetime:
    """Set the virtual clock."""
    clock.set_to(moment)
    return moment


def prepared(db: Database, moment: dt.datetime = T0) -> dict[str, int]:
    """Everything that is due at this moment, done once."""
    return dict(everything(db, at(moment)))


def proposal(db: Database, ref: str, step: str, kind: str) -> Any:
    return proposals.read(db, facts_of(db, ref), step, kind)


def open_now(db: Database, ref: str, step: str) -> str:
    """The open occurrence of a step: `contact#1` where it repeats."""
    return next(one.id for one in facts_of(db, ref).state.steps.values() if one.step == step and one.open)


def contacted(db: Database, ref: str, choice: str = "yes", **more: Any) -> None:
    fields = {"leaflet": "yes", "language": "nl", "choice": choice, **more}
    complete(db, LENA, ref, open_now(db, ref, "contact"), fields)


def visited(db: Database, ref: str, **states: str) -> None:
    conditions = {track: {"state": state} for track, state in states.items()}
    complete(db, LENA, ref, "visit1", {"held": "held", "permission": "V-1", "conditions": conditions})
