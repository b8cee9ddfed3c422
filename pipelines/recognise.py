"""Which kind of page stands at an address, which article it shows, and of which layout it is.

A listed source's pages are known by their addresses and read with its own layout. Of a host that no source claims
nothing is known beforehand: its pages are known by the marks of the layouts, and are generic without any.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from lxml.etree import _Element

from archive.records import Link
from pipelines.addresses import absolute, capped, host_of, url_key
from pipelines.cleaner import Cleaner, SourceContext
from pipelines.layouts import GENERIC, Layout, find


def recognise(url: str, tree: _Element, source: SourceContext, cleaner: Cleaner) -> tuple[Layout, str, str | None]:
    """Of a page of a host that no source claims: the layout to read it with, its kind and an article's key."""
    known = [layout for _, layout in sorted(cleaner.layouts.by_id.items()) if layout.marks]
    for layout in known:
        if layout.marked(tree):
            kind, article_key = identify(url, source, layout)
            if kind != "article" and not layout.ignores(url):  # at an address of its own, but it shows an article
                return layout, "article", capped(f"{source.id}:{url_key(url)}")
            return layout, kind, article_key
    for layout in known:
        if links(hrefs(tree, url, layout.lists.links), source, layout, "article"):
            return layout, "list", None
    own = cleaner.layouts[source.layout]
    return own, *identify(url, source, own)


def identify(url: str, source: SourceContext, layout: Layout) -> tuple[str, str | None]:
    """The kind of page that stands at ``url`` (article, list, robots, other) and, for an article, its key."""
    parts = urlsplit(url)
    if parts.scheme == "file":  # somebody's file: the folder that was imported stands first in the path
        path = unquote(parts.path).lstrip("/")
        return "article", capped(f"{source.id}:{path.removeprefix(source.id + '/')}")
    key = url_key(url)
    if key in source.start_keys:
        return "list", None
    if key.endswith("/robots.txt"):
        return "robots", None
    article_id = layout.article_id(url)
    if article_id is not None:
        return "article", capped(f"{source.id}:{article_id or key}")
    if any(re.search(pattern, url) for pattern in layout.lists.address) and not layout.ignores(url):
        return "list", None
    if layout.id == GENERIC:  # nothing says which pages of an unknown site are articles: whatever a list leads to
        return "article", capped(f"{source.id}:{key}")
    return "other", None


def hrefs(tree: _Element, base: str, selectors: Iterable[str]) -> list[str]:
    """The addresses that the elements found by ``selectors`` link to, in the page's order."""
    if said := next((element.get("href") for element in tree.iter("base") if element.get("href")), None):
        base = absolute(base, said) or base
    found = (element.get("href") for element in find(tree, selectors))
    return [url for href in found if href and (url := absolute(base, href))]


def links(urls: Iterable[str], source: SourceContext, layout: Layout, kind: str) -> list[Link]:
    """Those of ``urls`` that are of the source and of this kind, each once."""
    found: dict[str, Link] = {}
    for url in urls:
        if host_of(url) not in source.hosts:
            continue
        known, article_key = identify(url, source, layout)
        if known == kind:
            key = url_key(url)
            found.setdefault(
                key, Link(url, key, kind, article_key or (capped(f"{source.id}:{key}") if kind == "article" else None))
            )
    return list(found.values())
