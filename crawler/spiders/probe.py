"""The spider behind `bantin sources probe` and `new`: robots.txt, a start page, an article, at the pace of a crawl."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http.request import NO_CALLBACK

from archive.clock import Clock
from archive.warc import Exchange
from crawler.guard import PrivateHosts
from crawler.manners import Manners
from crawler.probe import Probe, context_of, look_at_article, look_at_start, robots_in
from crawler.sourcefile import Source
from crawler.tls import TlsPolicy
from pipelines.addresses import absolute, host_of
from pipelines.layouts import Layouts

#: So many redirects of the start page are followed.
MOST_HOPS = 5


class Probing:
    """Stands where a crawl's collection stands for the middlewares; what came is kept in memory for a moment."""

    def __init__(self, source: Source, layouts: Layouts, clock: Clock, default_delay: float) -> None:
        self.source, self.layouts = source, layouts
        self._clock = clock
        self.plan = SimpleNamespace(refetch=True)
        self.private = PrivateHosts([source])
        self.manners = Manners([source], default_delay)
        self.tls = TlsPolicy(source.context.hosts if source.tls is not None else frozenset())
        self.desk = self
        self.came: list[Exchange] = []

    def now(self) -> datetime:
        """The probe's clock."""
        return self._clock.now()

    def source_of(self, url: str) -> str:
        """The source that a request is made for: there is one only."""
        return self.source.id

    async def take(self, exchange: Exchange) -> "asyncio.Future[None]":
        """Keep what came; nothing has to be waited for."""
        self.came.append(exchange)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class ProbeSpider(Spider):
    """Fills ``probe``, asking for what ``collection`` is to probe. Made by `crawler.cli.probing`, not by name."""

    name = "probe"

    def __init__(self, collection: Probing | None = None, declared: str | None = None, **kwargs: Any) -> None:
        if collection is None:
            raise ValueError("a probe is run by: bantin sources probe ID")
        super().__init__(**kwargs)
        self.collection = collection
        self.probe = Probe(collection.source.id, collection.source.start[0], declared)

    async def start(self) -> AsyncIterator[Any]:
        """Ask one after the other; nothing is left to Scrapy's scheduler."""
        await self._look()
        self.probe.robots = robots_in(self.collection.came)
        return
        yield  # Scrapy asks for an asynchronous generator

    async def _look(self) -> None:
        probe, probing = self.probe, self.collection
        start = await self._start_page()
        if start is None:
            return
        context = context_of(probing.source, probe.start, probing.layouts)
        look_at_start(probe, start, context, probing.layouts)
        if probe.links and (article := await self._ask(probe.links[0])):
            look_at_article(probe, article, start, context, probing.layouts)

    async def _start_page(self) -> Exchange | None:
        """The start page, redirects followed."""
        probe, own = self.probe, self.collection.source.context.hosts
        exchange = await self._ask(probe.url)
        while exchange is not None and exchange.status in (301, 302, 303, 307, 308) and len(probe.hops) < MOST_HOPS:
            target = absolute(exchange.url, exchange.header("location") or "")
            if target is None or urlsplit(target).scheme not in ("http", "https"):
                break
            probe.hops.append(target)
            exchange = await self._ask(target)
        if host_of(probe.start) not in own:
            probe.problems.append(f"{probe.url} leads to another host: {probe.start}")
        return exchange

    async def _ask(self, url: str) -> Exchange | None:
        """What came for ``url``; None, and a problem noted, where it was not asked for."""
        meta = {
            "source": self.collection.source.id,
            "handle_httpstatus_all": True,
            "dont_redirect": True,
            "dont_retry": True,
            "download_slot": host_of(url),
        }
        request = Request(url, callback=NO_CALLBACK, meta=meta)
        engine = self.crawler.engine
        assert engine is not None
        try:
            await engine.download_async(request)
        except Exception as error:
            # Refused, forbidden, broken off or unreachable: whatever it was is what the probe has to say.
            self.probe.problems.append(f"{url}: {error or type(error).__name__}")
            self.probe.reason = self.probe.reason or str(error)
            return None
        return next(exchange for exchange in reversed(self.collection.came) if exchange.url == request.url)
