"""The only place where a clock is read. Everywhere else, time is an argument."""

import datetime as dt
import os

from casework.settings import settings

_set_to: dt.datetime | None = None
_from_settings: tuple[str | None, dt.datetime | None] = (None, None)


def now() -> dt.datetime:
    """Business time, aware UTC: the virtual clock if it was set, else SLUIS_NOW, else the real time."""
    return _set_to or _given() or real_now()


def real_now() -> dt.datetime:
    """The real time, aware UTC: for leases and retries, which other processes share."""
    return dt.datetime.now(dt.UTC)


def set_to(moment: dt.datetime | None) -> None:
    """Set the virtual clock of this process (the demo jumps to the next timer); None: back to the real one."""
    global _set_to  # noqa: PLW0603
    if moment is not None and moment.tzinfo is None:
        raise ValueError("the clock needs a moment with a time zone")
    _set_to = moment.astimezone(dt.UTC) if moment else None


def _given() -> dt.datetime | None:
    """SLUIS_NOW, parsed once per value."""
    global _from_settings  # noqa: PLW0603
    text = os.environ.get("SLUIS_NOW")
    if text != _from_settings[0]:
        _from_settings = (text, settings().now if text else None)
    return _from_settings[1]
