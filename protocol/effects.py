"""What a transition asks of the outside: a function of its events. Carries step keys and roles, never a person's name."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from protocol.state import Frozen


class Tell(Frozen):
    """Tell a role (of this case) that a step was settled, opened, is late …"""

    kind: Literal["tell"] = "tell"
    who: str
    what: str
    id: str = ""
    urgent: bool = False


class Prepare(Frozen):
    """Run the flow that prepares a step."""

    kind: Literal["prepare"] = "prepare"
    flow: str
    id: str


class Timer(Frozen):
    """Come back at this moment: `wake` for the case, `escalate` for a step. Replaces the timer of the same key."""

    kind: Literal["timer"] = "timer"
    key: str
    """`wake` or `escalate:STEP-ID`"""
    at: dt.datetime | None
    """None: no timer any more"""
    rung: int = 0


class Erase(Frozen):
    """Destroy the case key."""

    kind: Literal["erase"] = "erase"


Effect = Tell | Prepare | Timer | Erase
