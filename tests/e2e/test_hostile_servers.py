"""What servers may do to a crawl, done to a real one: each attempt is a capture with its reason, and no more."""

import gzip
import socket
import time
from pathlib import Path

from tests.e2e.crawls import Crawl, source
from tests.rawserver import Answer, RawServer, page, redirect, send

ARTICLE = "<html><body><h1>Tin mẫu</h1><p>Một đoạn văn đủ dài để đọc.</p></body></html>"


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.3)


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Filling: " + b"x" * 8000 + b"\r\n")


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


HALF = ARTICLE.encode()[: len(ARTICLE) // 2]
CHUNKED = "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked"
CLOSED = "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nConnection: close"
PLAIN = "HTTP/1.1 200 OK\nContent-Type: application/octet-stream\nConnection: close"
ZIPPED = "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nConnection: close"
BOMB = gzip.compress(gzip.compress(b"\0" * 2**27))
BAD: dict[str, tuple[Answer, str]] = {
    "/short": (send("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 500", HALF), "ResponseDataLossError"),
    "/chunk": (send(CHUNKED, b"40\r\n" + HALF), "ResponseDataLossError"),
    "/chunks": (send(CHUNKED, b"%x\r\n%b\r\n" % (len(HALF), HALF)), "ResponseDataLossError"),
    "/closed": (send(CLOSED, HALF), "cut short by its recorder (disconnect)"),
    "/reset": (send(CLOSED, HALF, reset=True), "cut short by its recorder (disconnect)"),
    "/plan.pdf": (send(PLAIN, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), "cut short by its recorder (disconnect)"),
    "/gzip": (send(ZIPPED, gzip.compress(HALF)[:-12]), "compressed body cut short"),
    "/drip": (drip, "DownloadTimeoutError"),
    "/flood": (flood, "DownloadFailedError"),
    "/endless": (endless, "larger than is taken"),
    "/large": (send(f"{CLOSED}\nContent-Length: 99999999"), "larger than is taken"),
    "/nothing": (lambda connection: None, "DownloadFailedError"),
    "/nonsense": (lambda connection: connection.sendall(b"\x15\x03\x01\x00\x02\x02F"), "DownloadFailedError"),
}
BAD["/bomb"] = (
    send("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip, gzip\nConnection: close", BOMB),
    "body larger than",
)


def test_no_half_page_is_taken_for_a_whole_one_and_nothing_runs_on_for_ever(tmp_path: Path) -> None:
    good: dict[str, Answer] = {"/good": page(ARTICLE), "/open": send(CLOSED, ARTICLE.encode())}
    with RawServer({path: answer for path, (answer, _) in BAD.items()} | good) as server:
        crawl = Crawl.of(tmp_path, source(server.url, *good, *BAD))
        began = time.monotonic()
        crawl.crawl(DOWNLOAD_TIMEOUT=3, RETRY_TIMES=0, DOWNLOAD_MAXSIZE=2**20)
        assert time.monotonic() - began < 40
    captures = crawl.captures
    assert {path: [outcome for outcome, _ in found] for path, found in captures.items()} == {
        "/robots.txt": ["gone"],
        **{path: ["ok"] for path in good},
        **{path: ["failed"] for path in BAD},
    }
    wrong = {path: captures[path] for path, (_, reason) in BAD.items() if reason not in (captures[path][0][1] or "")}
    assert not wrong
    crawl.run("verify")


def test_no_redirect_leads_to_a_private_address_another_scheme_or_another_sources_host(tmp_path: Path) -> None:
    with RawServer({"/secret": page("<html>secret</html>")}) as inner, RawServer({}) as outer:
        port = inner.port
        targets = [
            f"http://127.0.0.1:{port}/secret", f"http://2130706433:{port}/secret", f"http://0x7f.1:{port}/secret",
            f"http://0177.0.0.1:{port}/secret", f"http://[::ffff:127.0.0.1]:{port}/secret", f"http://[::1]:{port}/secret",
            f"http://localhost:{port}/secret", "file:///etc/hostname", "ftp://127.0.0.1/a", "data:text/html,<p>a</p>",
            f"//127.0.0.1:{port}/secret", "http://169.254.169.254/latest/meta-data/",
        ]  # fmt: skip
        outer.answers |= {f"/{number}": redirect(target) for number, target in enumerate(targets)}
        outer.answers["/robots.txt"] = redirect(f"http://127.0.0.1:{port}/secret")
        pages = [f"/{number}" for number in range(len(targets))]
        crawl = Crawl.of(tmp_path, source(outer.url, *pages), source(inner.url, "/own", id="inner"))
        crawl.crawl(RETRY_TIMES=0)
        assert inner.paths == ["/robots.txt", "/own"]
        outer.answers.pop("/robots.txt")
        crawl.crawl(RETRY_TIMES=0)
        assert inner.paths == ["/robots.txt", "/own"] * 2
    assert all(crawl.captures[path][-1][0] == "redirected" for path in pages)


def test_a_name_that_leads_to_this_machine_is_refused_where_it_is_connected_to(tmp_path: Path) -> None:
    with RawServer({"/": page(ARTICLE)}) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        crawl = Crawl.of(tmp_path, source(url, "/", private=False))
        said = crawl.crawl(RETRY_TIMES=0)
        assert server.log == []
        crawl.catalogue(source(url, "/", private=True))
        crawl.crawl(RETRY_TIMES=0)
        assert server.paths == ["/robots.txt", "/"]
    assert "localhost (127.0.0.1) is a private address" in crawl.captures["/robots.txt"][0][1], said
