"""How a whole crawl behaves towards hosts that are busy, silent, or say that they want to be left alone."""

import os
import signal
import socket
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from tests.bantin import workers_of
from tests.builders import liferay
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
    with RawServer({"/robots.txt": OOPS, "/": ARTICLE}) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/", "/a"))
        said = crawl.run("collect", status=1)
        assert set(server.paths) == {"/robots.txt"}
        assert "answered 500 for robots.txt" in said.stderr
        assert set(crawl.captures) == {"/robots.txt"}
        assert {outcome for outcome, _ in crawl.captures["/robots.txt"]} == {"failed"}
        assert due(crawl) == 2
        known = crawl.run("status", status=1).stderr
        assert "could not be asked for anything since" in known
        assert "answered 500 for robots.txt" in known
        server.answers["/robots.txt"] = robots("User-agent: *\nDisallow: /a\n")
        crawl.run("collect", status=None)
        assert "could not be asked" not in crawl.run("status", status=None).stderr
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
    crawl.run("--now", "2025-03-01T08:50:00Z", "collect", "--due", status=None)
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


def test_hosts_that_never_answer_do_not_hold_up_the_others_however_many_they_are(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(20)]
    with ExitStack() as running:
        silent = [running.enter_context(RawServer({"/robots.txt": lambda _: time.sleep(8)})) for _ in range(20)]
        quick = running.enter_context(RawServer(dict.fromkeys(paths, ARTICLE)))
        sources = [source(server.url, "/", id=f"cham-{number}") for number, server in enumerate(silent)]
        crawl = Crawl.of(tmp_path, *sources, source(quick.url, *paths, id="nhanh"))
        crawl.crawl(DOWNLOAD_TIMEOUT=6, RETRY_TIMES=0)
        began, ended = min(server.log[0][0] for server in silent), quick.log[-1][0]
    assert len(quick.log) == 21
    assert ended - began < 5


def test_what_is_new_does_not_wait_behind_all_the_known_addresses_that_are_due(tmp_path: Path) -> None:
    known = [f"/tin-tuc/-/view_content/{number}-cu.html" for number in range(1001, 1011)]
    fresh = "/tin-tuc/-/view_content/2001-moi.html"
    texts = {path: page(liferay(f"<p>Một đoạn văn đủ dài của {path}.</p>", title=path)) for path in (*known, fresh)}
    with RawServer({"/tin-tuc": list_page(*known), **texts}) as server:
        portal = source(server.url, "/tin-tuc", delay=0.4).replace('"generic"', '"hanoi-liferay"')
        crawl = Crawl.of(tmp_path, portal)
        crawl.crawl()
        server.log.clear()
        server.answers["/tin-tuc"] = list_page(fresh, *known)
        crawl.crawl("-a", "refetch=1")
        # One goes while the list is read; the others wait in the queue, where what is new goes before them.
        assert server.paths.index(fresh) <= len(known) // 2
        assert set(server.paths) == {"/robots.txt", "/tin-tuc", fresh, *known}


def list_page(*links: str) -> Answer:
    entries = (
        f'<div class="asset-abstract"><h3 class="asset-title"><a href="{link}">Tin</a></h3></div>' for link in links
    )
    return page(f"<html><body>{''.join(entries)}</body></html>")


def test_a_crawl_that_can_store_nothing_more_ends_though_a_host_rests_for_minutes(tmp_path: Path) -> None:
    def break_database(connection: socket.socket) -> None:
        crawl.sql("DROP TABLE reading")
        ARTICLE(connection)

    rest = send("HTTP/1.1 503 Busy\nRetry-After: 240\nContent-Length: 0\nConnection: close")
    with RawServer({"/": rest}) as resting, RawServer({"/": ARTICLE, "/a": break_database}) as awake:
        crawl = Crawl.of(tmp_path, source(resting.url, "/"), source(awake.url, "/", "/a", id="khac", delay=2))
        began = time.monotonic()
        said = crawl.run("collect", status=3)
        assert time.monotonic() - began < 60
        assert resting.paths == ["/robots.txt", "/"]
    assert "no such table: reading" in said.stderr


def test_a_worker_that_is_killed_in_the_middle_has_a_successor_and_the_crawl_goes_on(tmp_path: Path) -> None:
    def kill_workers(connection: socket.socket) -> None:
        for pid in workers_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        ARTICLE(connection)

    with RawServer({"/": ARTICLE, "/a": kill_workers, "/b": ARTICLE}) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/", "/a", "/b", delay=0.5))
        process = crawl.start("collect")
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0, said
    assert {path: outcomes[-1] for path, outcomes in crawl.captures.items() if path != "/robots.txt"} == dict.fromkeys(
        ("/", "/a", "/b"), ("ok", None)
    )
