"""Feeds: RSS 0.9x, 1.0, 2.0 and Atom, as addresses with the time that each entry gives. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.etree import _Element

from pipelines.addresses import absolute
from pipelines.hints import Entry, latest
from pipelines.xmlfile import ListingError, Record, records, text_of

ROOTS = frozenset({"rss", "RDF", "feed"})
_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_NAMED_SO = re.compile(r"/(?:feed|rss|atom)/?$|\.(?:rss|atom)$|/(?:feed|rss|atom)\.xml$", re.I)
_DATES = ("pubDate", "date", "updated", "modified", "published", "issued")


def read_feed(payload: bytes, content_type: str | None, url: str) -> list[Entry]:
    """What the entries of the feed at ``url`` link to, in its order. Raises ListingError with the reason."""
    root, found, _ = records(text_of(payload, content_type), url)
    if root not in ROOTS:
        raise ListingError(f"no feed but a <{root}>")
    return list(entries(found))


def entries(found: list[Record]) -> Iterator[Entry]:
    """Address and time of each entry that has an address."""
    for record in found:
        if address := next((link for said in _links(record) if (link := absolute(record.base, said))), None):
            yield Entry(address, latest(record.texts(*_DATES)))


def named_like_a_feed(url: str) -> bool:
    """Whether the address looks like one of a feed's: so the target of a feed's redirect is known again."""
    return _NAMED_SO.search(urlsplit(url).path) is not None


def feeds_in_page(tree: _Element, base: str) -> tuple[str, ...]:
    """The feeds that a page names in its head (``<link rel="alternate" type="application/rss+xml">``)."""
    links = (link for link in tree.iter("link") if "alternate" in (link.get("rel") or "").lower().split())
    feeds = (link for link in links if (link.get("type") or "").partition(";")[0].strip().lower() in _TYPES)
    return tuple(dict.fromkeys(url for link in feeds if (url := absolute(base, link.get("href") or ""))))


def _links(record: Record) -> Iterator[str]:
    """The addresses of an entry, the best first: its link, in Atom the page that it stands for, in RSS an id that is an
    address. An enclosure, or what an entry merely relates to, is not it."""
    yield from record.texts("link")
    pages = [link.attributes for link in record.named("link") if link.attributes.get("rel", "alternate") == "alternate"]
    for link in sorted(pages, key=lambda one: "html" not in one.get("type", "html")):
        yield link.get("href", "")
    for guid in record.named("guid"):
        if guid.attributes.get("isPermaLink", "true").lower() != "false" and guid.text.startswith("http"):
            yield guid.text
