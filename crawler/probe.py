"""A probe: a look at a source's robots.txt, one list page and one article, to say whether they are what was declared.

It asks the way a crawl asks, through the same guards and at the same pace, and reads with the same cleaner; but it is
no crawl: what came is looked at and forgotten, archive and database know nothing of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from archive.errors import ArchiveError
from archive.records import Page
from archive.warc import Exchange, decode_body
from crawler.robots import Rules
from crawler.sourcefile import Source
from pipelines.addresses import host_of
from pipelines.cleaner import Cleaner
from pipelines.context import LayoutTerm, SourceContext
from pipelines.decode import decode
from pipelines.exchange import read_exchange
from pipelines.feeds import feeds_in_page
from pipelines.layouts import GENERIC, PLAIN_TEXT, Layouts
from pipelines.locate import parse

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Robots:
    """What robots.txt says to us. ``status`` is None where none came; ``crawl_delay`` in seconds."""

    status: int | None
    crawl_delay: float | None = None
    sitemaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """What cleaning made of one article; ``marks`` are the layouts whose marks the page shows."""

    url: str
    outcome: str
    reason: str | None
    marks: tuple[str, ...]
    layout: str | None = None
    title: str | None = None
    lead: str | None = None
    published_at: str | None = None
    published_evidence: str | None = None
    byline: str | None = None
    body: tuple[str, ...] = ()
    paragraphs: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether title, date and body were read."""
        return bool(self.title and self.published_at and self.paragraphs)


@dataclass(slots=True)
class Probe:
    """What was seen. ``links`` are the addresses of articles that the start page links to by the layout ``layout``,
    ``found`` counts them for each layout that finds any. Without ``problems`` all is as declared."""

    source_id: str
    url: str
    declared: str | None
    hops: list[str] = field(default_factory=list)
    outcome: str = "failed"
    reason: str | None = None
    title: str | None = None
    robots: Robots = Robots(None)
    layout: str = GENERIC
    found: dict[str, int] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    article: Article | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def start(self) -> str:
        """The start page, after redirects."""
        return self.hops[-1] if self.hops else self.url


def robots_in(exchanges: Iterable[Exchange]) -> Robots:
    """What the first robots.txt among these said."""
    for exchange in exchanges:
        if urlsplit(exchange.url).path == "/robots.txt":
            if exchange.status is None or not 200 <= exchange.status < 300:
                return Robots(exchange.status)
            rules = Rules.parse(_payload(exchange))
            sitemaps = tuple(rules.parser.sitemaps) if rules.parser is not None else ()
            return Robots(exchange.status, rules.crawl_delay, sitemaps)
    return Robots(None)


def look_at_start(probe: Probe, exchange: Exchange, context: SourceContext, layouts: Layouts) -> None:
    """Note what the start page shows; choose the layout where none is declared."""
    page = _read(exchange, context, layouts, probe.declared or GENERIC)
    probe.outcome, probe.reason = page.outcome, page.reason
    if page.outcome != "ok":
        probe.problems.append(f"start page {exchange.url}: {page.outcome} ({page.reason})")
        return
    tree = parse(_text(exchange))
    if tree is not None:
        probe.title = " ".join((tree.findtext(".//title") or "").split()) or None
        probe.feeds = feeds_in_page(tree, exchange.url)
    pages = {i: _read(exchange, context, layouts, i) for i in layouts.by_id if i not in (GENERIC, PLAIN_TEXT)}
    counts = {i: len(_articles(page)) for i, page in pages.items()}
    probe.found = {i: n for i, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if n}
    choose(probe, probe.declared or next(iter(probe.found), GENERIC), exchange, context, layouts)
    if not probe.links:
        others = ", ".join(f"{i} finds {n}" for i, n in probe.found.items()) or "nor does any other"
        probe.problems.append(f"layout {probe.layout} finds no links to articles on {exchange.url}; {others}")


def choose(probe: Probe, layout: str, start: Exchange, context: SourceContext, layouts: Layouts) -> None:
    """Take ``layout`` for the site's, and note what it finds on the start page."""
    page = _read(start, context, layouts, layout)
    probe.layout = layout
    probe.links = tuple(_articles(page))
    probe.further = tuple(link.url for link in page.links if link.kind == "list")


def look_at_article(
    probe: Probe, exchange: Exchange, start: Exchange, context: SourceContext, layouts: Layouts
) -> None:
    """Note what cleaning makes of an article; where no layout is declared, its marks decide."""
    tree = parse(_text(exchange))
    marks = tuple(i for i, one in sorted(layouts.by_id.items()) if tree is not None and one.marked(tree))
    if probe.declared is None and probe.layout not in marks:
        choose(probe, next((i for i in probe.found if i in marks), GENERIC), start, context, layouts)
    page = _read(exchange, context, layouts, probe.layout)
    article = Article(exchange.url, page.outcome, page.reason, marks)
    if page.reading is not None and page.reading.content is not None:
        reading, content = page.reading, page.reading.content
        article = replace(
            article,
            layout=reading.layout,
            title=content.title,
            lead=content.lead,
            published_at=reading.published_at,
            published_evidence=reading.published_evidence,
            byline=reading.byline,
            body=content.paragraphs[:_SHOWN],
            paragraphs=len(content.paragraphs),
            warnings=reading.warnings,
        )
    probe.article = article
    probe.problems += _lacking(probe, article)


def _lacking(probe: Probe, article: Article) -> Iterable[str]:
    if article.outcome != "ok":
        yield f"article {article.url}: {article.outcome} ({article.reason})"
    elif article.layout is None:
        shown = f"it shows those of {', '.join(article.marks)}" if article.marks else "nor those of any other"
        yield f"article {article.url} does not show the marks of layout {probe.layout}; {shown}"
    else:
        parts = {"title": article.title, "date": article.published_at, "body": article.paragraphs}
        if lost := [name for name, value in parts.items() if not value]:
            yield f"article {article.url} was read without {' and '.join(lost)}"


def context_of(source: Source, start: str, layouts: Layouts) -> SourceContext:
    """The source as cleaning sees it, with this start page: the one that redirects led to."""
    context = source.context
    found = SourceContext.of(source.id, source.layout, [start], context.terms)
    return replace(found, hosts=found.hosts | {host_of(start)})


def _read(exchange: Exchange, context: SourceContext, layouts: Layouts, layout: str) -> Page:
    return read_exchange(exchange, Cleaner(layouts, [replace(context, layouts=(LayoutTerm(layout),))]))


def _articles(page: Page) -> list[str]:
    return [link.url for link in page.links if link.kind == "article"]


def _payload(exchange: Exchange) -> bytes:
    try:
        return decode_body(exchange.body, exchange.header("content-encoding"))
    except ArchiveError:
        return b""


def _text(exchange: Exchange) -> str:
    return decode(_payload(exchange), exchange.header("content-type")).text
