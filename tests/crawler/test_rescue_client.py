"""How a web archive is asked: against a server on loopback, with a clock that the waits move on."""

from collections.abc import Iterator

import pytest

from archive.errors import BantinError
from crawler.rescue.client import LONGEST_WAIT, TRIES, Client, Pace, QuietError, UnavailableError
from pipelines.replay import NotTheCaptureError
from tests.rescues import address, held
from tests.webarchive import WebArchive, replay_path

ONE = next(one for one in held() if one.url == address(1))


class Waits:
    """A clock that only waits move."""

    def __init__(self) -> None:
        self.now, self.slept, self.said = 100.0, list[float](), list[str]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def client(self, delay: float = 2.0, *, allow_private: bool = True) -> Client:
        pace = Pace(delay, sleep=self.sleep, clock=lambda: self.now)
        return Client(pace, allow_private=allow_private, say=self.said.append)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def web() -> Iterator[WebArchive]:
    with WebArchive([ONE], quiet=7) as made:
        yield made


def test_requests_keep_the_delay(web: WebArchive, waits: Waits) -> None:
    client = waits.client()
    for _ in range(4):
        assert client.get(web.base + replay_path(ONE)).body == ONE.body
    assert waits.slept == [2.0, 2.0, 2.0]


def test_it_says_who_asks(web: WebArchive, waits: Waits) -> None:
    waits.client().get(web.base + replay_path(ONE))
    assert web.log[0].agent.startswith("bantin/")


def test_retry_after_is_waited_for_and_the_pace_slows_down_for_good(web: WebArchive, waits: Waits) -> None:
    web.faults["id_"] = ["429", "429"]
    client = waits.client()
    for _ in range(2):
        assert client.get(web.base + replay_path(ONE)).status == 200
    assert waits.slept == [7.0, 7.0, 4.5]  # 2 s · 1.5 · 1.5
    assert waits.said == ["it answers 429; waiting 7 s"] * 2


def test_an_archive_that_goes_on_refusing_is_left_alone(web: WebArchive, waits: Waits) -> None:
    web.faults["id_"] = ["429"] * 9
    with pytest.raises(QuietError, match="the same command goes on"):
        waits.client().get(web.base + replay_path(ONE))
    assert len(web.log) == TRIES


def test_a_429_that_does_not_say_how_long_is_waited_for_a_minute_and_longer(web: WebArchive, waits: Waits) -> None:
    web.faults["id_"], web.quiet = ["429", "429"], "soon"  # type: ignore[assignment]
    waits.client().get(web.base + replay_path(ONE))
    assert waits.slept == [60.0, 120.0]


def test_whoever_wants_hours_of_quiet_gets_them(web: WebArchive, waits: Waits) -> None:
    web.faults["id_"], web.quiet = ["503"], int(LONGEST_WAIT) + 1
    with pytest.raises(QuietError, match="hours of quiet"):
        waits.client().get(web.base + replay_path(ONE))
    assert waits.slept == []


def test_a_refused_connection_is_a_block_and_waited_for_like_one(web: WebArchive, waits: Waits) -> None:
    base = web.base
    web.__exit__()
    with pytest.raises(QuietError):
        waits.client().get(base + replay_path(ONE))
    assert waits.slept == [60.0, 120.0, 240.0, 480.0]
    web.__enter__()


@pytest.mark.parametrize("fault", ["503", "reset", "cut"])
def test_what_broke_on_the_way_is_asked_for_again(web: WebArchive, waits: Waits, fault: str) -> None:
    web.faults["id_"] = [fault] * 2
    assert waits.client().get(web.base + replay_path(ONE)).body == ONE.body
    assert len(web.log) == 3


def test_a_request_in_vain_is_given_up_after_some_tries(web: WebArchive, waits: Waits) -> None:
    web.faults["id_"] = ["cut"] * 9
    with pytest.raises(UnavailableError, match=f"{TRIES} times"):
        waits.client().get(web.base + replay_path(ONE))
    assert len(web.log) == TRIES


def test_an_archived_503_is_the_publishers_and_no_reason_to_wait(waits: Waits) -> None:
    busy = next(one for one in held() if one.status == 503)
    with WebArchive([busy]) as web:
        assert waits.client().get(web.base + replay_path(busy)).status == 503
        assert len(web.log) == 1


def test_an_answer_larger_than_any_page_is_not_read_to_its_end(
    web: WebArchive, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.rescue.client.DOWNLOAD_MAXSIZE", 100)
    with pytest.raises(NotTheCaptureError, match="larger than"):
        waits.client().get(web.base + replay_path(ONE))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_nothing_is_asked_of_a_private_address_unless_that_is_meant(web: WebArchive, waits: Waits, name: str) -> None:
    url = (web.base + replay_path(ONE)).replace("127.0.0.1", name)
    with pytest.raises(BantinError, match="--allow-private"):
        waits.client(allow_private=False).get(url)
    assert web.log == []
