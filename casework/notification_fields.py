"""Reading one value of a notification: from what a file holds to what the model takes.

Every reader takes the raw value (text, number, date or nothing) and returns the value meant, or raises `Unfit` with the
rule and the remedy in plain words. No message repeats the value: a shifted column puts a name where a date should be.
Days and naive times are in Europe/Brussels.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import NoReturn
from zoneinfo import ZoneInfo

from casework.notification_words import fold

BRUSSELS = ZoneInfo("Europe/Brussels")
BEFORE_CUT_OFF = time(9)  # a day without an hour counts as before the cut-off of 16:00
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100  # outside these a date is a slip of the pen

Reader = Callable[[object], object]


class Unfit(ValueError):
    """A value that cannot be taken. A file reader may also put one in a cell that it cannot read."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}: {remedy}")
        self.rule = rule
        self.remedy = remedy


def is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


# --- text ---------------------------------------------------------------------------------------------------------

_JOINERS = "\u200c\u200d"  # part of the spelling of Persian and Indian names
_REPLACEMENT = "\ufffd"


def _unfit_character(c: str) -> bool:
    category = unicodedata.category(c)
    return (category in ("Cc", "Cs", "Co") and c not in "\t\n\r") or (category == "Cf" and c not in _JOINERS)


def clean_text(value: str, limit: int) -> str:
    """NFC, every run of white space (line breaks too) one space, at most `limit` characters."""
    if any(_unfit_character(c) for c in value):
        raise Unfit("must hold no control or invisible characters", "type it again instead of pasting it")
    if _REPLACEMENT in value:
        raise Unfit("must be legible in every letter", "a letter was lost in conversion; save the file as UTF-8")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if not text:
        raise Unfit("must not be empty", "fill it in")
    if len(text) > limit:
        raise Unfit(f"must be at most {limit} characters long", "shorten it")
    if text[0] in "=@":
        raise Unfit("must be plain text, not a formula", "write the value itself")
    return text


def text_of(limit: int) -> Reader:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise Unfit("must be text", "write it as text; in a spreadsheet, format the column as text")
        return clean_text(value, limit)

    return read


_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_AS_TEXT = "format the column as text and enter the reference again"


def reference_of(limit: int) -> Reader:
    """Text, or the whole number that a spreadsheet made of it (12345.0 is 12345)."""
    read_text = text_of(limit)

    def read(value: object) -> object:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # A spreadsheet keeps 15 digits; what is longer has lost its end.
            if not abs(value) < 1e15 or value != int(value):  # `not <`: not-a-number is refused too
                raise Unfit("must be the reference as the prison wrote it, not a calculated number", _AS_TEXT)
            value = str(int(value))
        if isinstance(value, str) and _SCIENTIFIC.fullmatch(value.strip()):
            raise Unfit("must be written in full, not shortened by a spreadsheet", _AS_TEXT)
        return read_text(value)

    return read


def choice_of(by_word: Mapping[str, str], allowed: str) -> Reader:
    """One of a list of words, in any of the three languages; a tick box is true or false."""

    def read(value: object) -> str:
        word = fold(str(value)) if isinstance(value, (str, bool)) else ""
        if word not in by_word:
            raise Unfit(f"must be one of {allowed}", "use one of these words, or its Dutch or French label")
        return by_word[word]

    return read


def language_of(by_word: Mapping[str, str]) -> Reader:
    def read(value: object) -> str:
        word = fold(value) if isinstance(value, str) else ""
        if word not in by_word:
            raise Unfit("must be a language code of two letters (ISO 639-1)", "for example nl, fr, en, ar or tr")
        return by_word[word]

    return read


# --- days and moments -----------------------------------------------------------------------------------------------

_YEAR_FIRST = r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"
_DAY_FIRST = r"(?P<d2>\d{1,2})(?P<s2>[-/.])(?P<m2>\d{1,2})(?P=s2)(?P<y2>\d{4})"
_HOUR = r"(?P<hour>\d{1,2})[:hu](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
_ZONE = r"(?P<zone> ?Z| ?[+-]\d{2}:?\d{2})"
_MOMENT = re.compile(rf"(?:{_YEAR_FIRST}|{_DAY_FIRST})(?:(?:T|,? +){_HOUR}{_ZONE}?)?", re.ASCII | re.IGNORECASE)


def _not_a_date() -> NoReturn:
    raise Unfit("must be an existing date", "write it as dd/mm/yyyy or yyyy-mm-dd, with a year of four digits")


def _zone(text: str) -> timezone:
    text = text.strip().upper()
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _parsed(text: str) -> date | datetime:
    found = _MOMENT.fullmatch(" ".join(text.split()))
    if not found:
        _not_a_date()
    part = found.groupdict()
    try:
        day = date(int(part["y"] or part["y2"]), int(part["m"] or part["m2"]), int(part["d"] or part["d2"]))
        if part["hour"] is None:
            return day
        clock = time(int(part["hour"]), int(part["minute"]), int(part["second"] or 0))
        return datetime.combine(day, clock, _zone(part["zone"]) if part["zone"] else None)
    except ValueError:
        _not_a_date()


def date_or_moment(value: object) -> date | datetime:
    """The date, or the date and time (naive or aware, whole seconds), that the value says."""
    if isinstance(value, str):
        value = _parsed(value)
    if not isinstance(value, date):
        _not_a_date()
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise Unfit(f"must lie between the years {EARLIEST_YEAR} and {LATEST_YEAR}", "correct the year")
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def brussels_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return value.date() if value.tzinfo is None else value.astimezone(BRUSSELS).date()
    return value


def day(value: object) -> date:
    """The calendar day in Brussels; an hour that comes with it is left out."""
    return brussels_day(date_or_moment(value))


def moment(value: date | datetime) -> datetime:
    """The moment in UTC. A date alone is 09:00 of that day; a time without a zone is Brussels time.

    In the doubled hour of October a naive time is the earlier one. In the gap of March it never showed on a clock:
    it is read with the offset before the gap, which moves it forward (02:30 becomes 03:30), as iCalendar does
    (RFC 5545, 3.3.5).
    """
    if not isinstance(value, datetime):
        value = datetime.combine(value, BEFORE_CUT_OFF)
    if value.tzinfo is None:
        value = value.replace(tzinfo=BRUSSELS, fold=0)
    return value.astimezone(UTC)
