"""Sitemaps: lists of addresses, indexes of them and plain texts, with the time each gives. Pure.

The format is that of sitemaps.org/protocol.html; of its extensions the one for news is read, for its dates. An index
leads to sitemaps: how deep is followed is counted by who follows.
"""

import re
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from urllib.parse import urlsplit

from pipelines.addresses import absolute
from pipelines.feeds import ROOTS, entries
from pipelines.hints import Entry, latest
from pipelines.xmlfile import MAX_RECORDS, ListingError, Record, records, text_of

MAX_CHILDREN = 1000
MAX_ADDRESS = 2048  # characters; the protocol's own limit
_DATES = ("lastmod", "news/publication_date")
_ADDRESS = re.compile(r"https?://\S+")
_NAMED_SO = re.compile(r"sitemap|\.xml(?:\.gz)?(?:$|\?)", re.I)
# Where `sitemap.xml` redirects to: sitemap_index.xml, sitemap-index.xml, sitemap/index.xml, wp-sitemap.xml.
_INDEX_NAME = re.compile(r"(?:sitemaps?[-_/]?index|/(?:wp-)?sitemaps?)\.xml(?:\.gz)?$", re.I)


@dataclass(frozen=True, slots=True)
class Sitemap:
    """``pages`` it lists, or as an index further ``sitemaps``; ``note`` says what was left out of a too large one."""

    pages: tuple[Entry, ...] = ()
    sitemaps: tuple[Entry, ...] = ()
    note: str | None = None


def read_sitemap(payload: bytes, content_type: str | None, url: str) -> Sitemap:
    """What the sitemap at ``url`` lists, in its order. Raises ListingError with the reason.

    A feed in place of a sitemap is read too, as the protocol has it.
    """
    text = text_of(payload, content_type)
    if not text.startswith("<"):
        return _plain(text, url)
    root, found, note = records(text, url)
    if root in ROOTS:
        return Sitemap(pages=tuple(entries(found)), note=note)
    listed = tuple(entry for record in found if (entry := _entry(record)))
    if root == "urlset":
        return Sitemap(pages=listed, note=note)
    children = sorted(listed, key=lambda entry: entry.at.timestamp() if entry.at else 0, reverse=True)
    if len(children) > MAX_CHILDREN:
        note = f"{len(children)} sitemaps in an index: only the {MAX_CHILDREN} latest are followed"
    return Sitemap(sitemaps=tuple(children[:MAX_CHILDREN]), note=note)


def named_like_a_sitemap(url: str) -> bool:
    """Whether the address looks like one of a sitemap's: so the children of an index are known again."""
    return _NAMED_SO.search(url) is not None


def named_like_an_index(url: str) -> bool:
    """Whether the address is one at which sites have their index, so that a redirect may well lead there."""
    return _INDEX_NAME.search(urlsplit(url).path) is not None


def _entry(record: Record) -> Entry | None:
    said = next(iter(record.texts("loc")), "")
    address = absolute(record.base, said) if said and len(said) <= MAX_ADDRESS else None
    return Entry(address, latest(record.texts(*_DATES))) if address else None


def _plain(text: str, url: str) -> Sitemap:
    """A text with an address a line."""
    if not _ADDRESS.match(text):
        raise ListingError("neither XML nor a list of addresses")
    lines = list(islice((line for said in StringIO(text) if (line := said.strip())), MAX_RECORDS + 1))
    addresses = (line for line in lines[:MAX_RECORDS] if len(line) <= MAX_ADDRESS and _ADDRESS.fullmatch(line))
    found = dict.fromkeys(found for said in addresses if (found := absolute(url, said)))
    note = f"more than {MAX_RECORDS} addresses: the rest is left" if len(lines) > MAX_RECORDS else None
    return Sitemap(pages=tuple(Entry(address, None) for address in found), note=note)
