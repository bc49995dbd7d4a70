"""Working days of a partnership: Monday to Friday without public holidays and without its own closing days.

Source: protocol, "Counting". All days are `date`s in the protocol's time zone; moments are aware UTC.
`rota=True` counts own closing days as working days (steps for which there is a rota).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from protocol.language import Calendar

ONE_DAY = dt.timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1990, 2090


@lru_cache(maxsize=16)
def public_holidays(country: str, region: str | None, language: str | None = None) -> dict[dt.date, str]:
    """Every public holiday of the years this software counts in, with its name."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return dict(holidays.country_holidays(country, subdiv=region, years=years, language=language))


class _Days:
    """Working days as one sorted list and a running count, so that every question is a look-up."""

    def __init__(self, closed: Iterable[dt.date]):
        shut = {day.toordinal() for day in closed}
        self.first = dt.date(FIRST_YEAR, 1, 1).toordinal()
        last = dt.date(LAST_YEAR, 12, 31).toordinal()
        # ordinal 1 is a Monday: (ordinal - 1) % 7 is the weekday
        self.days = [o for o in range(self.first, last + 1) if (o - 1) % 7 < 5 and o not in shut]
        self.working = frozenset(self.days)

    def upto(self, ordinal: int) -> int:
        """How many working days lie before this day."""
        return bisect_left(self.days, ordinal)


@lru_cache(maxsize=64)
def _days(country: str, region: str | None, closing_days: frozenset[dt.date]) -> _Days:
    return _Days(public_holidays(country, region).keys() | closing_days)


class WorkCalendar:
    """The calendar of one protocol, with the closing days known now."""

    def __init__(self, calendar: Calendar, closing_days: Iterable[dt.date] = ()):
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.timezone)
        self.closing_days = frozenset(closing_days) | frozenset(calendar.closing_days)
        self._own = _days(calendar.country, calendar.region, self.closing_days)
        self._rota = _days(calendar.country, calendar.region, frozenset())
        hour, minute = calendar.cut_off.split(":")
        self._cut_off = dt.time(int(hour), int(minute))

    def _pick(self, rota: bool) -> _Days:
        return self._rota if rota else self._own

    def is_working(self, day: dt.date, rota: bool = False) -> bool:
        return day.toordinal() in self._pick(rota).working

    def add(self, day: dt.date, n: int, rota: bool = False) -> dt.date:
        """The n-th working day after this day; the day itself is not counted. n = 0: the day itself."""
        if n == 0:
            return day
        days = self._pick(rota)
        return dt.date.fromordinal(days.days[days.upto(day.toordinal() + 1) + n - 1])

    def back(self, day: dt.date, n: int, rota: bool = False) -> dt.date:
        """The n-th working day before this day; the day itself is not counted."""
        if n == 0:
            return day
        days = self._pick(rota)
        return dt.date.fromordinal(days.days[days.upto(day.toordinal()) - n])

    def next_working(self, day: dt.date, rota: bool = False) -> dt.date:
        """This day if it is a working day, else the next one."""
        return self.add(day - ONE_DAY, 1, rota)

    def previous_working(self, day: dt.date, rota: bool = False) -> dt.date:
        """This day if it is a working day, else the one before."""
        return self.back(day + ONE_DAY, 1, rota)

    def between(self, start: dt.date, end: dt.date, rota: bool = False) -> int:
        """Working days after `start` up to and including `end`; 0 when `end` is not later."""
        days = self._pick(rota)
        return max(0, days.upto(end.toordinal() + 1) - days.upto(start.toordinal() + 1))

    def local_day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(self.zone).date()

    def counted_day(self, moment: dt.datetime) -> dt.date:
        """N: what arrives after the cut-off hour, or on a non-working day, counts as the next working day."""
        local = moment.astimezone(self.zone)
        day = local.date()
        if local.time() > self._cut_off:
            day += ONE_DAY
        return self.next_working(day)

    def moment(self, day: dt.date, hour: str | None) -> dt.datetime:
        """The moment, in UTC, after which work due on this day is late: that hour, or 23:59:59 local time."""
        clock = dt.time(23, 59, 59) if hour is None else dt.time(int(hour[:2]), int(hour[3:]))
        return dt.datetime.combine(day, clock, self.zone).astimezone(dt.UTC)

    def start_of(self, day: dt.date) -> dt.datetime:
        """Local midnight at which this day begins, in UTC."""
        return dt.datetime.combine(day, dt.time(0), self.zone).astimezone(dt.UTC)

    def why_closed(self, day: dt.date, language: str | None = None) -> str | None:
        """Why a weekday is not a working day: the holiday's name, or "closing day"; None for working days and weekends."""
        names = public_holidays(self.calendar.country, self.calendar.region, language)
        if day.weekday() >= 5:
            return None
        if day in names:
            return names[day]
        return "closing day" if day in self.closing_days else None


def add_months(day: dt.date, months: int) -> dt.date:
    """This day so many months later (or earlier): months clamp to the month's end."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - ONE_DAY).day
    return dt.date(year, month + 1, min(day.day, last))
