"""The spider: asks for what the frontier holds and follows what pages show. It decides nothing about their words."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DontCloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.frontier import Known
from archive.records import LEADING, Page
from crawler.collection import Collection
from crawler.plan import Plan
from crawler.sources import Catalogue
from pipelines.addresses import host_of
from pipelines.layouts import Layouts


class PortalSpider(Spider):
    """Collects sources of the catalogue: ``-a sources=a,b`` (none: all), ``-a due=1``, ``-a refetch=1``,
    ``-a max_pages=N``, ``-a since=YYYY-MM-DD``."""

    name = "portal"

    def __init__(self, collection: Collection, max_pages: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.collection = collection
        self._max_pages = max_pages
        self._asked = 0

    @classmethod
    def from_crawler(
        cls,
        crawler: Crawler,
        *,
        sources: str = "",
        refetch: str = "",
        due: str = "",
        max_pages: str = "0",
        since: str = "",
        **kwargs: Any,
    ) -> Self:
        """Raises ConfigError or UsageError for a catalogue, a layout or an id that cannot be used."""
        settings = crawler.settings
        layouts = Layouts.load(_path(settings["BANTIN_LAYOUTS"]))
        catalogue = Catalogue.load(_path(settings["BANTIN_SOURCES"]), layouts)
        chosen = catalogue.pick(i for i in sources.split(",") if i)
        plan = Plan(chosen, bool(refetch), bool(due), bool(sources), date.fromisoformat(since) if since else None)
        collection = Collection(settings, plan, catalogue, layouts)
        spider = cls(collection, int(max_pages), **kwargs)
        spider._set_crawler(crawler)
        crawler.signals.connect(spider.on_idle, signal=signals.spider_idle)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Open the collection, then ask for what is due, the sources in turn."""
        try:
            await self.collection.open(self._stop)
        except Exception as error:
            # Whatever it was, the command must end and say it; Scrapy would log it and wait for a first request.
            self.collection.error = error
            self.logger.error("cannot begin: %s", error)
            return
        waiting = {source_id: iter(round_.begin()) for source_id, round_ in self.collection.opened.rounds.items()}
        while waiting:
            for source_id in list(waiting):
                known = next(waiting[source_id], None)
                if known is None:
                    del waiting[source_id]
                elif request := self._request(source_id, known):
                    yield request

    async def parse(self, response: Response) -> list[Request]:
        """Follow what the page shows."""
        assert response.request is not None
        return await self._follow(response.request)

    async def fail(self, failure: Failure) -> list[Request]:
        """An attempt without a response, after its retries."""
        return await self._follow(failure.request)  # type: ignore[attr-defined]

    async def _follow(self, request: Request) -> list[Request]:
        page = await self._page(request)
        source_id, known = request.meta["source"], request.meta["known"]
        round_ = self.collection.opened.rounds[source_id]
        fresh = [*round_.done(known, page), *(round_.offer(page.links) if page is not None else ())]
        if fresh and self.collection.manners.deep_enough(source_id, request.meta.get("depth", 0)):
            return []
        return list(self._requests(source_id, fresh))

    async def _page(self, request: Request) -> Page | None:
        task: asyncio.Task[Page] | None = request.meta.get("page")
        if task is None:
            return None
        try:
            return await task
        except Exception as error:
            raise CloseSpider("failure") from error

    def _requests(self, source_id: str, known: Iterable[Known]) -> Iterator[Request]:
        return (request for one in known if (request := self._request(source_id, one)))

    def _request(self, source_id: str, known: Known) -> Request | None:
        if self._max_pages and self._asked >= self._max_pages:
            self.collection.stopped = True
            return None
        if self.collection.manners.too_long(source_id, known.url):
            return None
        self._asked += 1
        return Request(
            known.url,
            callback=self.parse,
            errback=self.fail,
            priority=_priority(known),
            meta={
                "source": source_id,
                "known": known,
                "handle_httpstatus_all": True,
                "dont_redirect": True,
                "download_slot": host_of(known.url),
                **self.collection.most_bytes(source_id, known.kind),
            },
        )

    def _stop(self) -> None:
        """Nothing can be stored any more: ask for nothing more."""
        assert self.crawler.engine is not None
        self.collection.manners.over = True
        self._stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="failure"))

    def on_idle(self) -> None:
        """Stay until the collection is open: opening may take longer than Scrapy waits for a first request."""
        if not hasattr(self.collection, "desk") and self.collection.error is None:
            raise DontCloseSpider


def _priority(known: Known) -> int:
    """First the pages that the catalogue names, which show what is new; then what is new, and further pages of lists in
    turn with it, so that a long list starves no article; last what is visited again."""
    if known.entry:
        return 10
    return 5 if known.kind in LEADING or not known.captured else 0


def _path(text: str) -> Path | None:
    return Path(text) if text else None
