"""How a crawl is watched: a progress bar on a terminal, a log line now and then elsewhere. Both go to stderr."""

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from crawler.collection import Collection

log = logging.getLogger(__name__)
LINE_SECONDS = 15


class Progress:
    """Counts responses against the addresses known so far, and closes the collection when the spider is done."""

    def __init__(self, collection: "Collection") -> None:
        self._collection = collection
        self._fetched = 0
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        collection = getattr(crawler.spider, "collection", None)
        if collection is None:
            raise NotConfigured("this spider has no collection to watch")
        extension = cls(collection)
        crawler.signals.connect(extension.opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.received, signal=signals.response_received)
        crawler.signals.connect(extension.closed, signal=signals.spider_closed)
        return extension

    def opened(self) -> None:
        """Begin to watch."""
        self._watch = asyncio.ensure_future(self._bar() if sys.stderr.isatty() else self._lines())

    def received(self) -> None:
        """Count a response."""
        self._fetched += 1

    async def closed(self, reason: str) -> None:
        """End the watch, then see the collection closed: Scrapy waits for it."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if hasattr(self._collection, "desk"):
            summary = await self._collection.close(reason)
            for line in summary.notes:
                log.info(line)

    @property
    def _total(self) -> int:
        return sum(round_.total for round_ in self._collection.opened.rounds.values())

    async def _bar(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            TimeElapsedColumn(),
        )
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("collecting", total=None, pace="")
            while True:
                before = self._fetched
                await asyncio.sleep(0.5)
                bar.update(
                    task, total=self._total, completed=self._fetched, pace=f"{(self._fetched - before) * 2} pages/s"
                )

    async def _lines(self) -> None:
        while True:
            await asyncio.sleep(LINE_SECONDS)
            log.info("%d of %d known addresses fetched", self._fetched, self._total)
