#!/usr/bin/env python3
"""Serve the sample portals of this folder on loopback, as they stand on a given day. Standard library only.

    python3 tests/site/server.py --ports 8765 8766 --day 1      (0: any free port)

What address gives which file, in `quan-uy/` and `bao/`:

* `/a/b.html` is `a/b.html`; `/a` is `a/index.html`, else `a.html`. Queries are ignored, except that
  `_101_cur=N` with N > 1 asks for `a/index@N.html`. On day N a file is taken from `dayN/`, else from the day before.
* Whatever stands before the last `{section}/-/view_content/`, and `/en` or `/vi` before any address, is dropped, as
  the platform does: `/en/en/...` and `.../view_content/vi/...` are further addresses of the same page. The `/en/`
  links of a page served below `/en` grow by one more `/en`. A prefix of more than 8 segments is a 404.
* `dayN/gone.txt` (a path a line) is 404 and `dayN/moved.txt` (`old new`) is 301 from day N on. Other: 404.
* `/documents/**/a.pdf`, whatever Liferay writes behind it, is that file as it is; `.doc` likewise.
* `/rss/home.rss`, `/sitemap.xml` and the like are files of that name; with `.gz` they are packed on the way out.
* `{{views}}` is a number that grows with every fetch. No ETag, no Last-Modified, as on the real sites.

Control, on either port: `/__lab__/day/N` moves both sites to day N; `/__lab__/log` is every request, a JSON line each.
"""

import argparse
import contextlib
import gzip
import itertools
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SITES = ("quan-uy", "bao")
ROBOTS = "User-agent: *\nDisallow: /search\n"
ARTICLE = re.compile(r"(?P<prefix>.*)(?P<path>/[^/]+/-/view_content/.+)")
LISTING = re.compile(r"/(?:rss/[\w.-]+|sitemap[\w.-]*)")
LANGUAGE = re.compile(r"(?P<prefix>(?:/(?:en|vi)(?=/))*)(?P<path>/.*)")
DEEPEST = 8
HTML = {"Content-Type": "text/html;charset=UTF-8"}
FILES = {".pdf": "application/pdf", ".doc": "application/msword"}
DOCUMENT = re.compile(r"(/documents/(?:[^/]+/)*[^/]+\.(?:pdf|doc))(?:/[^/]+)?")
Answer = tuple[int, str | bytes, dict[str, str]]
NOT_FOUND: Answer = (404, "<html><body><h1>Không tìm thấy trang</h1></body></html>", HTML)


