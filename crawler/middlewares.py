"""Downloader middlewares: every attempt becomes a capture, and no request goes where it must not."""

from dataclasses import replace
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from archive.warc import Exchange
from crawler.guard import PrivateAddressError, allowed_private, is_private

if TYPE_CHECKING:
    from crawler.collection import Collection


class PrivateAddressMiddleware:
    """Refuses address literals on private networks; names are checked by `crawler.guard.GuardedResolver`."""

    def process_request(self, request: Request) -> None:
        """Raises PrivateAddressError, which the capture of the attempt records."""
        host = urlsplit(request.url).hostname or ""
        if is_private(host) and host not in allowed_private:
            raise PrivateAddressError(host)


class CaptureMiddleware:
    """Hands every response and every failure to the collection's desk, as it came from the wire.

    ``request.meta["page"]`` becomes the task that ends with what the page says.
    """

    def __init__(self, collection: "Collection") -> None:
        self._collection = collection

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        collection = getattr(crawler.spider, "collection", None)
        if collection is None:
            raise NotConfigured("this spider has no collection to capture for")
        return cls(collection)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Take the response; waits only where the desk is full."""
        headers = tuple(
            (name.decode("latin-1"), _text(name, value))
            for name, values in response.headers.items()
            for value in values
        )
        ip = str(response.ip_address) if response.ip_address else None
        await self._take(request, response.status, headers, response.body, ip)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Take the failure; Scrapy goes on handling it."""
        reason = f"{type(exception).__name__}: {exception}".strip(": ")
        outcome = "blocked" if "robots.txt" in reason else "failed"
        exchange = Exchange(
            self._source(request), request.url, self._collection.now(), None, outcome=outcome, reason=reason[:500]
        )
        request.meta["page"] = await self._collection.desk.take(exchange)

    async def _take(
        self, request: Request, status: int, headers: tuple[tuple[str, str], ...], body: bytes, ip: str | None
    ) -> None:
        known = request.meta.get("known")
        exchange = Exchange(self._source(request), request.url, self._collection.now(), status, headers, body, ip)
        if known is not None and known.stored_at is not None and known.stored_digest == exchange.stored_digest:
            exchange = replace(exchange, refers_to=(known.stored_url, known.stored_at))
        request.meta["page"] = await self._collection.desk.take(exchange)

    def _source(self, request: Request) -> str:
        return str(request.meta.get("source") or self._collection.source_of(request.url))


def _text(name: bytes, value: bytes) -> str:
    """A header's value. Some servers send Vietnamese paths in ``Location`` as they are, in UTF-8."""
    return quote(value, safe="%/:=&?~#+!$,;'@()*[]") if name.lower() == b"location" else value.decode("latin-1")
