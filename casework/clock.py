"""The only place where a clock is read. Everywhere else, time is an argument."""

import datetime as dt
import os
from pathlib import Path

from casework.settings import moment_in, settings

_set_to: dt.datetime | None = None
_from_settings: tuple[str | None, dt.datetime | None] = (None, None)
_from_file: tuple[object, dt.datetime | None] = (None, None)


def now() -> dt.datetime:
    """Business time, aware UTC: the virtual clock if it was set, else SLUIS_CLOCK or SLUIS_NOW, else the real time."""
    return _set_to or _filed() or _given() or real_now()


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


def _filed() -> dt.datetime | None:
    """What the file of SLUIS_CLOCK says, read anew when it was written."""
    global _from_file  # noqa: PLW0603
    text = os.environ.get("SLUIS_CLOCK")
    if not text:
        return None
    try:
        found = Path(text).stat()
        seen = (text, found.st_mtime_ns, found.st_ino)
    except OSError:
        seen = (text, 0, 0)
    if seen != _from_file[0]:
        _from_file = (seen, moment_in(Path(text)))
    return _from_file[1]
