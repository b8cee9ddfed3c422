"""Running one crawl from the command line, and showing what it brought."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

import typer
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from archive.errors import BantinError
from crawler.cli.front import INTERRUPTED, Front
from crawler.cli.printing import moment, print_json, print_table
from crawler.spiders.portal import PortalSpider
from crawler.summary import SourceSummary, Summary

_OURS = ("crawler", "pipelines", "archive", PortalSpider.name)
_COLUMNS = (
    "source",
    "new",
    "edited",
    "moved",
    "gone",
    "back",
    "unchanged",
    "failed",
    "articles",
    "duplicates",
    "pages",
)


def collect_now(
    front: Front, ids: Sequence[str], *, refetch: bool, due: bool, max_pages: int, since: date | None, json: bool
) -> int:
    """Run the crawl to its end; the exit status. Raises BantinError where it could not begin."""
    _log_to_stderr()
    process = AsyncCrawlerProcess(settings_of(front))
    logging.getLogger("scrapy").setLevel(logging.WARNING)  # it has a record for every page, which nobody would see
    crawler = process.create_crawler(PortalSpider)
    switches = {"refetch": "1" if refetch else "", "due": "1" if due else "", "max_pages": str(max_pages)}
    switches["since"] = since.isoformat() if since else ""
    process.crawl(crawler, sources=",".join(ids), **switches)
    process.start()
    collection = getattr(crawler.spider, "collection", None)
    if collection is not None and collection.error is not None:
        raise collection.error
    if collection is None or collection.summary is None:
        raise BantinError("the crawl did not come to its end; the log above says why. Start it again: it goes on")
    summary: Summary = collection.summary
    status = 3 if summary.failure else 1 if summary.problems or summary.outcome == "interrupted" else 0
    print_json({**asdict(summary), "exit_status": status}) if json else _show(summary, front)
    return status


def _log_to_stderr() -> None:
    """What our own modules say, and of others only what is wrong; on a terminal the progress bar says the rest."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    # A host that does not answer is a capture with its reason; Scrapy adds a traceback for its robots.txt.
    logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name.startswith(_OURS))
    logging.basicConfig(handlers=[handler], level=logging.WARNING if sys.stderr.isatty() else logging.INFO)


def settings_of(front: Front) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    ours: dict[str, object] = {
        "LOG_INSTALL_ROOT_HANDLER": False,
        "BANTIN_HOME": str(front.home.path),
        "BANTIN_DATABASE_URL": front.database_url,
        "BANTIN_SOURCES": str(front.sources or ""),
        "BANTIN_LAYOUTS": str(front.layouts or ""),
        "BANTIN_PAGE_SECONDS": front.limits.seconds,
        "BANTIN_PAGE_MEMORY": front.limits.mebibytes,
        "BANTIN_NOW": moment(front.clock.now()) if front.simulated else "",
    }
    settings.setdict(ours, priority="cmdline")
    return settings


def _show(summary: Summary, front: Front) -> None:
    numbers = _COLUMNS[1:]
    print_table(_COLUMNS, [_line(source) for source in summary.sources], right=numbers)
    pages = sum(source.captures for source in summary.sources)
    counted = f"{pages} {'page' if pages == 1 else 'pages'}"
    typer.echo(f"{counted} in {summary.seconds:.1f} s; crawl {summary.crawl} {summary.outcome}")
    if sys.stderr.isatty():  # elsewhere the log has them already
        for note in summary.notes:
            typer.echo(note, err=True)
    for problem in [*summary.problems, *([summary.failure] if summary.failure else [])]:
        typer.echo(f"needs a look: {problem}", err=True)
    if summary.outcome == "interrupted":
        typer.echo(f"bantin: {INTERRUPTED}", err=True)


def _line(source: SourceSummary) -> tuple[object, ...]:
    present = f"{source.articles - source.gone} + {source.gone} gone" if source.gone else source.articles
    return (
        source.source_id,
        source.new_articles,
        source.new_editions,
        source.metadata_changes,
        source.newly_gone,
        source.back,
        source.unchanged,
        source.failed + source.blocked,
        present,
        source.duplicates,
        source.captures,
    )
