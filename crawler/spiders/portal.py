"""The spider: asks for what the frontier holds and follows what pages show. It decides nothing about their words."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DontCloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.frontier import Known
from archive.records import Page
from crawler.collection import Collection, Plan
from crawler.guard import allowed_private
from crawler.sources import Catalogue
from pipelines.addresses import host_of
from pipelines.layouts import Layouts


class PortalSpider(Spider):
    """Collects sources of the catalogue: ``-a sources=a,b`` (none: all), ``-a refetch=1``, ``-a max_pages=N``."""

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
        **kwargs: Any,
    ) -> Self:
        """Raises ConfigError or UsageError for a catalogue, a layout or an id that cannot be used."""
        settings = crawler.settings
        layouts = Layouts.load(_path(settings["BANTIN_LAYOUTS"]))
        catalogue = Catalogue.load(_path(settings["BANTIN_SOURCES"]), layouts)
        chosen = catalogue.pick(i for i in sources.split(",") if i)
        delays: dict[str, float] = {}
        for source in chosen:  # a host that two sources share keeps the longer delay
            for host in source.context.hosts:
                delays[host] = max(delays.get(host, 0.0), source.download_delay)
        slots = {host: {"delay": delay, "concurrency": 1 if delay else 8} for host, delay in delays.items()}
        settings.set("DOWNLOAD_SLOTS", slots, priority="spider")
        private = (host for source in chosen if source.allow_private for host in source.context.hosts)
        allowed_private.update(urlsplit(f"//{host}").hostname or "" for host in private)
        collection = Collection(settings, Plan(chosen, bool(refetch), bool(due)), catalogue, layouts)
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
        self._asked += 1
        # Lists before articles: they show what is new.
        return Request(
            known.url,
            callback=self.parse,
            errback=self.fail,
            priority=10 if known.kind == "list" else 0,
            meta={
                "source": source_id,
                "known": known,
                "handle_httpstatus_all": True,
                "dont_redirect": True,
                "download_slot": host_of(known.url),
            },
        )

    def _stop(self) -> None:
        """Nothing can be stored any more: ask for nothing more."""
        assert self.crawler.engine is not None
        self._stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="failure"))

    def on_idle(self) -> None:
        """Stay until the collection is open: opening may take longer than Scrapy waits for a first request."""
        if not hasattr(self.collection, "desk") and self.collection.error is None:
            raise DontCloseSpider


def _path(text: str) -> Path | None:
    return Path(text) if text else None
