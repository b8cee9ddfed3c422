"""A web archive on loopback: an index and replay as Wayback's, pywb's and Common Crawl's, with their troubles.

What it answers follows the documents named in `pipelines.cdx`; no real archive was asked. It logs every request with
its time, so that pace and patience can be read from its own log.
"""

import gzip
import hashlib
import json
import threading
import time
from base64 import b32encode
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.warcs import record

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
BARRED = "AdministrativeAccessControlException: Blocked Site Error"


def sha1(body: bytes) -> str:
    """A digest as indexes state it."""
    return b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


@dataclass(frozen=True)
class Held:
    """A capture that the archive holds. ``as_revisit``: its index calls it a revisit and does not know its status."""

    url: str
    at: datetime
    body: bytes = field(repr=False, default=b"")
    status: int = 200
    mime: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()
    as_revisit: bool = False
    digest: str = ""

    @property
    def stamp(self) -> str:
        return self.at.strftime("%Y%m%d%H%M%S")

    @property
    def stated(self) -> str:
        """The digest in the index."""
        return self.digest or sha1(self.body)

    def row(self) -> list[str]:
        parts = urlsplit(self.url)
        key = ",".join(reversed((parts.hostname or "").split("."))) + ")" + parts.path
        said = ("warc/revisit", "-") if self.as_revisit else (self.mime, str(self.status))
        return [key, self.stamp, self.url, *said, self.stated, str(len(self.body))]


@dataclass(frozen=True)
class Asked:
    """A request as the archive saw it."""

    at: float
    path: str
    status: int
    agent: str


class WebArchive:
    """Serves ``held``. ``faults`` gives for a part of an address what happens to the next requests that have it:
    ``429`` and ``503`` (with Retry-After of ``quiet`` seconds), ``cut``, ``reset``, ``elsewhen``, ``page``, ``barred``,
    ``missing``. ``most``: so many lines are listed at once. ``newest_first`` turns the index round,
    ``timeless`` lets it list captures of any time, whatever it is asked. ``withheld`` has paths that are answered only
    once their event is set: who asks for one cannot come to an end before."""

    def __init__(self, held: Sequence[Held], most: int = 60, quiet: int = 1) -> None:
        self.held, self.most, self.quiet = list(held), most, quiet
        self.newest_first = self.timeless = False
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.withheld: dict[str, threading.Event] = {}
        self.log: list[Asked] = []
        self._lock = threading.Lock()
        self._records, self._places = self._packed()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"archive": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for event in self.withheld.values():
            event.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def wayback(self) -> str:
        return f"wayback+{self.base}/cdx/search/cdx"

    @property
    def pywb(self) -> str:
        return f"pywb+{self.base}/coll/cdx"

    @property
    def commoncrawl(self) -> str:
        return f"commoncrawl+{self.base}/collinfo.json"

    def replays(self, status: int | None = 200) -> list[str]:
        """The captures that were asked for, in order; those that were answered so."""
        return [a.path for a in self.log if "id_/" in a.path and status in (None, a.status)]

    def queries(self) -> list[str]:
        """What the index was asked."""
        return [a.path for a in self.log if "cdx?" in a.path or "-index?" in a.path]

    def note(self, path: str, status: int, agent: str) -> None:
        with self._lock:
            self.log.append(Asked(time.monotonic(), path, status, agent))

    def fault(self, path: str) -> str | None:
        with self._lock:
            for part, left in self.faults.items():
                if part in path and left:
                    return left.pop(0)
        return None

    def find(self, stamp: str, url: str) -> Held | None:
        return next((one for one in self.held if one.stamp == stamp and one.url == url), None)

    def listed(self, query: dict[str, str]) -> list[Held]:
        """The captures of a host between two times, by address and time."""
        host, since, until = query["url"], query.get("from", "0"), query.get("to", "9")
        if self.timeless:
            since, until = "0", "9"
        mine = (one for one in self.held if urlsplit(one.url).netloc == host and since <= one.stamp <= until)
        return sorted(mine, key=lambda one: (one.row()[0], one.at), reverse=self.newest_first)

    def _packed(self) -> tuple[bytes, dict[tuple[str, str], tuple[int, int]]]:
        data, places = b"", {}
        for one in self.held:
            lines = [f"HTTP/1.1 {one.status} X", f"Content-Type: {one.mime}", *(f"{n}: {v}" for n, v in one.headers)]
            block = "\r\n".join(lines).encode() + b"\r\n\r\n" + one.body
            more = {"WARC_Date": one.at.strftime("%Y-%m-%dT%H:%M:%SZ"), "WARC_Record_ID": f"<urn:{one.stamp}{one.url}>"}
            member = gzip.compress(record("response", block, one.url, **more), mtime=0)
            places[one.stamp, one.url] = (len(data), len(member))
            data += member
        return data, places

    def bytes_of(self, first: int, last: int) -> bytes:
        return self._records[first : last + 1]

    def place(self, one: Held) -> tuple[int, int]:
        return self._places[one.stamp, one.url]


