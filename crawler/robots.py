"""robots.txt (RFC 9309): asked for before anything else of a host, and obeyed, Crawl-delay and Request-rate included.

Scrapy's own middleware takes a robots.txt that cannot be had for one that allows everything, and reads no delays.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive.errors import ArchiveError
from archive.warc import decode_body
from crawler.components import collection_of
from crawler.gate import NotAskedError
from crawler.guard import PrivateAddressError
from pipelines.addresses import host_of

if TYPE_CHECKING:
    from crawler.collection import Collection

#: The name by which robots.txt may speak to us.
TOKEN = "bantin"
#: What stands behind this many bytes is not read (RFC 9309, 2.5: at least 500 KiB).
MOST_READ = 500 * 2**10


class ForbiddenError(IgnoreRequest):
    """robots.txt forbids the address."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt says to us; ``crawl_delay`` in seconds, the longer of Crawl-delay and Request-rate."""

    parser: Protego | None = None
    crawl_delay: float | None = None

    @classmethod
    def parse(cls, body: bytes) -> "Rules":
        """The rules in a robots.txt; what cannot be read says nothing."""
        parser = Protego.parse(body[:MOST_READ].decode("utf-8-sig", "replace"))
        rate = parser.request_rate(TOKEN)
        delays = [parser.crawl_delay(TOKEN), rate.seconds / rate.requests if rate and rate.requests else None]
        return cls(parser, max((delay for delay in delays if delay is not None), default=None))

    def allow(self, url: str) -> bool:
        """Whether ``url`` may be asked for."""
        return self.parser is None or self.parser.can_fetch(url, TOKEN)


class RobotsMiddleware:
    """Lets pass what robots.txt allows. A host whose robots.txt cannot be had is left for this crawl."""

    def __init__(self, crawler: Crawler, collection: "Collection") -> None:
        self._crawler, self._collection = crawler, collection
        self._rules: dict[str, asyncio.Future[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured("ROBOTSTXT_OBEY is off")
        return cls(crawler, collection_of(crawler))

    async def process_request(self, request: Request) -> None:
        """Raises ForbiddenError where robots.txt says so, NotAskedError where the host is left."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        host = host_of(request.url)
        pace = self._collection.manners.of(host)
        if pace.left is None and host not in self._rules:
            self._rules[host] = asyncio.ensure_future(self._ask(host, request))
        rules = await self._rules[host] if host in self._rules else None
        if pace.left is not None or rules is None:
            raise NotAskedError(f"{host} {pace.left}")
        if not rules.allow(request.url):
            raise ForbiddenError("forbidden by robots.txt")

    async def _ask(self, host: str, request: Request) -> Rules:
        rules = Rules()
        try:
            response = await self._fetch(host, request)
        except PrivateAddressError as error:
            self._collection.manners.of(host).leave(f"has no robots.txt that may be asked for ({error})")
        except IgnoreRequest:
            pass  # more redirects than RFC 9309 (2.3.1.2) follows, or left; the first is as good as none
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".strip(": ")[:200]
            reason = f"gave no robots.txt, so nothing may be asked for ({reason})"
            self._collection.manners.of(host).leave(reason, dead=True)
        else:
            rules = self._read(host, response)
        self._collection.manners.rule(host, rules.crawl_delay)
        return rules

    async def _fetch(self, host: str, request: Request) -> Response:
        parts = urlsplit(request.url)
        meta = {"dont_obey_robotstxt": True, "source": request.meta.get("source"), "download_slot": host}
        url = f"{parts.scheme}://{parts.netloc}/robots.txt"
        engine = self._crawler.engine
        assert engine is not None
        return await engine.download_async(Request(url, callback=NO_CALLBACK, meta=meta))

    def _read(self, host: str, response: Response) -> Rules:
        """RFC 9309, 2.3.1: what is not there allows everything; what fails allows nothing for now."""
        if response.status >= 500 or response.status == 429:
            reason = f"answered {response.status} for robots.txt, so nothing may be asked for"
            self._collection.manners.of(host).leave(reason, dead=True)
        if not 200 <= response.status < 300:
            return Rules()
        coding = (response.headers.get("Content-Encoding") or b"").decode("latin-1")
        try:
            return Rules.parse(decode_body(response.body, coding))
        except ArchiveError as error:
            self._collection.manners.of(host).leave(f"gave a robots.txt that cannot be read ({error})", dead=True)
            return Rules()
