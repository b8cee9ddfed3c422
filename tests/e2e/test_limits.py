"""Where a crawl stops by itself: depth, length of addresses, schemes; and what is left to nobody but us to do."""

import gzip
import socket
import subprocess
import sys
from pathlib import Path

from scrapy.settings import Settings

from tests.bantin import ROOT, environment
from tests.e2e.crawls import Crawl, source
from tests.rawserver import Answer, RawServer, page, send

TEXT = "Một đoạn văn đủ dài để đọc, với mấy câu bình thường về công việc của xã."


def linking(*targets: str) -> Answer:
    links = "".join(f'<h2><a rel="next" href="{target}">Trang sau của chuyên mục</a></h2>' for target in targets)
    return page(f"<html><body><h1>Tin mẫu</h1><p>{TEXT}</p>{links}</body></html>")


def test_what_lies_deeper_than_max_depth_stays_due_for_the_next_crawl(tmp_path: Path) -> None:
    chain = [f"/tin?page={number}" for number in range(1, 7)]
    answers = {here: linking(there) for here, there in zip(["/tin", *chain], [*chain, "/tin"], strict=True)}
    with RawServer(answers) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/tin", more="max_depth = 3"))
        said = crawl.run("collect", status=None).stderr
        assert server.paths[1:] == ["/tin", *chain[:3]]
        assert "what lies more than 3 links deep stays due for the next crawl (max_depth)" in said
        server.log.clear()
        crawl.run("collect", "--due", status=None)
        assert server.paths[1:] == chain[3:]


def test_an_address_longer_than_any_that_names_a_page_is_not_asked_for(tmp_path: Path) -> None:
    long, short = "/" + "a" * 2000, "/" + "b" * 1000
    with RawServer({"/": linking(long, short), long: page(TEXT), short: page(TEXT)}) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        said = crawl.run("collect", status=None).stderr
        assert server.paths == ["/robots.txt", "/", short]
    assert "addresses of more than 2000 characters are not asked for" in said


def test_a_request_on_a_connection_that_breaks_is_one_attempt_and_no_other_follows_it_unseen(tmp_path: Path) -> None:
    broken: list[str] = []

    def keep_open(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        broken.append(connection.recv(65536).split(b" ", 2)[1].decode())  # and no answer to that one

    with RawServer({"/robots.txt": keep_open, "/": linking()}) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        crawl.crawl(RETRY_TIMES=0)
    assert broken == ["/"], "the connection was used again"
    assert server.paths == ["/robots.txt"]
    assert [outcome for outcome, _ in crawl.captures["/"]] == ["failed"]


def test_the_event_loop_decodes_no_bodies(tmp_path: Path) -> None:
    body = gzip.compress(f"<html><body><h1>Tin</h1><p>{TEXT}</p></body></html>".encode())
    head = f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nContent-Length: {len(body)}"
    with RawServer({"/": send(f"{head}\nConnection: close", body)}) as server:
        crawl = Crawl.of(tmp_path, source(server.url, "/"))
        said = crawl.crawl(STATS_DUMP=True)
    assert crawl.captures["/"] == [("ok", None)]
    assert "downloader/response_count" in said
    assert "httpcompression" not in said


def test_there_is_no_way_to_other_schemes_whatever_a_link_or_a_redirect_says(tmp_path: Path) -> None:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    (tmp_path / "a").write_text("secret", "utf-8")
    command = [sys.executable, "-m", "scrapy", "fetch", f"file://{tmp_path / 'a'}"]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=60)
    assert "Unsupported URL scheme 'file'" in done.stderr
    assert "secret" not in done.stdout
