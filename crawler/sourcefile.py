"""What a source's table in the catalogue may say: `crawler.sources` reads the files, `crawler.families` templates.

Unknown keys and wrong types are errors; CONTRIBUTING.md explains each key to who writes one.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from archive.records import Link
from pipelines.addresses import url_key
from pipelines.attachments import FILE_TYPES
from pipelines.context import HostTerm, LayoutTerm, SourceContext
from pipelines.tomlfile import Names, Table


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


Id = Annotated[str, AfterValidator(_id)]
Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], Field(strict=False)]


class HostTable(Table):
    """A host with the days (Vietnam's, both included) on which it was the source's."""

    name: str
    since: date | None = None
    until: date | None = None


class LayoutTable(Table):
    """A layout with the days (Vietnam's, both included) on which the site's pages were of it."""

    id: str
    since: date | None = None
    until: date | None = None


def _file_types(types: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := sorted(set(types) - FILE_TYPES):
        raise ValueError(f"no file type {unknown[0]!r}; known are {', '.join(sorted(FILE_TYPES))}")
    return types


class AttachmentsTable(Table):
    """Which files behind articles are captured too: by the ending of their names, and no larger than this."""

    types: Annotated[Names, AfterValidator(_file_types)] = (
        *("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "rtf", "zip", "rar"),
    )
    images: bool = True
    max_bytes: int = Field(50 * 2**20, ge=1)


class TlsTable(Table):
    """A host whose certificate is known to be broken: it is fetched all the same, and its captures say so."""

    verify: Literal[False]
    reason: str


def _layouts(said: object) -> object:
    """One id is a layout for all days."""
    return (LayoutTable(id=said),) if isinstance(said, str) else said


def _seamless(layouts: tuple[LayoutTable, ...]) -> tuple[LayoutTable, ...]:
    """Raise ValueError unless each layout begins on the day after the one before it ends, and the last has no end."""
    for before, after in pairwise(layouts):
        if before.until is None or after.since is None or after.since - before.until != timedelta(days=1):
            raise ValueError(f"{after.id} does not begin on the day after {before.id} ends")
    if layouts[0].since is not None or layouts[-1].until is not None:
        raise ValueError("the first layout has no since, the last no until: every day has one")
    for one in layouts:
        if one.since is not None and one.until is not None and one.until < one.since:
            raise ValueError(f"{one.id} ends before it begins")
    return layouts


LayoutTerms = Annotated[
    tuple[LayoutTable, ...],
    Field(strict=False, min_length=1, alias="layout"),
    AfterValidator(_seamless),
    BeforeValidator(_layouts),
]


class Source(Table):
    """One publisher's site, as its file or its family says."""

    id: Id
    name: str
    level: Literal["city", "district", "ward", "commune", "school", "press"]
    unit: str | None = None
    layout_terms: LayoutTerms
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
    paused: str = ""
    verified: bool = False
    evidence: str | None = None

    @property
    def layout(self) -> str:
        """The layout of its pages today."""
        return self.layout_terms[-1].id

    @property
    def rhythm(self) -> timedelta:
        """How often the source is to be visited."""
        return int(self.every[:-1]) * _EVERY[self.every[-1]]

    @property
    def entries(self) -> list[Link]:
        """The pages that its file names: where every visit begins."""
        named = (("list", self.start), ("feed", self.feeds), ("sitemap", self.sitemaps))
        return [Link(url, url_key(url), kind) for kind, urls in named for url in urls]

    @property
    def context(self) -> SourceContext:
        """What cleaning needs to know of it."""
        hosts = (
            HostTerm(host) if isinstance(host, str) else HostTerm(host.name, host.since, host.until)
            for host in self.hosts
        )
        layouts = tuple(LayoutTerm(one.id, one.since, one.until) for one in self.layout_terms)
        found = SourceContext.of(self.id, layouts, self.start, hosts, self.feeds, self.sitemaps)
        return replace(found, file_types=frozenset(self.attachments.types), images=self.attachments.images)
