"""When each source is to be visited: its rhythm, put into a timetable in which the visits are spread. Pure.

`crawler.timers` writes the timetable as systemd units or cron lines.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from crawler.sources import Source

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
#: The rhythms, in minutes, that both systemd and cron keep without a gap at the hour, at midnight or at a month's end.
PERIODS = (
    *(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30),
    *(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12)),
    *(days * DAY for days in range(1, 7)),
    WEEK,
)
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@dataclass(frozen=True, slots=True)
class Visit:
    """A source's place in the timetable: every ``period`` minutes, ``slot`` minutes after midnight (or after the hour,
    where the period is shorter); of a week on ``weekday``, 0 is Sunday."""

    source_id: str
    period: int
    slot: int
    weekday: int = 0

    @property
    def calendar(self) -> str:
        """As systemd's ``OnCalendar`` says it (systemd.time(7))."""
        hour, minute = divmod(self.slot, HOUR)
        if self.period < HOUR:
            return f"*-*-* *:{minute:02}/{self.period}:00"
        if self.period == HOUR:
            return f"*-*-* *:{minute:02}:00"
        if self.period < DAY:
            return f"*-*-* {hour:02}/{self.period // HOUR}:{minute:02}:00"
        if self.period == WEEK:
            return f"{_WEEKDAYS[self.weekday]} *-*-* {hour:02}:{minute:02}:00"
        days = "*" if self.period == DAY else f"01/{self.period // DAY}"
        return f"*-*-{days} {hour:02}:{minute:02}:00"

    @property
    def cron(self) -> str:
        """As the five fields of a cron line (crontab(5)): minute, hour, day of the month, month, day of the week."""
        hour, minute = divmod(self.slot, HOUR)
        if self.period < HOUR:
            return f"{minute}-59/{self.period} * * * *"
        if self.period == HOUR:
            return f"{minute} * * * *"
        if self.period < DAY:
            return f"{minute} {hour}-23/{self.period // HOUR} * * *"
        if self.period == WEEK:
            return f"{minute} {hour} * * {self.weekday}"
        return f"{minute} {hour} {'*' if self.period == DAY else f'*/{self.period // DAY}'} * *"


def period_of(rhythm: timedelta) -> int:
    """The longest period, in minutes, that a timetable can keep and that is not longer than the rhythm."""
    return PERIODS[bisect_right(PERIODS, rhythm // timedelta(minutes=1)) - 1]


def timetable(sources: Iterable[Source]) -> list[Visit]:
    """A visit for each source, by id. The same sources have the same timetable, in whatever order they come.

    A source stands as near as can be behind the minute that the digest of its id names, where the fewest others stand:
    first by the minute of the hour, then by the hour. Those of which most is expected choose first, so that no two of
    the sixty largest begin in the same minute of any hour.
    """
    minutes: Counter[int] = Counter()
    hours: Counter[int] = Counter()
    visits = []
    for source in sorted(sources, key=lambda source: (-source.expect_articles_min, source.id)):
        wanted, period = int.from_bytes(sha256(source.id.encode()).digest()[:8], "big"), period_of(source.rhythm)
        slot = _place(wanted, period, minutes, hours)
        minutes.update(_minutes(slot, period))
        hours.update(_hours(slot, period))
        visits.append(Visit(source.id, period, slot, wanted % 7 if period == WEEK else 0))
    return sorted(visits, key=lambda visit: visit.source_id)


def _place(wanted: int, period: int, minutes: Counter[int], hours: Counter[int]) -> int:
    span = min(period, DAY)

    def crowd(slot: int) -> tuple[int, int, int]:
        there = max(minutes[minute] for minute in _minutes(slot, period))
        return there, sum(hours[hour] for hour in _hours(slot, period)), (slot - wanted) % span

    return min(range(span), key=crowd)


def _minutes(slot: int, period: int) -> range:
    """The minutes of the hour at which it begins."""
    return range(slot % HOUR, HOUR, period) if period < HOUR else range(slot % HOUR, slot % HOUR + 1)


def _hours(slot: int, period: int) -> range:
    """The hours of the day in which it begins."""
    return range(24) if period <= HOUR else range(slot // HOUR, 24, max(1, min(period, DAY) // HOUR))