class _Handler(BaseHTTPRequestHandler):
    archive: WebArchive
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Its log is the archive's."""

    def do_GET(self) -> None:
        fault = self.archive.fault(self.path)
        if fault in ("429", "503"):
            return self._say(int(fault), b"Too many requests", ("Retry-After", str(self.archive.quiet)))
        if fault == "reset":
            self.archive.note(self.path, 0, "")
            self.close_connection = True
            self.connection.close()
            return None
        if fault == "page":
            return self._say(200, b"<html><p>Internet Archive: something went wrong</p></html>")
        if fault == "barred":
            return self._say(403, b"barred", ("X-Archive-Wayback-Runtime-Error", BARRED))
        path, _, query = self.path.partition("?")
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if path == "/collinfo.json":
            return self._crawls()
        if path.startswith("/web/") or path.startswith("/coll/2"):
            return self._replay(fault)
        if path == "/cdx/search/cdx":
            return self._wayback(asked)
        if path == "/coll/cdx":
            return self._lines(self.archive.listed(asked))
        if path.endswith("-index"):
            return self._crawl(path[1:-6], asked)
        if path == "/crawl-data/records.warc.gz":
            first, last = (int(n) for n in self.headers["Range"].removeprefix("bytes=").split("-"))
            return self._say(206, self.archive.bytes_of(first, last))
        return self._say(404, b"nothing here")

    def _say(self, status: int, body: bytes, *headers: tuple[str, str], short: int = 0) -> None:
        self.archive.note(self.path, status, self.headers.get("User-Agent", ""))
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - short])
        if short:
            self.close_connection = True

    def _wayback(self, asked: dict[str, str]) -> None:
        found, start = self.archive.listed(asked), int(unquote(asked.get("resumeKey", "0")))
        most = min(self.archive.most, int(asked.get("limit", "99999")))
        rows: list[list[str]] = [list(FIELDS), *(one.row() for one in found[start : start + most])]
        if start + most < len(found) and asked.get("showResumeKey") == "true":
            rows += [[], [str(start + most)]]
        self._say(200, json.dumps(rows if found else []).encode())

    def _lines(self, found: Sequence[Held], places: bool = False) -> None:
        if not found:
            return self._say(404, json.dumps({"message": "No Captures found"}).encode())
        lines = [json.dumps(self._object(one, places)) for one in found]
        return self._say(200, "\n".join(lines).encode())

    def _object(self, one: Held, places: bool) -> dict[str, Any]:
        key, stamp, url, mime, status, digest, length = one.row()
        said = {"urlkey": key, "timestamp": stamp, "url": url, "mime": mime, "status": status, "digest": digest}
        if not places:
            return {**said, "length": length}
        offset, size = self.archive.place(one)
        return {**said, "length": str(size), "offset": str(offset), "filename": "crawl-data/records.warc.gz"}

    def _crawls(self) -> None:
        years = sorted({one.at.year for one in self.archive.held})
        said = [
            {"id": f"CC-MAIN-{year}-20", "cdx-api": f"{self.archive.base}/CC-MAIN-{year}-20-index"} for year in years
        ]
        self._say(200, json.dumps(said).encode())

    def _crawl(self, crawl: str, asked: dict[str, str]) -> None:
        found = [one for one in self.archive.listed(asked) if f"-{one.at.year}-" in crawl]
        pages = [found[n : n + 10] for n in range(0, len(found), 10)]
        if asked.get("showNumPages") == "true":
            return self._say(200, json.dumps({"pages": len(pages), "pageSize": 5}).encode())
        return self._lines(pages[int(asked["page"])], places=True)

    def _replay(self, fault: str | None) -> None:
        if event := self.archive.withheld.get(self.path):
            event.wait()
        root, _, rest = self.path[1:].partition("/")
        stamp, _, url = rest.partition("id_/")
        one = self.archive.find(stamp, url)
        if one is None or fault == "missing":
            return self._say(404, b"The Wayback Machine has not archived that URL.")
        if fault == "elsewhen":
            return self._say(302, b"", ("Location", f"/{root}/20250101000000id_/{url}"))
        if fault == "late":  # another capture, without a word but its date
            one = replace(one, at=datetime(2025, 1, 1, tzinfo=UTC))
        headers = [("Memento-Datetime", format_datetime(one.at, usegmt=True)), ("Content-Type", one.mime)]
        status, mark = one.status, "X-Archive-Orig-" if root == "web" else ""
        for name, value in one.headers:
            headers.append((f"{mark}{name}", value))
            if name == "Location" and mark:
                headers.append((name, f"{self.archive.base}/web/{stamp}id_/{value}"))
        if 300 <= status < 400 and root == "web":
            status = 302
        return self._say(status, one.body, *headers, short=len(one.body) // 2 if fault == "cut" else 0)


def replay_path(one: Held) -> str:
    """The path under which a capture is asked for."""
    return f"/web/{one.stamp}id_/{quote(one.url, safe=':/?=&%')}"
