"""The catalogue: who publishes. One TOML file holds one or more sources; unknown keys are errors with file and line."""

import re
from collections.abc import Iterable
from datetime import date
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
from pipelines.tomlfile import Table, line_of, load


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in url:
        raise ValueError("not an http(s) address")
    _ = parts.port
    return url


def _id(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", text):
        raise ValueError("an id has lower-case letters, digits and hyphens only")
    return text


class HostTable(Table):
    """A host with the days (Vietnam's, both included) on which it was the source's."""

    name: str
    since: date | None = None
    until: date | None = None


Address = Annotated[str, AfterValidator(_address)]


class Source(Table):
    """One publisher's site, as its file says."""

    id: Annotated[str, AfterValidator(_id)]
    name: str
    level: Literal["city", "district", "ward", "commune", "school", "press"]
    layout: str
    start: Annotated[tuple[Address, ...], Field(strict=False, min_length=1)]
    hosts: Annotated[tuple[str | HostTable, ...], Field(strict=False)] = ()
    expect_articles_min: int = Field(0, ge=0)
    download_delay: float = Field(1.0, ge=0, strict=False)
    allow_private: bool = False
    verified: bool = False
    evidence: str | None = None

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
