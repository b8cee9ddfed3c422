"""How a crawl is watched (`crawler.bars`), and how its collection is closed when the spider is done: Scrapy waits."""

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.crawler import Crawler

from crawler.bars import progress
from crawler.components import collection_of

if TYPE_CHECKING:
    from crawler.collection import Collection

log = logging.getLogger(__name__)
GLANCE_SECONDS = 0.5


class Progress:
    """Counts responses against the addresses known so far, and closes the collection when the spider is done."""

    def __init__(self, collection: "Collection") -> None:
        self._collection = collection
        self._fetched = 0
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        collection = collection_of(crawler)
        extension = cls(collection)
        crawler.signals.connect(extension.opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.received, signal=signals.response_received)
        crawler.signals.connect(extension.closed, signal=signals.spider_closed)
        return extension

    def opened(self) -> None:
        """Begin to watch."""
        self._watch = asyncio.ensure_future(self._show())

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
        return max(self._fetched, sum(round_.total for round_ in self._collection.opened.rounds.values()))

    async def _show(self) -> None:
        shown = 0
        with progress("collecting", "pages", grows=True) as advance:
            while True:
                await asyncio.sleep(GLANCE_SECONDS)
                fetched = self._fetched
                advance(fetched - shown, self._total)
                shown = fetched
