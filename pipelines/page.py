"""From one response to all that is known of it: how it ended, which article it shows, what it says, where it leads.

`read_page` is the one function that a live crawl, a rebuild and every other road into the archive go through.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from lxml.etree import _Element
from w3lib.encoding import html_to_unicode

from archive.records import Page, Reading
from pipelines.addresses import absolute
from pipelines.canonical import canonical_line, digest
from pipelines.clean import clean
from pipelines.cleaner import Cleaner, SourceContext
from pipelines.layouts import GENERIC, PLAIN_TEXT, Layout, Noise
from pipelines.lines import text_of
from pipelines.locate import parse
from pipelines.recognise import hrefs, identify, links, recognise
from pipelines.text import read_text

SOFT_PAGE_WORDS = 400
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


def read_page(response: Response, cleaner: Cleaner) -> Page:
    """Everything that follows from the response and the installed cleaner; the same in any process and order."""
    source = cleaner.source(response.source_id)
    own = cleaner.layouts[source.layout]
    kind, article_key = identify(response.url, source, own)
    outcome, reason = _outcome(response)
    wanted = kind in ("article", "list")
    payload_digest = sha256(response.payload).hexdigest()
    blank = Page(outcome, reason, kind, article_key, own.preference(response.url), payload_digest, None, None)
    if outcome == "redirected":
        target = absolute(response.url, response.location) if response.location else None
        return replace(blank, links=tuple(links([target] if target and wanted else [], source, own, kind)))
    if outcome != "ok" or not wanted:
        return blank
    if response.status is None and response.media_type == "text/plain":
        return replace(blank, reading=_reading_of_text(response, payload_digest, source, cleaner))
    if response.media_type and response.media_type not in _MARKUP:
        if not source.listed:
            return replace(blank, kind="other", article_key=None)
        return replace(blank, outcome="failed", reason=f"no page but {response.media_type}")
    return _read_markup(response, blank, source, cleaner)


def _read_markup(response: Response, blank: Page, source: SourceContext, cleaner: Cleaner) -> Page:
    tree = _tree(response)
    if tree is None:
        return replace(blank, outcome="failed", reason="empty or unreadable page")
    layout, page = cleaner.layouts[source.layout], blank
    if not source.listed:
        layout, kind, article_key = recognise(response.url, tree, source, cleaner)
        page = replace(blank, kind=kind, article_key=article_key, preference=layout.preference(response.url))
    if soft := _soft_outcome(tree, layout, cleaner):
        return replace(page, outcome=soft[0], reason=soft[1])
    if page.kind == "list":
        entries = links(hrefs(tree, response.url, layout.lists.links), source, layout, "article")
        further = links(hrefs(tree, response.url, layout.lists.next), source, layout, "list")
        return replace(page, links=(*entries, *further))
    if page.kind != "article":
        return page
    reading = _reading(tree, response, page.payload_digest, source, layout, cleaner)
    related = links(hrefs(tree, response.url, layout.fields.related), source, layout, "article")
    return replace(page, reading=reading, links=tuple(related))


def failure(source_id: str, url: str, outcome: str, reason: str, cleaner: Cleaner) -> Page:
    """The page of an attempt that brought no response: a time-out, a refusal, a broken connection."""
    source = cleaner.source(source_id)
    layout = cleaner.layouts[source.layout]
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
    return html_to_unicode(response.content_type, response.payload, auto_detect_fun=_fallback_encoding)[1]


def _tree(response: Response) -> _Element | None:
    return parse(_text(response))


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
    rules, input_digest = _context(response, payload_digest, source, layout, cleaner)
    cleaner_digest = cleaner.digest_for(source.id)
    if layout.id != GENERIC and not layout.marked(tree):
        return Reading(input_digest, cleaner_digest, layout.id, None, warnings=("layout-not-recognised",))
    return clean(tree, layout, rules, input_digest, cleaner_digest)


def _reading_of_text(response: Response, payload_digest: str, source: SourceContext, cleaner: Cleaner) -> Reading:
    layout = cleaner.layouts[PLAIN_TEXT]
    rules, input_digest = _context(response, payload_digest, source, layout, cleaner)
    return read_text(_text(response), layout, rules, input_digest, cleaner.digest_for(source.id))


def _context(
    response: Response, payload_digest: str, source: SourceContext, layout: Layout, cleaner: Cleaner
) -> tuple[tuple[Noise, ...], str]:
    """The noise rules that hold, and the digest of all that cleaning sees besides the cleaner: of the rules only those
    that hold for some days and not for others, the cleaner's digest covers the rest."""
    rules = tuple(rule for rule in cleaner.layouts.noise(layout) if rule.holds(source.id, response.captured_at))
    dated = [rule.id for rule in rules if rule.since or rule.until]
    return rules, digest(payload_digest, response.content_type, response.url, source.id, layout.id, dated)
