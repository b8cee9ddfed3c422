"""When to come back: the rules alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import revisits
from archive.revisits import DAY, Bounds

NOON = datetime(2025, 5, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
ages = st.timedeltas(min_value=-3 * DAY, max_value=9000 * DAY)


@given(ages, ages)
def test_the_longer_a_text_has_stood_the_longer_it_is_left_alone(one: timedelta, other: timedelta) -> None:
    shorter, longer = sorted([one, other])
    assert revisits.article_interval(shorter) <= revisits.article_interval(longer)


@given(ages | st.none())
def test_no_article_is_left_alone_for_longer_than_the_longest(age: timedelta | None) -> None:
    assert timedelta(0) <= revisits.article_interval(age) <= revisits.LONGEST


def test_what_nothing_is_known_of_is_taken_for_old() -> None:
    assert revisits.article_interval(None) == revisits.LONGEST == revisits.article_interval(1000 * DAY)


def test_a_text_that_stood_for_ten_days_is_left_alone_for_four() -> None:
    assert revisits.article_interval(10 * DAY) == 4 * DAY


@given(st.timedeltas(min_value=timedelta(0), max_value=90 * DAY), st.text(max_size=40))
def test_spreading_shortens_by_a_quarter_at_most_and_the_same_each_time(interval: timedelta, key: str) -> None:
    assert interval * 0.75 <= revisits.spread(interval, key) <= interval
    assert revisits.spread(interval, key) == revisits.spread(interval, key)


def test_what_was_found_together_does_not_come_due_together() -> None:
    times = {revisits.spread(60 * DAY, f"songnhue.example.vn/{n}") // DAY for n in range(200)}
    assert len(times) == 15


@pytest.mark.parametrize(
    ("appeared", "published", "edited", "days"),
    [
        (2, "2016-05-01", None, 2),
        (None, "2025-05-10", None, 10.5),  # midnight in Vietnam is seven hours earlier
        (None, "2025-05-10", 1, 1),
        (5, None, 3, 3),
        (None, None, None, None),
        (None, "2031-01-01", None, 4),
        (None, "2025-05-20T11:30:00+07:00", None, 4),
    ],
)
def test_a_text_has_stood_since_it_appeared_or_was_published_or_edited(
    appeared: int | None, published: str | None, edited: int | None, days: float | None
) -> None:
    ago = [None if n is None else NOON - n * DAY for n in (appeared, edited)]
    stood = revisits.stood(NOON, ago[0], published, NOON - 4 * DAY, ago[1])
    assert stood == (None if days is None else timedelta(days=days))


@given(st.integers(1, 60))
def test_waits_for_what_is_missing_grow_threefold_to_a_bound(attempts: int) -> None:
    now, later = revisits.absence_interval(attempts), revisits.absence_interval(attempts + 1)
    assert later == min(revisits.LONGEST, now * 3)
    assert now >= DAY


@given(st.integers(1, 200))
def test_a_failure_is_tried_in_the_next_rounds_and_then_ever_more_rarely(attempts: int) -> None:
    waits = [revisits.failure_interval(n) for n in (attempts, attempts + 1, attempts + 3)]
    assert waits == sorted(waits)
    assert waits[-1] <= revisits.LONGEST_FAILURE
    assert (waits[0] == timedelta(0)) == (attempts < revisits.PATIENT_ATTEMPTS)


@given(st.none() | st.timedeltas(min_value=HOUR, max_value=30 * DAY), st.booleans())
def test_a_list_is_looked_at_within_its_bounds(before: timedelta | None, brought: bool) -> None:
    interval = revisits.leading_interval(before, brought=brought)
    assert revisits.LEADING_SHORTEST <= interval <= revisits.LEADING_LONGEST
    if before is not None:
        assert interval <= before if brought else interval >= before


@given(st.timedeltas(min_value=HOUR, max_value=14 * DAY), ages.filter(lambda age: age > timedelta(0)))
def test_a_daily_crawl_takes_what_it_took_at_this_hour_a_rhythm_ago(rhythm: timedelta, interval: timedelta) -> None:
    bounds = Bounds(NOON, rhythm)
    assert bounds.seen_by(interval) >= NOON - max(interval, rhythm)
    assert bounds.seen_by(timedelta(0)) < NOON, "what was just captured is not taken again"
    assert bounds.due_by - NOON == rhythm / 8
