"""Days, hours, numbers and languages as people read them, in three languages. Days are local; moments are shown in local time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "nl": (
        "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november",
        "december",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
}  # fmt: skip
SHORT_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}
NO_BREAK = "\u00a0"


def _first(day: dt.date, language: str) -> str:
    """In French the first of the month is an ordinal."""
    return "1er" if language == "fr" and day.day == 1 else str(day.day)


def long_day(day: dt.date, language: str, *, year: bool = False) -> str:
    """Monday 23 November, with the year where it is asked for."""
    words = f"{WEEKDAYS[language][day.weekday()]} {_first(day, language)}{NO_BREAK}{MONTHS[language][day.month - 1]}"
    return f"{words} {day.year}" if year else words


def short_day(day: dt.date, language: str, today: dt.date | None = None) -> str:
    """19 Nov; with the year when it is not the year of `today`."""
    words = f"{_first(day, language)}{NO_BREAK}{SHORT_MONTHS[language][day.month - 1]}"
    return words if today is not None and today.year == day.year else f"{words}{NO_BREAK}{day.year}"


def month_name(day: dt.date, language: str) -> str:
    """November 2026."""
    return f"{MONTHS[language][day.month - 1]} {day.year}"


def weekday_and_day(day: dt.date, language: str, today: dt.date) -> str:
    """Thursday 19 Nov."""
    return f"{WEEKDAYS[language][day.weekday()].capitalize()} {short_day(day, language, today)}"


def hour(moment: dt.datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M")


def moment_words(moment: dt.datetime, language: str, zone: ZoneInfo) -> str:
    """19 Nov 2026, 14:05."""
    local = moment.astimezone(zone)
    return f"{short_day(local.date(), language)}, {local:%H:%M}"


def language_name(code: str, language: str) -> str:
    """`ar` → Arabisch, arabe, Arabic; a code that nobody knows stays as it is."""
    try:
        return Locale.parse(code).get_language_name(language) or code
    except (ValueError, UnknownLocaleError):
        return code


def decimal(number: float, language: str) -> str:
    """22,5 in Dutch and French, 22.5 in English."""
    plain = f"{number:g}"
    return plain if language == "en" else plain.replace(".", ",")


def read_day(text: str) -> str:
    """What was typed as a day, in ISO form if it is one: browsers without a date field send dd/mm/yyyy."""
    parts = text.strip().replace("-", "/").replace(".", "/").split("/")
    if len(parts) == 3 and len(parts[2]) == 4 and all(part.isdecimal() for part in parts):
        return f"{parts[2]}-{parts[1].zfill(2)}-{parts[0].zfill(2)}"
    return text.strip()
