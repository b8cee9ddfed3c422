"""Crawls of servers that a test makes up, run by `scrapy crawl` with settings of one's own."""

import subprocess
import sys
from pathlib import Path

from tests.bantin import ROOT, Bantin, environment

SOURCE = """[[source]]
id = "{id}"
name = "{id}"
level = "school"
layout = "generic"
start = [{starts}]
download_delay = {delay}
allow_private = {private}
{more}
"""


def source(url: str, *paths: str, id: str = "mau", delay: float = 0, private: bool = True, more: str = "") -> str:
    """A source file's entry; ``paths`` of the server at ``url`` are its start pages."""
    starts = ", ".join(f'"{url}{path}"' for path in paths)
    return SOURCE.format(id=id, starts=starts, delay=delay, private=str(private).lower(), more=more)


class Crawl(Bantin):
    """A home and a catalogue in a folder of their own."""

    @classmethod
    def of(cls, folder: Path, *sources: str) -> "Crawl":
        """The database is made, and the catalogue holds these sources."""
        made = cls(folder / "home", folder / "sources.toml")
        made.catalogue(*sources)
        made.init()
        return made

    def catalogue(self, *sources: str) -> None:
        """From now on the catalogue holds these sources."""
        self.sources.write_text("\n".join(sources), "utf-8")

    def crawl(self, *arguments: str, trust: Path | None = None, **settings: object) -> str:
        """Crawl all sources to the end; what was logged. ``trust`` is a file of certificates to trust."""
        given = {"BANTIN_HOME": self.home, "BANTIN_SOURCES": self.sources, "BANTIN_WORKERS": 1, **settings}
        options = [word for name, value in given.items() for word in ("-s", f"{name}={value}")]
        command = [sys.executable, "-m", "scrapy", "crawl", "portal", *arguments, *options]
        trusted = {"SSL_CERT_FILE": str(trust)} if trust else {}
        done = subprocess.run(
            command, cwd=ROOT, env=environment() | trusted, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    @property
    def captures(self) -> dict[str, list[tuple[str, str | None]]]:
        """Path → (outcome, reason) of its captures, in order."""
        found: dict[str, list[tuple[str, str | None]]] = {}
        for url, outcome, reason in self.sql("SELECT url, outcome, reason FROM v_capture ORDER BY captured_at"):
            found.setdefault("/" + url.split("/", 3)[3], []).append((outcome, reason))
        return found
