"""The timetable: every source in its rhythm, no crowd at any minute, the same each time."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from crawler.schedule import Visit, period_of, timetable
from crawler.sources import Source


def source(source_id: str, every: str = "1d", expect: int = 0) -> Source:
    said: dict[str, Any] = {"id": source_id, "name": source_id, "level": "ward", "layout": "vccorp"}
    said |= {"start": ["https://a.example.vn/"], "every": every, "expect_articles_min": expect}
    return Source.model_validate(said)


def portals(count: int = 170) -> list[Source]:
    return [source(f"phuong-{number}", random.Random(number).choice(["1h", "6h", "1d"])) for number in range(count)]


def begins(visit: Visit) -> set[tuple[int, int]]:
    """The hours and minutes of a day at which a visit of a day's rhythm or less begins, read from its cron line."""
    minute, hour, day, month, weekday = visit.cron.split()
    assert (day, month, weekday) == ("*", "*", "*")
    first, _, step = hour.partition("-23/")
    hours = range(24) if hour == "*" else range(int(first), 24, int(step or 24))
    return {(at, int(minute)) for at in hours}


def test_170_sources_are_spread_evenly_over_the_minutes_of_the_hour() -> None:
    minutes = Counter(minute for visit in timetable(portals()) for minute in {at for _, at in begins(visit)})
    assert set(minutes) == set(range(60))
    assert max(minutes.values()) == 3, "170 in 60 minutes"


def test_daily_sources_are_spread_over_the_hours_too() -> None:
    hours = Counter(visit.slot // 60 for visit in timetable(source(f"phuong-{n}") for n in range(170)))
    assert set(hours) == set(range(24))
    assert max(hours.values()) - min(hours.values()) <= 6


def test_the_sixty_largest_never_begin_in_the_same_minute() -> None:
    large = [source(f"bao-{number}", expect=1000 + number) for number in range(60)]
    slots = {visit.source_id: visit.slot % 60 for visit in timetable([*portals(), *large])}
    assert len({slots[one.id] for one in large}) == 60


def test_a_timetable_depends_on_no_order_and_no_process() -> None:
    shuffled = portals()
    random.Random(7).shuffle(shuffled)
    assert timetable(shuffled) == timetable(portals())
    # What systemd and cron were given once stays true in the next version.
    assert [visit.slot for visit in timetable([source("quan-cau-giay"), source("bao", "1h")])] == SLOTS


SLOTS = [23, 1049]


@pytest.mark.parametrize(
    ("every", "calendar", "cron"),
    [
        ("15m", "*-*-* *:{m:02}/15:00", "{m}-59/15 * * * *"),
        ("1h", "*-*-* *:{m:02}:00", "{m} * * * *"),
        ("6h", "*-*-* {h:02}/6:{m:02}:00", "{m} {h}-23/6 * * *"),
        ("1d", "*-*-* {h:02}:{m:02}:00", "{m} {h} * * *"),
        ("3d", "*-*-01/3 {h:02}:{m:02}:00", "{m} {h} */3 * *"),
        ("1w", "{day} *-*-* {h:02}:{m:02}:00", "{m} {h} * * {weekday}"),
    ],
)
def test_a_rhythm_is_said_in_the_words_of_systemd_and_of_cron(every: str, calendar: str, cron: str) -> None:
    (visit,) = timetable([source("quan-tay-ho", every)])
    day = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")[visit.weekday]
    said = {"h": visit.slot // 60, "m": visit.slot % 60, "day": day, "weekday": visit.weekday}
    assert (visit.calendar, visit.cron) == (calendar.format(**said), cron.format(**said))


@pytest.mark.parametrize(
    ("every", "minutes"),
    [("1m", 1), ("7m", 6), ("45m", 30), ("60m", 60), ("5h", 240), ("23h", 720), ("2d", 2880), ("10d", 10080)],
)
def test_a_rhythm_that_no_timetable_can_keep_becomes_the_next_shorter_one(every: str, minutes: int) -> None:
    assert period_of(source("x", every).rhythm) == minutes
    assert timedelta(minutes=minutes) <= source("x", every).rhythm
