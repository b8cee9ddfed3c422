from datetime import UTC, datetime

import pytest

from crawler.pace import (
    BUSY_IN_A_ROW,
    FIRST_REST,
    LONGEST_CRAWL_DELAY,
    LONGEST_REST,
    LONGEST_THROTTLE,
    LOST_IN_A_ROW,
    MOST_REST,
    HostPace,
    retry_after,
)

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def pace(floor: float = 1.0) -> HostPace:
    made = HostPace(floor, jitter=lambda: 0.0)
    made.rule(None)
    return made


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", None, 120),
        (" 7 ", None, 7),
        ("0", None, 0),
        ("Sat, 01 Mar 2025 12:01:30 GMT", None, 90),
        ("Sat, 01 Mar 2025 11:00:00 GMT", None, 0),
        ("Sat, 01 Mar 2025 03:00:20 GMT", "Sat, 01 Mar 2025 03:00:00 GMT", 20),
        ("Saturday, 01-Mar-25 12:00:10 GMT", None, 10),
        ("soon", None, None),
        ("-5", None, None),
        ("", None, None),
        (None, None, None),
        ("٣", None, None),
    ],
)
def test_retry_after_is_seconds_or_a_time_on_the_servers_clock(
    value: str | None, date: str | None, seconds: float | None
) -> None:
    assert retry_after(value, date, NOW) == seconds


def test_requests_are_a_delay_apart() -> None:
    host = pace(2)
    assert host.wait(100) == 0
    host.went(100)
    assert host.wait(100.5) == 1.5
    assert host.wait(102) == 0


def test_the_delay_counts_from_the_answer_so_that_a_late_request_is_not_followed_too_soon() -> None:
    host = pace(1)
    host.went(100)
    host.answered(100.4, 200)
    assert host.wait(100.4) == 1
    host.went(102)
    host.unanswered(132, "too slow")
    assert host.wait(132) == 1


def test_a_crawl_delay_holds_from_the_answer_to_robots_txt_on() -> None:
    host = HostPace(0)
    host.went(100)
    host.answered(100.1, 200)
    host.rule(5)
    assert host.wait(100.1) == 5


def test_the_longer_of_the_sources_delay_and_robots_txt_holds() -> None:
    for own, asked, kept in ((1, 5, 5), (5, 1, 5), (1, None, 1), (0, 3, 3)):
        host = HostPace(own)
        assert host.rule(asked)
        assert (host.floor, host.delay) == (kept, kept)


def test_a_crawl_delay_beyond_measure_is_capped_and_said() -> None:
    host = HostPace(1)
    assert not host.rule(86400)
    assert host.delay == LONGEST_CRAWL_DELAY
    assert HostPace(1).rule(LONGEST_CRAWL_DELAY)


def test_one_request_is_under_way_until_robots_txt_is_known_and_wherever_there_is_a_delay() -> None:
    own = HostPace(0)
    assert own.at_once == 1
    own.rule(None)
    assert own.at_once > 1
    own.rule(0.5)
    assert own.at_once == 1
    assert pace(1).at_once == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_host_rests_as_long_as_it_says(status: int) -> None:
    host = pace()
    host.went(100)
    host.answered(100.1, status, rest=30)
    assert host.wait(100.1) == 30


def test_retry_after_never_shortens_the_delay() -> None:
    host = pace(10)
    host.answered(100, 503, rest=1)
    assert host.wait(100) == 10


def test_without_retry_after_rests_double_until_an_answer_is_good() -> None:
    host, now, waits = pace(), 0.0, []
    for _ in range(3):
        host.answered(now, 503)
        waits.append(host.wait(now))
        now += host.wait(now)
    assert waits == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    host.answered(now, 200)
    host.answered(now + 100, 503)
    assert host.wait(now + 100) == FIRST_REST


def test_rests_vary_so_that_crawlers_do_not_come_back_together() -> None:
    host = HostPace(1, jitter=lambda: 1.0)
    host.answered(0, 503)
    assert host.wait(0) == FIRST_REST * 1.5


def test_a_host_that_stays_busy_is_left() -> None:
    host = pace()
    for _ in range(BUSY_IN_A_ROW - 1):
        host.answered(0, 503)
    assert host.left is None
    host.answered(0, 429)
    assert host.left == f"answered 429 {BUSY_IN_A_ROW} times in a row"
    assert not host.dead


def test_a_host_that_asks_for_a_long_rest_is_left_and_the_rest_is_known() -> None:
    host = pace()
    host.answered(0, 503, rest=LONGEST_REST)
    assert host.left is None
    host.answered(0, 503, rest=86400)
    assert host.left == "answered 503 and asks to be left alone for 86400 s"
    assert host.rest == 86400


def test_other_errors_are_no_rest_unless_they_ask_for_one() -> None:
    host = pace()
    host.answered(0, 500)
    assert host.wait(0) == host.delay
    host.answered(0, 404, rest=20)
    assert host.wait(0) == 20
    quick = pace()
    quick.answered(0, 200, rest=20)
    assert quick.wait(0) == quick.delay


def test_a_host_without_answers_is_left_as_dead() -> None:
    host = pace()
    for _ in range(LOST_IN_A_ROW - 1):
        host.unanswered(0, "refused")
    host.answered(0, 200)
    for _ in range(LOST_IN_A_ROW - 1):
        host.unanswered(0, "refused")
    assert host.left is None, "an answer between begins the count anew"
    host.unanswered(0, "no such host")
    assert host.left == f"gave no answer {LOST_IN_A_ROW} times in a row (no such host)"
    assert host.dead


def test_one_attempt_is_enough_for_a_host_that_was_dead() -> None:
    host = pace()
    host.patience = 1
    host.unanswered(0, "refused")
    assert host.left == "gave no answer (refused)"


def test_a_slow_host_is_asked_more_slowly_and_never_faster_than_its_floor() -> None:
    host = pace(1)
    host.answered(0, 200, latency=8)
    assert host.delay == 8
    for _ in range(20):
        host.answered(0, 200, latency=0.1)
    assert host.delay == 1
    host.answered(0, 200, latency=500)
    assert host.delay == LONGEST_THROTTLE


def test_errors_come_fast_and_are_no_reason_to_ask_faster() -> None:
    host = pace(1)
    host.answered(0, 200, latency=8)
    host.answered(0, 404, latency=0.01)
    assert host.delay == 8


def test_a_machine_of_ones_own_is_not_throttled() -> None:
    host = pace(0)
    host.answered(0, 200, latency=8)
    assert host.delay == 0


def test_a_host_that_rests_again_and_again_is_left_in_the_end_so_that_a_crawl_ends() -> None:
    host, now = pace(), 0.0
    while host.left is None and now < 10 * MOST_REST:
        host.answered(now, 503, rest=LONGEST_REST)
        now += host.wait(now)
        host.answered(now, 200)
    assert MOST_REST < now <= MOST_REST + 2 * LONGEST_REST
    assert host.left == "answered 503 and the like again and again, 2100 s of rests in all"
    assert not host.dead


def test_rests_of_requests_that_were_under_way_together_count_once() -> None:
    host = pace(0)
    for _ in range(3):
        for now in range(100):
            host.answered(now, 404, rest=LONGEST_REST)
            host.answered(now, 200)
    assert host.left is None


def test_what_leaves_a_host_says_whether_it_is_dead() -> None:
    silent, asking = pace(), pace()
    silent.leave("gave no robots.txt", dead=True)
    asking.leave("asks to be left alone")
    assert (silent.dead, asking.dead) == (True, False)
