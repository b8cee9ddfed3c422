"""The downloader middleware that makes a capture of every attempt."""

from dataclasses import replace
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from archive.warc import DISCONNECTED, Exchange
from crawler.gate import NotAskedError
from crawler.robots import ForbiddenError

if TYPE_CHECKING:
    from crawler.collection import Collection

UNASKED = "answered 304 (not modified) though nothing is held that it could refer to"


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

    def process_request(self, request: Request) -> None:
        """Ask for a page only if it changed, where it is known how. A refetch distrusts what servers say of that."""
        known = request.meta.get("known")
        if known is None or known.hops or known.stored_at is None or self._collection.plan.refetch:
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified

    async def process_response(self, request: Request, response: Response) -> Response:
        """Take the response; waits only where the desk is full."""
        headers = tuple(
            (name.decode("latin-1"), _text(name, value))
            for name, values in response.headers.items()
            for value in values
        )
        await self._take(request, response, headers)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Take the failure; Scrapy goes on handling it."""
        if isinstance(exception, NotAskedError):
            return
        reason = f"{type(exception).__name__}: {exception}".strip(": ")
        outcome = "blocked" if isinstance(exception, ForbiddenError) else "failed"
        exchange = Exchange(
            self._source(request), request.url, self._collection.now(), None, outcome=outcome, reason=reason[:500]
        )
        request.meta["page"] = await self._collection.desk.take(exchange)

    async def _take(self, request: Request, response: Response, headers: tuple[tuple[str, str], ...]) -> None:
        known = request.meta.get("known")
        exchange = Exchange(
            self._source(request),
            request.url,
            self._collection.now(),
            response.status,
            headers,
            response.body,
            ip=str(response.ip_address) if response.ip_address else None,
            truncated=DISCONNECTED if _cut_short(response) else None,
            tls=self._collection.tls.verdict(request.url),
        )
        if response.status == 304 and not _conditional(request):
            exchange = replace(exchange, status=None, headers=(), body=b"", outcome="failed", reason=UNASKED)
        elif (
            known is not None
            and known.stored_at is not None
            and (response.status == 304 or known.stored_digest == exchange.stored_digest)
        ):
            exchange = replace(exchange, refers_to=(known.stored_url, known.stored_at))
        request.meta["page"] = await self._collection.desk.take(exchange)

    def _source(self, request: Request) -> str:
        return str(request.meta.get("source") or self._collection.source_of(request.url))


def _conditional(request: Request) -> bool:
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def _cut_short(response: Response) -> bool:
    """Whether a page that stated no length may have ended before its end: then nobody can tell but the page itself.

    A compressed body tells when it is decoded.
    """
    if "partial" not in response.flags or "Content-Encoding" in response.headers:
        return False
    html = b"html" in (response.headers.get("Content-Type") or b"").lower()
    return html and b"</html" not in response.body[-2000:].lower()


def _text(name: bytes, value: bytes) -> str:
    """A header's value. Some servers send Vietnamese paths in ``Location`` as they are, in UTF-8."""
    return quote(value, safe="%/:=&?~#+!$,;'@()*[]") if name.lower() == b"location" else value.decode("latin-1")
