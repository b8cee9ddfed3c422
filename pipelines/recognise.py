"""Which kind of page stands at an address, which article it shows, and of which layout it is.

A listed source's pages are known by their addresses and read with its own layout. Of a host that no source claims
nothing is known beforehand: its pages are known by the marks of the layouts, and are generic without any.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from lxml.etree import _Element

from archive.records import Attachment, Link
from pipelines.addresses import absolute, capped, host_of, url_key
from pipelines.attachments import IMAGE, names_file, type_of
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.feeds import named_like_a_feed
from pipelines.layouts import GENERIC, Layout, find
from pipelines.sitemaps import named_like_a_sitemap


def recognise(url: str, tree: _Element, source: SourceContext, cleaner: Cleaner) -> tuple[Layout, str, str | None]:
    """Of a page of a host that no source claims: the layout to read it with, its kind and an article's key."""
    known = [layout for _, layout in sorted(cleaner.layouts.by_id.items()) if layout.tells_pages]
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
    """The kind of what stands at ``url`` (article, list, feed, sitemap, attachment, robots, other) and, for an article,
    its key."""
    parts = urlsplit(url)
    if parts.scheme == "file":  # somebody's file: the folder that was imported stands first in the path
        path = unquote(parts.path).lstrip("/")
        return "article", capped(f"{source.id}:{path.removeprefix(source.id + '/')}")
    key = url_key(url)
    if key in source.start_keys:
        return "list", None
    if key in source.feed_keys:
        return "feed", None
    if key in source.sitemap_keys:
        return "sitemap", None
    if key.endswith("/robots.txt"):
        return "robots", None
    if names_file(url, layout):
        return "attachment", None
    article_id = layout.article_id(url)
    if article_id is not None:
        return "article", capped(f"{source.id}:{article_id or key}")
    if source.feed_keys and named_like_a_feed(url):
        return "feed", None
    if source.sitemap_keys and named_like_a_sitemap(url):
        return "sitemap", None
    # Of a host that nobody listed nothing is followed: there the address of an unknown page is no reason to leave its
    # words unread.
    told = source.listed or layout.id != GENERIC
    if told and any(re.search(pattern, url) for pattern in layout.lists.address) and not layout.ignores(url):
        return "list", None
    if layout.id == GENERIC:  # nothing says which pages of an unknown site are articles: whatever a list leads to
        return "article", capped(f"{source.id}:{key}")
    return "other", None


def hrefs(tree: _Element, base: str, selectors: Iterable[str]) -> list[str]:
    """The addresses that the elements found by ``selectors`` link to, in the page's order."""
    base = base_of(tree, base)
    found = (element.get("href") for element in find(tree, selectors))
    return [url for href in found if href and (url := absolute(base, href))]


def base_of(tree: _Element, url: str) -> str:
    """What relative addresses on the page at ``url`` start from."""
    said = next((element.get("href") for element in tree.iter("base") if element.get("href")), None)
    return (absolute(url, said) if said else None) or url


def further(urls: Iterable[str], source: SourceContext, layout: Layout, url: str) -> list[Link]:
    """The further pages of the list at ``url``, and which of them follows it: the one with the next number, or any that
    has none."""
    here = layout.page_number(url) or 1
    return [
        replace(link, follows=layout.page_number(link.url) in (None, here + 1))
        for link in links(urls, source, layout, "list")
    ]


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


def files(named: Iterable[Attachment], source: SourceContext, layout: Layout) -> list[Link]:
    """Those attachments that are fetched: on the source's hosts, and of the types that it wants."""
    typed = ((one, type_of(one.url)) for one in named)
    wanted = (
        one.url for one, kind in typed if (source.images if one.kind == IMAGE else kind in (None, *source.file_types))
    )
    return links(wanted, source, layout, "attachment")