class SampleSite:
    """The two sites in threads: `with SampleSite() as site: fetch(site.urls["quan-uy"] + "/hoat-ong-ang")`.

    `day` may be set at any time; `log` has a dict a request: t (seconds since 1970), site, path, user_agent, status."""

    def __init__(self, ports: tuple[int, int] = (0, 0), day: int = 1, root: Path = Path(__file__).parent) -> None:
        self.ports, self.day, self.root = ports, day, root
        self.robots, self.robots_at = ROBOTS, "/robots.txt"
        self.log: list[dict[str, Any]] = []
        self.urls: dict[str, str] = {}
        self._views = itertools.count(1201)
        self._running = contextlib.ExitStack()

    def start(self) -> "SampleSite":
        for name, port in zip(SITES, self.ports, strict=True):
            server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self, name))
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=f"site-{name}", daemon=True)
            thread.start()
            for undo in (thread.join, server.server_close, server.shutdown):
                self._running.callback(undo)
            self.urls[name] = f"http://127.0.0.1:{server.server_port}"
        return self

    def stop(self) -> None:
        self._running.close()

    __enter__ = start

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def answer(self, name: str, target: str) -> Answer:
        """Status, text or bytes, and headers for a path and query of one site."""
        parts = urlsplit(target)
        if parts.path == self.robots_at:
            named = f"Sitemap: {self.urls[name]}/sitemap.xml\n" if self._held(name, ["sitemap.xml"]) else ""
            return 200, self.robots + named, {"Content-Type": "text/plain"}
        if parts.path == "/robots.txt":
            return 301, "", {**HTML, "Location": self.robots_at}
        if LISTING.fullmatch(parts.path):
            return self._listing(name, parts.path.strip("/"))
        if document := DOCUMENT.fullmatch(unquote(parts.path)):
            return self._document(name, document[1].strip("/"))
        match = ARTICLE.fullmatch(unquote(parts.path)) or LANGUAGE.fullmatch(unquote(parts.path))
        if match is None or match["prefix"].count("/") > DEEPEST or match["path"] in self._listed(name, "gone.txt"):
            return NOT_FOUND
        if moved := self._listed(name, "moved.txt").get(match["path"]):
            return 301, "", {**HTML, "Location": moved}
        page = parse_qs(parts.query).get("_101_cur", ["1"])[0]
        if (file := self._file(name, match["path"].strip("/"), page)) is None:
            return NOT_FOUND
        text = file.read_text("utf-8").replace("{{views}}", str(next(self._views)))
        if re.fullmatch(r"(/en)+", match["prefix"]):
            text = text.replace('href="/en/', f'href="{match["prefix"]}/en/')
        return 200, text, HTML

    def _listing(self, name: str, path: str) -> Answer:
        if (file := self._held(name, [path.removesuffix(".gz")])) is None:
            return NOT_FOUND
        text = file.read_text("utf-8").replace("{{site}}", self.urls[name])
        if path.endswith(".gz"):
            return 200, gzip.compress(text.encode(), mtime=0), {"Content-Type": "application/octet-stream"}
        return 200, text, {"Content-Type": "text/xml; charset=utf-8"}

    def _document(self, name: str, path: str) -> Answer:
        if (file := self._held(name, [path])) is None:
            return NOT_FOUND
        return 200, file.read_bytes(), {"Content-Type": FILES[file.suffix]}

    def control(self, path: str) -> Answer:
        if day := re.fullmatch(r"/__lab__/day/([1-9]\d*)", path):
            self.day = int(day[1])
        elif path != "/__lab__/log":
            return NOT_FOUND
        entries = [{"day": self.day}] if day else list(self.log)
        return 200, "".join(json.dumps(entry) + "\n" for entry in entries), {"Content-Type": "application/x-ndjson"}

    def _days(self, name: str) -> list[Path]:
        """The folders that hold on this day, the latest first."""
        return [folder for day in range(self.day, 0, -1) if (folder := self.root / name / f"day{day}").is_dir()]

    def _listed(self, name: str, file: str) -> dict[str, str]:
        lists = [folder / file for folder in self._days(name) if (folder / file).is_file()]
        lines = (line.split() for path in lists for line in path.read_text("utf-8").splitlines())
        return {words[0]: words[-1] for words in lines if words}

    def _file(self, name: str, path: str, page: str) -> Path | None:
        index = "index.html" if page == "1" else f"index@{page}.html"
        return self._held(name, [path] if path.endswith(".html") else [f"{path}/{index}".lstrip("/"), f"{path}.html"])

    def _held(self, name: str, names: list[str]) -> Path | None:
        files = ((folder, folder / wanted) for folder in self._days(name) for wanted in names)
        return next((f for folder, f in files if f.is_file() and f.resolve().is_relative_to(folder.resolve())), None)


def _handler(site: SampleSite, name: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version, server_version, sys_version = "HTTP/1.1", "SampleSite", ""

        def do_GET(self) -> None:
            if self.path.startswith("/__lab__/"):
                status, text, headers = site.control(self.path)
            else:
                status, text, headers = site.answer(name, self.path)
                asked = {"site": name, "path": self.path, "user_agent": self.headers.get("User-Agent", "")}
                site.log.append({"t": time.time(), **asked, "status": status})
            body = text if isinstance(text, bytes) else text.encode()
            self.send_response(status)
            for field, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                self.send_header(field, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Requests go to `site.log`, not to stderr."""

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ports", type=int, nargs=2, default=(8765, 8766), metavar=("QUAN_UY", "BAO"))
    parser.add_argument("--day", type=int, default=1)
    args = parser.parse_args()
    with SampleSite(tuple(args.ports), args.day) as site:
        print("ready", *(f"{name}={url}" for name, url in site.urls.items()), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
