"""The downloader middleware that makes a capture of every attempt."""

from dataclasses import replace
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response

from archive.records import TOO_LARGE
from archive.warc import DISCONNECTED, Exchange
from crawler.components import collection_of
from crawler.gate import NotAskedError
from crawler.robots import ForbiddenError
from pipelines.signatures import cut_off

if TYPE_CHECKING:
    from crawler.collection import Collection

UNASKED = "answered 304 (not modified) though nothing is held that it could refer to"


class CaptureMiddleware:
    """Hands every response and every failure to the collection's desk, as it came from the wire.

    ``request.meta["page"]`` becomes the task that ends with what the page says.
    """

    def __init__(self, collection: "Collection", most_bytes: int) -> None:
        self._collection, self._most_bytes = collection, most_bytes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        collection = collection_of(crawler)
        return cls(collection, crawler.settings.getint("DOWNLOAD_MAXSIZE"))

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
        reason = self._reason(request, exception)
        outcome = "blocked" if isinstance(exception, ForbiddenError) else "failed"
        exchange = Exchange(
            self._source(request), request.url, self._collection.now(), None, outcome=outcome, reason=reason[:500]
        )
        request.meta["page"] = await self._collection.desk.take(exchange)

    def _reason(self, request: Request, exception: Exception) -> str:
        # Scrapy says so of nothing but too many bytes.
        if isinstance(exception, DownloadCancelledError):
            most = request.meta.get("download_maxsize", self._most_bytes)
            return f"{TOO_LARGE}: {most} bytes"
        return f"{type(exception).__name__}: {exception}".strip(": ")

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
    """Whether what stated no length may have ended before its end: then nobody can tell but the page or file itself.

    A compressed body tells when it is decoded.
    """
    if "partial" not in response.flags or "Content-Encoding" in response.headers:
        return False
    media_type = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
    if "html" in media_type:
        return b"</html" not in response.body[-2000:].lower()
    return cut_off(response.body, media_type)


def _text(name: bytes, value: bytes) -> str:
    """A header's value. Some servers send Vietnamese paths in ``Location`` as they are, in UTF-8."""
    return quote(value, safe="%/:=&?~#+!$,;'@()*[]") if name.lower() == b"location" else value.decode("latin-1")
