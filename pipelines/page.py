"""From one response to all that is known of it: how it ended, which article it shows, what it says, where it leads.

`read_page` is the one function that a live crawl, a rebuild and every other road into the archive go through.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from lxml.etree import _Element

from archive.records import FETCHED, Extracted, Link, Page, Reading
from pipelines.addresses import absolute, url_key
from pipelines.blocks import pack
from pipelines.bounds import TooMuchError, check_bytes, check_text
from pipelines.canonical import canonical_line
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.decode import Decoded, decode
from pipelines.extraction import extract
from pipelines.feeds import read_feed
from pipelines.hints import entry_dates
from pipelines.inputs import Given
from pipelines.layouts import PLAIN_TEXT, Common, Layout
from pipelines.lines import Mark, text_of, walk
from pipelines.locate import parse
from pipelines.recognise import base_of, files, further, hrefs, identify, links, recognise
from pipelines.scrub import scrub
from pipelines.signatures import beginning, file_in
from pipelines.sitemaps import Sitemap, named_like_an_index, read_sitemap
from pipelines.tcvn3 import restore_lines, restore_tree
from pipelines.text import read_text
from pipelines.xmlfile import ListingError

SOFT_PAGE_WORDS = 400
MESSAGE_WORDS = 30  # of one line: what a page says of itself is short, what an article quotes stands in a paragraph
MESSAGE_LENGTH = 1000  # and has not one word of a million letters
MOST_CONTROLS = 0.02  # of a page's characters; damaged and compressed bytes have five times as many, pages none
_CONTROLS = bytes(set(range(1, 32)) - set(b"\t\n\f\r"))
_LINK = Mark("link")
_MARKUP = frozenset({"text/html", "application/xhtml+xml", "application/xml", "text/xml"})


@dataclass(frozen=True, slots=True)
class Response:
    """What came for one request: ``payload`` is the body after content decoding, before character decoding.

    ``status`` is None for what never was a response: a file that somebody kept.
    """

    source_id: str
    url: str
    captured_at: datetime
    status: int | None
    payload: bytes
    content_type: str | None = None
    location: str | None = None

    @property
    def media_type(self) -> str:
        """``text/html`` of ``text/html; charset=utf-8``; empty where none is declared."""
        return (self.content_type or "").partition(";")[0].strip().lower()


def read_page(response: Response, cleaner: Cleaner, *, follow: bool = True) -> Page:
    """Everything that follows from the response and the installed cleaner; the same in any process and order.

    Without ``follow``, where an article's page leads is left out: who only wants to read need not know. Raises
    TooMuchError for a page that holds more than is read.
    """
    source = cleaner.source(response.source_id)
    own = cleaner.layout_of(source, response.captured_at)
    kind, article_key = identify(response.url, source, own)
    outcome, reason = _outcome(response)
    wanted = kind in FETCHED
    payload_digest = sha256(response.payload).hexdigest()
    blank = Page(outcome, reason, kind, article_key, own.preference(response.url), payload_digest, None, None)
    if outcome == "redirected":
        target = absolute(response.url, response.location) if response.location else None
        return replace(blank, links=tuple(links([target] if target and wanted else [], source, own, kind)))
    if outcome in ("blocked", "failed"):
        return replace(blank, reason=_with_words(reason, response, cleaner))
    if outcome != "ok" or not wanted:
        return blank
    if kind in ("feed", "sitemap"):
        return replace(blank, **_leads(response, kind, source, own))
    if kind == "attachment":
        return _read_file(response, blank, own, cleaner)
    if response.status is None and response.media_type == "text/plain":
        return replace(blank, reading=_reading_of_text(response, blank, source, cleaner))
    if response.media_type and response.media_type not in _MARKUP:
        if not source.listed:
            return replace(blank, kind="other", article_key=None)
        return replace(blank, outcome="failed", reason=f"no page but {response.media_type}")
    return _read_markup(response, blank, source, cleaner, follow)


def _read_markup(response: Response, blank: Page, source: SourceContext, cleaner: Cleaner, follow: bool) -> Page:
    decoded = _decoded(response)
    text, tree = decoded.text, parse(decoded.text)
    if tree is None:
        return replace(blank, outcome="failed", reason="empty or unreadable page")
    if (share := _controls(text) / len(text)) > MOST_CONTROLS:
        return replace(blank, outcome="failed", reason=f"no text: {share:.0%} control characters")
    unsure = _warned(decoded, restore_tree(tree) if decoded.suspect else 0)
    layout, page = cleaner.layout_of(source, response.captured_at), blank
    if not source.listed:
        layout, kind, article_key = recognise(response.url, tree, source, cleaner)
        page = replace(blank, kind=kind, article_key=article_key, preference=layout.preference(response.url))
    listed = page.kind == "list"
    entries = links(hrefs(tree, response.url, layout.lists.links), source, layout, "article") if listed else []
    if not entries and (soft := _soft_outcome(tree, layout, cleaner)):
        return replace(page, outcome=soft[0], reason=soft[1])
    if listed:
        pages = further(hrefs(tree, response.url, layout.lists.next), source, layout, response.url)
        entries = _dated(entries, entry_dates(tree, base_of(tree, response.url), layout), response.captured_at)
        return replace(page, links=(*entries, *pages))
    if page.kind != "article":
        return page
    reading, extracted = _reading(tree, response, page, unsure, source, layout, cleaner)
    page = replace(page, reading=reading, extracted=extracted)
    if not follow:
        return page
    related = links(hrefs(tree, response.url, layout.fields.related), source, layout, "article")
    return replace(page, links=(*related, *files(reading.attachments, source, layout)))


def _controls(text: str) -> int:
    """How many characters are control characters that no text has."""
    data = text.encode("utf-8", "surrogatepass")
    return len(data) - len(data.translate(None, _CONTROLS))


def _read_file(response: Response, blank: Page, layout: Layout, cleaner: Cleaner) -> Page:
    """What came for an attachment. A page in its place is none, whatever the server declares it to be."""
    if file := file_in(response.payload, response.media_type):
        return replace(blank, file=file)
    is_page = response.media_type in _MARKUP or response.payload.lstrip()[:1] == b"<"
    tree = _tree(response) if is_page else None
    if tree is not None and (said := _soft_outcome(tree, layout, cleaner)):
        return replace(blank, outcome=said[0], reason=said[1])
    what = "a page" if tree is not None else f"{len(response.payload)} bytes: {beginning(response.payload)}"
    return replace(blank, outcome="failed", reason=f"no file but {what}")


def _leads(response: Response, kind: str, source: SourceContext, layout: Layout) -> dict[str, Any]:
    """Where a feed or a sitemap leads, as what a page says of it; or why it cannot be read."""
    sitemap = Sitemap()
    try:
        if kind == "sitemap":
            sitemap = read_sitemap(response.payload, response.content_type, response.url)
        else:
            sitemap = Sitemap(tuple(read_feed(response.payload, response.content_type, response.url)))
    except ListingError as error:
        return {"outcome": "failed", "reason": f"no {kind}: {error}"}
    named, children = url_key(response.url) in source.sitemap_keys, sitemap.sitemaps
    if children and not named:
        # The protocol knows one level. Deeper ones could go on for ever, and no page knows how deep it stands: where
        # redirects lead to is followed by its name, and from there nothing that has such a name.
        if not named_like_an_index(response.url):
            return {"outcome": "failed", "reason": "an index that the source's file does not name: not followed"}
        children = tuple(entry for entry in children if not named_like_an_index(entry.url))
    found: list[Link] = []
    for entries, leads_to in ((sitemap.pages, "article"), (children, "sitemap")):
        said = {url_key(entry.url): entry.at for entry in reversed(entries) if entry.at}
        found += _dated(links((e.url for e in entries), source, layout, leads_to), said, response.captured_at)
    return {"links": tuple(found), "reason": sitemap.note}


def _dated(found: list[Link], said: Mapping[str, datetime], now: datetime) -> list[Link]:
    """The links with the times that are said of them; what is said to be of the future says nothing."""
    times = ((link, said.get(link.url_key)) for link in found)
    return [replace(link, said_at=at) if at and at <= now else link for link, at in times]


def failure(source_id: str, url: str, at: datetime, outcome: str, reason: str, cleaner: Cleaner) -> Page:
    """The page of an attempt that brought no response: a time-out, a refusal, a broken connection."""
    source = cleaner.source(source_id)
    layout = cleaner.layout_of(source, at)
    kind, article_key = identify(url, source, layout)
    return Page(outcome, reason, kind, article_key, layout.preference(url), "", None, None)


def _outcome(response: Response) -> tuple[str, str | None]:
    match response.status:
        case None:
            return "ok", None
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


def _text(response: Response) -> str:
    return _decoded(response).text


def _decoded(response: Response) -> Decoded:
    check_bytes(response.payload)
    return decode(response.payload, response.content_type)


def _tree(response: Response) -> _Element | None:
    """What came in place of what was wanted, to look for words in; None where that is not worth much effort."""
    try:
        return parse(_text(response))
    except TooMuchError:
        return None


def _warned(decoded: Decoded, restored: int) -> tuple[str, ...]:
    """What the reading of such a text has to say of its encoding."""
    return (*decoded.warnings, f"encoding:tcvn3:{restored}") if restored else decoded.warnings


def _with_words(reason: str | None, response: Response, cleaner: Cleaner) -> str | None:
    """``reason``, and what the page says that came with such a status: that it challenges, or that the site rests."""
    tree = _tree(response) if response.media_type in _MARKUP else None
    message = None if tree is None else _message(tree, cleaner.layouts.common)
    return f"{reason}, {message[1]}" if message else reason


def _soft_outcome(tree: _Element, layout: Layout, cleaner: Cleaner) -> tuple[str, str] | None:
    """A page served as 200 that bars the way, is out of order, or says that nothing is there. A page with the layout's
    marks is what it seems: an article may well quote such words."""
    return None if layout.marked(tree) else _message(tree, cleaner.layouts.common)


def _message(tree: _Element, common: Common) -> tuple[str, str] | None:
    """How an attempt ended by what a short page says of itself, and its words. That an article is gone is the strongest
    claim, so it comes last."""
    body = tree.find("body")
    lines = walk(tree if body is None else body, {link: _LINK for link in tree.iter("a")})
    if sum(len(line.text.split()) for line in lines) > SOFT_PAGE_WORDS:
        return None
    said = [line.text for line in lines if line.mark is not _LINK]  # headlines of others are links
    # Challenges speak in the title, and to readers without scripts.
    said += [canonical_line(text_of(element)) for element in tree.iter("title", "noscript")]
    short = [line for line in said if len(line) <= MESSAGE_LENGTH and len(line.split()) <= MESSAGE_WORDS]
    kinds = (("blocked", common.blocked), ("failed", common.unavailable), ("soft-gone", common.soft_gone))
    for outcome, patterns in kinds:
        for pattern in patterns:
            if found := next((found for line in short if (found := re.search(pattern, line))), None):
                return outcome, f"page says {found[0]!r}"
    return None


def _reading(
    tree: _Element,
    response: Response,
    page: Page,
    unsure: tuple[str, ...],
    source: SourceContext,
    layout: Layout,
    cleaner: Cleaner,
) -> tuple[Reading, Extracted]:
    """What the page says, and what the first stage of cleaning left of it; ``unsure``: what it is doubtful of as a
    whole."""
    given = _given(response, page, source)
    rules, input_digest = given.rules(layout, cleaner)
    extraction = replace(extract(tree, layout, rules, base_of(tree, response.url)), warnings=unsure)
    words, digest = cleaner.layouts.words(layout), cleaner.digest_for(source.id)
    reading = scrub(extraction, layout, words, rules, input_digest, digest)
    stages = (given.extraction_input(cleaner), cleaner.extraction_digest_for(source.id))
    return reading, Extracted(*stages, pack(extraction, page.article_key or ""))


def _reading_of_text(response: Response, page: Page, source: SourceContext, cleaner: Cleaner) -> Reading:
    layout = cleaner.layouts[PLAIN_TEXT]
    rules, input_digest = _given(response, page, source).rules(layout, cleaner)
    decoded = _decoded(response)
    check_text(decoded.text)
    text, restored = restore_lines(decoded.text) if decoded.suspect else (decoded.text, 0)
    reading = read_text(text, layout, rules, input_digest, cleaner.digest_for(source.id))
    return replace(reading, warnings=(*_warned(decoded, restored), *reading.warnings))


def _given(response: Response, page: Page, source: SourceContext) -> Given:
    return Given(source.id, response.url, response.captured_at, response.content_type, page.payload_digest)


def tree_of(response: Response) -> _Element | None:
    """The page of a response as cleaning sees it; None where there is nothing to parse."""
    return parse(_text(response))
