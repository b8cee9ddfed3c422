"""The catalogue: who publishes. One TOML file holds one or more sources; unknown keys are errors with file and line."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from archive.errors import ConfigError, UsageError
from archive.store import SourceFacts
from pipelines.cleaner import HostTerm, SourceContext
from pipelines.layouts import Layouts
from pipelines.tomlfile import Names, Table, line_of, load


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
        raise ValueError("not an http(s) address")
    _ = parts.port
    return url


_EVERY = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _every(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,3}[mhdw]", text):
        raise ValueError("a rhythm is a number and m, h, d or w, as in 6h")
    return text


def _id(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", text):
        raise ValueError("an id has lower-case letters, digits and hyphens only")
    return text


class HostTable(Table):
    """A host with the days (Vietnam's, both included) on which it was the source's."""

    name: str
    since: date | None = None
    until: date | None = None


class AttachmentsTable(Table):
    """Which files behind articles are captured too: by the ending of their names, and no larger than this."""

    types: Names = ("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "rtf", "zip", "rar")
    images: bool = True
    max_bytes: int = Field(50 * 2**20, ge=0)


class TlsTable(Table):
    """A host whose certificate is known to be broken: it is fetched all the same, and its captures say so."""

    verify: Literal[False]
    reason: str


Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], Field(strict=False)]


class Source(Table):
    """One publisher's site, as its file says."""

    id: Annotated[str, AfterValidator(_id)]
    name: str
    level: Literal["city", "district", "ward", "commune", "school", "press"]
    layout: str
    start: Annotated[tuple[Address, ...], Field(strict=False, min_length=1)]
    feeds: Addresses = ()
    sitemaps: Addresses = ()
    hosts: Annotated[tuple[str | HostTable, ...], Field(strict=False)] = ()
    every: Annotated[str, AfterValidator(_every)] = "1d"
    expect_articles_min: int = Field(0, ge=0)
    download_delay: float = Field(1.0, ge=0, strict=False)
    max_depth: int = Field(50, ge=1)
    attachments: AttachmentsTable = AttachmentsTable()
    tls: TlsTable | None = None
    allow_private: bool = False
    verified: bool = False
    evidence: str | None = None

    @property
    def rhythm(self) -> timedelta:
        """How often the source is to be visited."""
        return int(self.every[:-1]) * _EVERY[self.every[-1]]

    @property
    def context(self) -> SourceContext:
        """What cleaning needs to know of it."""
        terms = (
            HostTerm(host) if isinstance(host, str) else HostTerm(host.name, host.since, host.until)
            for host in self.hosts
        )
        return SourceContext.of(self.id, self.layout, self.start, terms)


class SourceFile(Table):
    """A file of the catalogue."""

    source: Annotated[tuple[Source, ...], Field(strict=False, min_length=1)]


class Catalogue:
    """All sources by id, and the file and line that each stands on."""

    def __init__(self, sources: dict[str, Source], places: dict[str, str]) -> None:
        self.sources, self.places = sources, places

    def pick(self, ids: Iterable[str]) -> list[Source]:
        """The sources with these ids; all of them where none is given. Raises UsageError for an unknown id."""
        ids = list(dict.fromkeys(ids))
        if unknown := [i for i in ids if i not in self.sources]:
            raise UsageError(f"no source {unknown[0]!r} in the catalogue. See: bantin sources list")
        return [self.sources[i] for i in ids] if ids else list(self.sources.values())

    @property
    def facts(self) -> list[SourceFacts]:
        """All sources as the store knows them."""
        return [(source.id, source.name, source.level, source.layout, True) for source in self.sources.values()]

    @property
    def contexts(self) -> list[SourceContext]:
        """The contexts of all sources."""
        return [source.context for source in self.sources.values()]

    @classmethod
    def load(cls, path: Path | None, layouts: Layouts) -> "Catalogue":
        """The catalogue of a folder or one file; what is shipped where ``path`` is None. Raises ConfigError."""
        sources: dict[str, Source] = {}
        places: dict[str, str] = {}
        for file in _files(path):
            table, lines = load(file, SourceFile)
            for index, source in enumerate(table.source):
                line = line_of(lines, ("source", index, "id"))
                if source.id in sources:
                    raise ConfigError(
                        file, line, f"source {source.id!r} stands in {places[source.id]} too", "Rename one"
                    )
                if source.layout not in layouts.by_id:
                    line, known = line_of(lines, ("source", index, "layout")), ", ".join(sorted(layouts.by_id))
                    raise ConfigError(file, line, f"no layout {source.layout!r}", f"Choose one of: {known}")
                sources[source.id], places[source.id] = source, f"{file}:{line}"
                _check_hosts(source, sources.values(), file, line_of(lines, ("source", index, "hosts")))
        return cls(sources, places)


def _check_hosts(source: Source, others: Iterable[Source], file: Path, line: int | None) -> None:
    """A host is one source's at a time: a capture is matched to its source by host and day."""
    for other in others:
        for mine, theirs in product(source.context.terms, other.context.terms):
            if other.id != source.id and mine.meets(theirs):
                remedy = "Give both the days on which it was theirs: { name, since, until }"
                raise ConfigError(file, line, f"host {mine.host!r} is {other.id!r}'s on the same days", remedy)


def _files(path: Path | None) -> list[Path]:
    folder = path or Path(str(resources.files("crawler") / "sources"))
    if not folder.is_dir():
        return [folder]
    if files := sorted(folder.glob("*.toml")):
        return files
    raise ConfigError(folder, None, "no source files (*.toml) here", "Name a source file or a folder of them")
