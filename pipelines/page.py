"""From one response to all that is known of it: how it ended, which article it shows, what it says, where it leads.

`read_page` is the one function that a live crawl, a rebuild and every other road into the archive go through.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from lxml.etree import _Element
from w3lib.encoding import html_to_unicode

from archive.records import Link, Page, Reading
from pipelines.addresses import absolute, host_of, url_key
from pipelines.canonical import canonical_line, digest
from pipelines.clean import clean
from pipelines.cleaner import Cleaner, SourceContext
from pipelines.layouts import GENERIC, Layout, find
from pipelines.lines import text_of
from pipelines.locate import parse

SOFT_PAGE_WORDS = 400


@dataclass(frozen=True, slots=True)
class Response:
    """What came for one request: ``payload`` is the body after content decoding, before character decoding."""

    source_id: str
    url: str
    captured_at: datetime
    status: int
    payload: bytes
    content_type: str | None = None
    location: str | None = None


def read_page(response: Response, cleaner: Cleaner) -> Page:
    """Everything that follows from the response and the installed cleaner; the same in any process and order."""
    source = cleaner.source(response.source_id)
    layout = cleaner.layouts[source.layout]
    kind, article_key = identify(response.url, source, layout)
    outcome, reason = _outcome(response)
    blank = Page(
        outcome,
        reason,
        kind,
        article_key,
        layout.preference(response.url),
        sha256(response.payload).hexdigest(),
        None,
        None,
    )
    if outcome == "redirected":
        target = absolute(response.url, response.location) if response.location else None
        wanted = [target] if target and kind in ("article", "list") else []
        return replace(blank, links=tuple(_links(wanted, source, layout, kind)))
    tree = _tree(response) if outcome == "ok" and kind in ("article", "list") else None
    if outcome == "ok" and kind in ("article", "list") and tree is None:
        return replace(blank, outcome="failed", reason="empty or unreadable page")
    if tree is None:
        return blank
    if soft := _soft_outcome(tree, layout, cleaner):
        return replace(blank, outcome=soft[0], reason=soft[1])
    if kind == "list":
        entries = _links(_hrefs(tree, response.url, layout.lists.links), source, layout, "article")
        further = _links(_hrefs(tree, response.url, layout.lists.next), source, layout, "list")
        return replace(blank, links=(*entries, *further))
    reading = _reading(tree, response, blank.payload_digest, source, layout, cleaner)
    related = _links(_hrefs(tree, response.url, layout.fields.related), source, layout, "article")
    return replace(blank, input_digest=reading.input_digest, reading=reading, links=tuple(related))


def identify(url: str, source: SourceContext, layout: Layout) -> tuple[str, str | None]:
    """The kind of page that stands at ``url`` (article, list, robots, other) and, for an article, its key."""
    key = url_key(url)
    if key in source.start_keys:
        return "list", None
    if key.endswith("/robots.txt"):
        return "robots", None
    article_id = layout.article_id(url)
    if article_id is not None:
        return "article", f"{source.id}:{article_id or key}"
    if any(re.search(pattern, url) for pattern in layout.lists.address) and not layout.ignores(url):
        return "list", None
    if layout.id == GENERIC:  # nothing says which pages of an unknown site are articles: whatever a list leads to
        return "article", f"{source.id}:{key}"
    return "other", None


def failure(source_id: str, url: str, outcome: str, reason: str, cleaner: Cleaner) -> Page:
    """The page of an attempt that brought no response: a time-out, a refusal, a broken connection."""
    source = cleaner.source(source_id)
    layout = cleaner.layouts[source.layout]
    kind, article_key = identify(url, source, layout)
    return Page(outcome, reason, kind, article_key, layout.preference(url), "", None, None)


def _outcome(response: Response) -> tuple[str, str | None]:
    match response.status:
        case 304:
            return "revisit-not-modified", None
        case 404 | 410:
            return "gone", f"status {response.status}"
        case 401 | 403 | 429 | 451:
            return "blocked", f"status {response.status}"
        case status if 300 <= status < 400:
            return "redirected", f"status {status}"
        case status if status != 200:
            return "failed", f"status {status}"
    return "ok", None


def _tree(response: Response) -> _Element | None:
    text = html_to_unicode(response.content_type, response.payload, auto_detect_fun=_fallback_encoding)[1]
    return parse(text)


def _fallback_encoding(payload: bytes) -> str:
    """UTF-8 where it decodes; else windows-1258, in which older Vietnamese pages are written."""
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1258"
    return "utf-8"


def _soft_outcome(tree: _Element, layout: Layout, cleaner: Cleaner) -> tuple[str, str] | None:
    """A page served as 200 that says that nothing is there, or that bars the way. A page with the layout's marks is
    what it seems: an article may well quote such words."""
    if layout.marked(tree):
        return None
    body = tree.find("body")
    text = canonical_line(text_of(tree if body is None else body))
    if len(text.split()) > SOFT_PAGE_WORDS:
        return None
    common = cleaner.layouts.common
    for outcome, patterns in (("soft-gone", common.soft_gone), ("blocked", common.blocked)):
        for pattern in patterns:
            if found := re.search(pattern, text):
                return outcome, f"page says {found[0]!r}"
    return None


def _reading(
    tree: _Element, response: Response, payload_digest: str, source: SourceContext, layout: Layout, cleaner: Cleaner
) -> Reading:
    rules = tuple(rule for rule in cleaner.layouts.noise(layout) if rule.holds(source.id, response.captured_at))
    input_digest = digest(
        payload_digest, response.content_type, response.url, source.id, layout.id, [rule.id for rule in rules]
    )
    cleaner_digest = cleaner.digest_for(source.id)
    if layout.id != GENERIC and not layout.marked(tree):
        return Reading(input_digest, cleaner_digest, layout.id, None, warnings=("layout-not-recognised",))
    return clean(tree, layout, rules, input_digest, cleaner_digest)


def _hrefs(tree: _Element, base: str, selectors: Iterable[str]) -> list[str]:
    if said := next((element.get("href") for element in tree.iter("base") if element.get("href")), None):
        base = absolute(base, said) or base
    hrefs = (element.get("href") for element in find(tree, selectors))
    return [url for href in hrefs if href and (url := absolute(base, href))]


def _links(urls: Iterable[str], source: SourceContext, layout: Layout, kind: str) -> list[Link]:
    """Those of ``urls`` that are of the source and of this kind, each once."""
    links: dict[str, Link] = {}
    for url in urls:
        if host_of(url) not in source.hosts:
            continue
        found, article_key = identify(url, source, layout)
        if found == kind:
            key = url_key(url)
            links.setdefault(
                key, Link(url, key, kind, article_key or (f"{source.id}:{key}" if kind == "article" else None))
            )
    return list(links.values())
