"""What cleaning and link-finding know of a source: hosts, layouts, the pages that its file names.

The catalogue makes these values, `pipelines.cleaner` hands them out by source, and by host and day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.addresses import host_of, url_key
from pipelines.attachments import FILE_TYPES
from pipelines.dates import VIETNAM
from pipelines.layouts import GENERIC


@dataclass(frozen=True, slots=True)
class HostTerm:
    """A host, with the port where it is not the scheme's own, and the days (Vietnam's) on which it was a source's."""

    host: str
    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        return _with_days(self.host, self.since, self.until)

    def holds(self, day: date) -> bool:
        """Whether the host was the source's on this day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def meets(self, other: "HostTerm") -> bool:
        """Whether the two are of one host and have a day in common."""
        first, last = date.min, date.max
        begins = max(self.since or first, other.since or first)
        return self.host == other.host and begins <= min(self.until or last, other.until or last)


@dataclass(frozen=True, slots=True)
class LayoutTerm:
    """A layout and the days (Vietnam's, both included) on which a site's pages were of it."""

    layout: str
    since: date | None = None
    until: date | None = None

    def __str__(self) -> str:
        return _with_days(self.layout, self.since, self.until)

    def holds(self, day: date) -> bool:
        """Whether pages of this day are of the layout."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What cleaning and link-finding know of a source. One that is not ``listed`` is a host that no catalogue names.

    Of ``layouts`` one holds on each day, the oldest stands first.
    """

    id: str
    layouts: tuple[LayoutTerm, ...] = (LayoutTerm(GENERIC),)
    hosts: frozenset[str] = frozenset()
    start_keys: frozenset[str] = frozenset()
    terms: tuple[HostTerm, ...] = ()
    listed: bool = True
    file_types: frozenset[str] = FILE_TYPES
    images: bool = True
    feed_keys: frozenset[str] = frozenset()
    sitemap_keys: frozenset[str] = frozenset()

    @property
    def layout(self) -> str:
        """The newest layout's id."""
        return self.layouts[-1].layout

    def layout_at(self, captured_at: datetime) -> str:
        """The id of the layout that held on the capture's day in Vietnam."""
        day = captured_at.astimezone(VIETNAM).date()
        return next(term.layout for term in self.layouts if term.holds(day))

    def exists_on(self, day: date) -> bool:
        """Whether any host was the source's on this day."""
        return any(term.holds(day) for term in self.terms)

    @classmethod
    def of(
        cls,
        source_id: str,
        layout: str | tuple[LayoutTerm, ...],
        start: Iterable[str],
        terms: Iterable[HostTerm] = (),
        feeds: Iterable[str] = (),
        sitemaps: Iterable[str] = (),
    ) -> "SourceContext":
        """The context of a source with these start pages, feeds and sitemaps; their hosts are its own, where ``terms``
        name no days."""
        layouts = (LayoutTerm(layout),) if isinstance(layout, str) else layout
        start, feeds, sitemaps, terms = list(start), list(feeds), list(sitemaps), list(terms)
        named = {term.host for term in terms}
        terms += [HostTerm(host) for host in sorted({host_of(url) for url in (*start, *feeds, *sitemaps)} - named)]
        return cls(
            source_id,
            layouts,
            frozenset(term.host for term in terms),
            frozenset(map(url_key, start)),
            tuple(terms),
            feed_keys=frozenset(map(url_key, feeds)),
            sitemap_keys=frozenset(map(url_key, sitemaps)),
        )


def _with_days(name: str, since: date | None, until: date | None) -> str:
    days = [f"{word} {day}" for word, day in (("since", since), ("until", until)) if day]
    return f"{name} ({', '.join(days)})" if days else name
