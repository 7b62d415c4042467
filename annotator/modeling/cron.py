"""Cron expressions in a time zone: what they say, when they are due next, and when they were due last.

Where clocks change, each time of day that is named comes once: a time that is skipped in spring is taken for the
moment that the old clock would have called so (02:30 becomes 03:30), and of a time that comes twice in autumn the first
counts. An expression for every hour follows the hours as they pass, so it is due in both.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

MAX_LENGTH = 200
HORIZON = timedelta(days=366 * 40)  # a 29 February on a given day of the week comes every 28 years, or every 40
PART = re.compile(r"(\*|[0-9]{1,4}(?:-[0-9]{1,4})?)(?:/([0-9]{1,4}))?")
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}


class CronError(ValueError):
    """An expression that cannot be followed; the message says which field, and why."""


@dataclass(frozen=True)
class Field:
    """One of the five fields: its name, its bounds, and words for its numbers."""

    name: str
    low: int
    high: int
    words: dict[str, int]

    def read(self, text: str) -> frozenset[int]:
        """Return the numbers that a field names. Raises CronError."""
        plain = re.sub(r"[A-Za-z]+", lambda word: str(self.words.get(word[0].lower(), word[0])), text)
        numbers: set[int] = set()
        for part in plain.split(","):
            numbers |= self._part(part, text)
        return frozenset(numbers)

    def _part(self, part: str, text: str) -> set[int]:
        match = PART.fullmatch(part)
        if match is None:
            raise self._error(text)
        span, step = match[1], int(match[2] or 1)
        first, _, last = (f"{self.low}-{self.high}" if span == "*" else span).partition("-")
        low, high = int(first), int(last or first)
        single = span != "*" and not last
        if not self.low <= low <= high <= self.high or step < 1 or (single and match[2]):
            raise self._error(text)
        return set(range(low, high + 1, step))

    def _error(self, text: str) -> CronError:
        words = f" ({', '.join(self.words)})" if self.words else ""
        return CronError(
            f"The {self.name} “{text}” is not understood. "
            f"Use * or numbers from {self.low} to {self.high}{words}, as in 5 or 1,15 or 10-20 or */15."
        )


MINUTE = Field("minute", 0, 59, {})
HOUR = Field("hour", 0, 23, {})
DAY = Field("day of the month", 1, 31, {})
MONTH = Field("month", 1, 12, MONTHS)
WEEKDAY = Field("day of the week", 0, 7, WEEKDAYS)  # Sunday is 0, and 7 as well
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)


@dataclass(frozen=True)
class Cron:
    """Minutes, hours, days of the month, months and days of the week (0 is Sunday). A day is due when all agree."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read “minute hour day-of-month month day-of-week”. Raises CronError."""
        parts = text.split()
        if len(parts) != len(FIELDS) or len(text) > MAX_LENGTH:
            raise CronError(
                "Give five fields: minute, hour, day of the month, month, day of the week; "
                "“30 2 * * *” is every night at half past two."
            )
        minutes, hours, days, months, weekdays = (field.read(part) for field, part in zip(FIELDS, parts, strict=True))
        # Any leap year will do.
        if not any(day <= calendar.monthrange(2024, month)[1] for day in days for month in months):
            raise CronError(f"No month of “{parts[3]}” has a day “{parts[2]}”, so it would never be due.")
        return cls(minutes, hours, days, months, frozenset(day % 7 for day in weekdays))

    @property
    def fields(self) -> dict[str, str]:
        """The same as plain numbers, under the names that celery has for them; * where all are meant."""
        return {
            "minute": _plain(self.minutes, 60),
            "hour": _plain(self.hours, 24),
            "day_of_month": _plain(self.days, 31),
            "month_of_year": _plain(self.months, 12),
            "day_of_week": _plain(self.weekdays, 7),
        }

    def next_due(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first moment after another, in UTC; None when it is further away than anybody plans."""
        start = after.astimezone(zone).date() - timedelta(days=1)
        for number in range(HORIZON.days):
            for moment in self.moments(start + timedelta(days=number), zone):
                if moment > after:
                    return moment
        return None

    def last_due(self, after: datetime, until: datetime, zone: tzinfo) -> datetime | None:
        """Return the last moment after one and not after another, in UTC, or None."""
        first, day = after.astimezone(zone).date() - timedelta(days=1), until.astimezone(zone).date()
        while day >= first:
            past = [moment for moment in self.moments(day, zone) if moment <= until]
            if past:
                return past[-1] if past[-1] > after else None
            day -= timedelta(days=1)
        return None

    def moments(self, day: date, zone: tzinfo) -> list[datetime]:
        """Return the moments of a local day, in UTC and in order."""
        if not self._is_due_on(day):
            return []
        return sorted(set(self._moments(day, zone)))

    def _is_due_on(self, day: date) -> bool:
        return day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays

    def _moments(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        every_hour = len(self.hours) == 24
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                first, again = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
                yield first
                if every_hour and again > first:
                    yield again


def _plain(numbers: frozenset[int], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(map(str, sorted(numbers)))
