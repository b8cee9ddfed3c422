"""The commands that look at a site before it is collected: sources probe, sources new."""

import logging
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, get_args
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from archive.errors import BantinError, UsageError
from crawler.cli.catalogue import catalogue, sources
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.options import AllowPrivate, Json
from crawler.cli.printing import print_facts, print_json
from crawler.sourcefile import Source
from pipelines.addresses import host_of
from pipelines.dates import VIETNAM
from pipelines.layouts import GENERIC, Layouts

if TYPE_CHECKING:  # Scrapy loads slowly: only who probes waits for it
    from crawler.probe import Probe

LEVELS = get_args(Source.model_fields["level"].annotation)


def register(_: typer.Typer) -> None:
    """Add these commands to those on the catalogue."""
    for command in (probe, new):
        sources.command()(command)


def probe(
    ctx: typer.Context,
    place: Annotated[str, typer.Argument(metavar="ID|URL")],
    allow_private: AllowPrivate = False,
    json: Json = False,
) -> None:
    """Say whether a site looks as declared. Nothing is stored.

    Asks for robots.txt, a start page and an article. Exits 1 where they do not look so.
    """
    front: Front = ctx.obj
    found, layouts = catalogue(front)
    if "://" in place:
        seen = _probe(front, _made_up(place, allow_private), layouts, None)
    else:
        if place not in found.sources:
            raise UsageError(f"no source {place!r} in the catalogue. Give an id of: bantin sources list, or an address")
        source = found.sources[place]
        if not source.context.exists_on(front.clock.now().astimezone(VIETNAM).date()):
            terms = ", ".join(map(str, source.context.terms))
            raise UsageError(f"{place}: {terms}; that is past. Probe a successor: bantin sources show {place}")
        seen = _probe(front, source, layouts, source.layout)
    print_json(asdict(seen)) if json else _show(seen)
    raise typer.Exit(NEEDS_A_LOOK if seen.problems else 0)


def new(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="A list page of the site.")],
    source_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Default: from the host's name.")] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The publisher's name; default: the page's title.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(metavar="LEVEL", help=f"One of {', '.join(LEVELS)}; default: a guess.")
    ] = None,
    allow_private: AllowPrivate = False,
) -> None:
    """Draft a source file from a probe, and print it.

    Exits 1 where something in it needs a look.
    """
    from crawler.draft import draft, level_of

    front: Front = ctx.obj
    found, layouts = catalogue(front)
    made_up = _made_up(url, allow_private, source_id, level or level_of(url))
    if made_up.id in found.sources:
        raise UsageError(f"source {made_up.id!r} stands in {found.places[made_up.id]}. Choose another with --id")
    seen = _probe(front, made_up, layouts, None)
    named = made_up.model_copy(update={"name": name or seen.title or host_of(url)})
    day = front.clock.now().astimezone(VIETNAM).date()
    typer.echo(draft(seen, named, day, guessed_level=level is None), nl=False)
    raise typer.Exit(NEEDS_A_LOOK if seen.problems else 0)


def _made_up(url: str, allow_private: bool, source_id: str | None = None, level: str = "press") -> Source:
    """A source for an address that no source stands for yet. Raises UsageError."""
    host = urlsplit(url).netloc.lower().removeprefix("www.")
    said = {
        "id": source_id or re.sub(r"[^a-z0-9]+", "-", host).strip("-")[:80],
        "name": host,
        "level": level,
        "layout": GENERIC,
        "start": [url],
        "allow_private": allow_private,
    }
    try:
        return Source.model_validate(said)
    except ValidationError as error:
        fault = error.errors()[0]
        raise UsageError(f"{fault['input']!r} as {fault['loc'][0]}: {fault['msg']}. Correct it") from error


def _probe(front: Front, source: Source, layouts: Layouts, declared: str | None) -> "Probe":
    """Run the probe to its end. Raises BantinError where it could not begin."""
    from scrapy.crawler import AsyncCrawlerProcess

    from crawler.cli.collecting import settings_of
    from crawler.spiders.probe import ProbeSpider, Probing

    logging.getLogger("scrapy").setLevel(logging.CRITICAL)  # what went wrong is a line of the probe
    settings = settings_of(front)
    settings.set("EXTENSIONS", {}, priority="cmdline")  # no crawl that could be watched
    probing = Probing(source, layouts, front.clock, settings.getfloat("BANTIN_DELAY"))
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(ProbeSpider)
    process.crawl(crawler, collection=probing, declared=declared)
    process.start()
    if not isinstance(crawler.spider, ProbeSpider):
        raise BantinError("the probe did not come to its end; the log above says why")
    return crawler.spider.probe


def _show(seen: "Probe") -> None:
    robots, article = seen.robots, seen.article
    print_facts(
        {
            "probed": seen.url,
            "redirects": seen.hops,
            "robots.txt": "none came" if robots.status is None else f"status {robots.status}",
            "crawl-delay": robots.crawl_delay,
            "sitemaps": list(robots.sitemaps),
            "start page": seen.outcome if seen.reason is None else f"{seen.outcome} ({seen.reason})",
            "feeds": list(seen.feeds),
            "links found": [f"{layout} {count}" for layout, count in seen.found.items()],
            "layout": f"{seen.layout} (declared)" if seen.declared else f"{seen.layout} (recognised)",
            "articles": [f"{len(seen.links)} links", *seen.links[:3]],
            "further lists": [f"{len(seen.further)} links", *seen.further[:1]],
        }
    )
    if article is not None:
        _show_article(article.url, asdict(article))
    for problem in seen.problems:
        typer.echo(f"needs a look: {problem}")
    if not seen.problems:
        typer.echo("looks as declared" if seen.declared else f"looks like {seen.layout}")


def _show_article(url: str, facts: dict[str, Any]) -> None:
    shown = ("title", "published_at", "published_evidence", "byline", "lead", "body", "paragraphs", "warnings")
    marks = ", ".join(facts["marks"]) or "of no layout"
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in facts.items()}
    print_facts({"article": url, "marks": marks} | {key: listed[key] for key in shown})
