"""The recorded portal as a live site for tests and benches: `../shared/portal` served in a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from fastwarc.warc import ArchiveIterator

SHARED = Path(os.environ.get("BANTIN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
WARC = SHARED / "portal" / "sotttt-party.warc.gz"
STARTS = ("/hoat-ong-ang-oan-the", "/vi/thanh-tra", "/pctn")
ARTICLES = 383


class Portal:
    """``with Portal("--churn") as portal:`` serves the portal on loopback, on a free port unless one is given."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self._options = options
        self.port = port or _free_port()

    def __enter__(self) -> Self:
        require_recording()
        command = [
            sys.executable,
            str(SHARED / "portal" / "serve.py"),
            "--warc",
            str(WARC),
            "--port",
            str(self.port),
        ]
        self._process = subprocess.Popen([*command, *self._options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found is not None, f"the portal did not start: {said!r}"
        self.url = found[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, path: str) -> str:
        """What the site answers at ``path``."""
        with urllib.request.urlopen(self.url + path) as answer:
            return str(answer.read().decode())

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every request so far, in order."""
        return [json.loads(line) for line in self.ask("/__lab__/log").splitlines() if line]

    def day(self, number: int) -> dict[str, Any]:
        """Move the site to a day; what is true on it."""
        return dict(json.loads(self.ask(f"/__lab__/day/{number}")))

    def catalogue(self, folder: Path, expect: int = 0) -> Path:
        """A source file for the portal as it is served now."""
        starts = ", ".join(f'"{self.url}{path}"' for path in STARTS)
        path = folder / "portal.toml"
        path.write_text(
            f"""[[source]]
id = "sotttt"
name = "Sở Thông tin và Truyền thông Hà Nội"
level = "city"
layout = "hanoi-liferay"
start = [{starts}]
expect_articles_min = {expect}
download_delay = 0
allow_private = true
""",
            encoding="utf-8",
        )
        return path


def require_recording() -> None:
    """Skip the test where the recording is not there; in CI that is a failure."""
    if not WARC.exists():
        reason = f"{WARC} is not there; BANTIN_SHARED names the folder that holds portal/"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def recorded() -> list[tuple[str, bytes]]:
    """(address, payload) of every recorded page."""
    require_recording()
    with WARC.open("rb") as stream:
        responses = (r for r in ArchiveIterator(stream, parse_http=True) if r.headers["WARC-Type"] == "response")
        return [(r.headers["WARC-Target-URI"].strip("<>"), r.reader.read()) for r in responses]


def articles() -> list[tuple[str, bytes]]:
    """Of these the article pages in both locales, print copies left out."""
    return [(url, payload) for url, payload in recorded() if "/-/view_content/" in url and "/pop_up/" not in url]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
