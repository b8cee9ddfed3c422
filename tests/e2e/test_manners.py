"""How a whole crawl behaves towards hosts that are busy, silent, or say that they want to be left alone."""

import socket
import time
from itertools import pairwise
from pathlib import Path

from tests.e2e.crawls import Crawl, source
from tests.rawserver import Answer, RawServer, page, send

ARTICLE = page("<html><body><h1>Tin mẫu</h1><p>Một đoạn văn đủ dài để đọc.</p></body></html>")
BUSY = send("HTTP/1.1 503 Busy\nContent-Length: 0\nConnection: close")
OOPS = send("HTTP/1.1 500 Oops\nContent-Length: 0\nConnection: close")
AWAY = send("HTTP/1.1 503 Away\nRetry-After: 86400\nContent-Length: 0\nConnection: close")


def robots(text: str) -> Answer:
    return send(f"HTTP/1.1 200 OK\nContent-Length: {len(text)}\nConnection: close", text.encode())


def due(crawl: Crawl) -> int:
    return int(crawl.sql("SELECT count(*) FROM frontier WHERE due_at IS NOT NULL")[0][0])


def test_nothing_is_asked_for_while_robots_txt_cannot_be_had_and_it_stays_due(tmp_path: Path) -> None:
    with RawServer(
        {"/robots.txt": send("HTTP/1.1 500 Oops\nContent-Length: 0\nConnection: close"), "/": ARTICLE}
    ) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/", "/a"))
        said = crawl.run("collect", status=1)
        assert set(server.paths) == {"/robots.txt"}
        assert "answered 500 for robots.txt" in said.stderr
        assert set(crawl.captures) == {"/robots.txt"}
        assert {outcome for outcome, _ in crawl.captures["/robots.txt"]} == {"failed"}
        assert due(crawl) == 2
        server.answers["/robots.txt"] = robots("User-agent: *\nDisallow: /a\n")
        crawl.run("collect", status=None)
    assert crawl.captures["/"] == [("ok", None)]
    assert crawl.captures["/a"] == [("blocked", "ForbiddenError: forbidden by robots.txt")]


def test_a_silent_host_is_left_remembered_and_tried_with_one_request(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    crawl = Crawl.of(tmp_path, source(url, "/", "/a"))
    crawl.run("--now", "2025-03-01T08:00:00Z", "collect", status=1)
    attempts = len(crawl.captures["/robots.txt"])
    assert set(crawl.captures) == {"/robots.txt"}
    assert due(crawl) == 2
    crawl.run("--now", "2025-03-01T09:00:00Z", "collect", "--due", status=None)
    assert len(crawl.captures["/robots.txt"]) == attempts, "not before its time"
    crawl.run("--now", "2025-03-02T10:00:00Z", "collect", "--due", status=1)
    assert len(crawl.captures["/robots.txt"]) == attempts + 1, "one request"


def test_a_host_that_asks_for_a_long_rest_is_left_and_another_is_not(tmp_path: Path) -> None:
    with RawServer({"/": AWAY, "/a": ARTICLE}) as resting, RawServer({"/": ARTICLE}) as awake:
        crawl = Crawl.of(tmp_path, source(resting.url, "/", delay=0.5), source(awake.url, "/", id="khac"))
        said = crawl.run("collect", status=1)
        assert resting.paths == ["/robots.txt", "/"]
        assert "asks to be left alone for 86400 s" in said.stderr
        assert awake.paths == ["/robots.txt", "/"]
        crawl.run("collect", "--due", status=None)
        assert resting.paths == ["/robots.txt", "/"], "not even its robots.txt"


def test_rests_grow_while_a_host_is_busy(tmp_path: Path) -> None:
    with RawServer({"/": BUSY}) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        crawl.run("collect", status=1)
        times = [at for at, path in server.log if path == "/"]
    gaps = [after - before for before, after in pairwise(times)]
    assert len(gaps) == 2, "asked three times"
    assert gaps[0] >= 2
    assert gaps[1] >= 4


def test_a_host_that_never_answers_does_not_hold_up_the_others(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(40)]
    slow = RawServer({"/robots.txt": lambda connection: time.sleep(8)})
    with slow, RawServer(dict.fromkeys(paths, ARTICLE)) as quick:
        crawl = Crawl.of(tmp_path, source(slow.url, *paths), source(quick.url, *paths, id="khac"))
        crawl.crawl(DOWNLOAD_TIMEOUT=6, RETRY_TIMES=0, CONCURRENT_REQUESTS=8)  # few places, soon taken
        began, ended = quick.log[0][0], quick.log[-1][0]
    assert len(quick.log) == 41
    assert ended - began < 5
