from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from archive import hosts
from archive.database import connect

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2025, 7, 1, tzinfo=UTC)
HOST = "caugiay.hanoi.gov.vn"


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(database_url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def lose(connection: Connection, at: datetime) -> hosts.HostMemory:
    before = next(iter(hosts.recall(connection, [HOST])), None)
    hosts.lost(connection, HOST, at, "refused", before)
    return hosts.recall(connection, [HOST])[0]


def test_a_silent_host_is_tried_again_after_longer_and_longer(connection: Connection) -> None:
    at, pauses = START, []
    for _ in range(12):
        memory = lose(connection, at)
        assert memory.not_before is not None
        pauses.append((memory.not_before - at) / HOUR)
        at = memory.not_before
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]
    assert (memory.failures, memory.first_failed_at) == (12, START)


def test_asking_before_its_time_makes_no_pause_longer(connection: Connection) -> None:
    first = lose(connection, START)
    again = lose(connection, START + HOUR / 2)
    assert (again.failures, again.not_before) == (1, first.not_before)
    assert again.last_failed_at == START + HOUR / 2


def test_an_answer_clears_it(connection: Connection) -> None:
    lose(connection, START)
    assert [memory.host for memory in hosts.dead_hosts(connection)] == [HOST]
    hosts.answered(connection, HOST, START + DAY)
    assert hosts.dead_hosts(connection) == []
    memory = hosts.recall(connection, [HOST])[0]
    assert (memory.failures, memory.not_before, memory.last_ok_at) == (0, None, START + DAY)
    assert lose(connection, START + 9 * DAY).first_failed_at == START + 9 * DAY


def test_a_host_that_asked_for_rest_is_not_dead(connection: Connection) -> None:
    hosts.resting(connection, HOST, START, 86400.0, "answered 503 and asks to be left alone for 86400 s")
    assert hosts.dead_hosts(connection) == []
    assert hosts.recall(connection, [HOST])[0].not_before == START + DAY
    hosts.resting(connection, HOST, START, 999999999.0, "answered 503")
    assert hosts.recall(connection, [HOST])[0].not_before == START + 30 * DAY


def test_other_hosts_are_not_recalled(connection: Connection) -> None:
    lose(connection, START)
    assert hosts.recall(connection, ["hoaiduc.hanoi.gov.vn"]) == []
