"""The last thing before the network: each request waits for its host's turn, and each answer tells the host's pace."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError

from crawler.components import collection_of
from crawler.pace import retry_after
from pipelines.addresses import host_of

if TYPE_CHECKING:
    from crawler.manners import Manners

UNANSWERED = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ConnectError,
)
#: A waiting request looks this often (seconds) whether the crawl is ending.
LOOK = 0.5


class NotAskedError(IgnoreRequest):
    """The request was not made: its host is left for this crawl, or the crawl is ending. No attempt, so no capture."""


class GateMiddleware:
    """Innermost: what passes here goes to the network, and what comes from it comes here first."""

    def __init__(self, manners: "Manners", going: Callable[[], bool]) -> None:
        self._manners, self._going = manners, going

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        collection = collection_of(crawler)
        manners: Manners = collection.manners
        # The engine runs until the last request under way has ended, so a crawl that failed must say so itself.
        return cls(manners, lambda: crawler.engine is not None and crawler.engine.running and not manners.over)

    async def process_request(self, request: Request) -> None:
        """Wait for the host's turn. Raises NotAskedError where it will not come."""
        host = host_of(request.url)
        pace = self._manners.of(host)
        while (wait := pace.wait(monotonic())) > 0 and pace.left is None and self._going():
            await asyncio.sleep(min(wait, LOOK))
        if pace.left is not None or not self._going():
            raise NotAskedError(f"{host} {pace.left}" if pace.left else "the crawl is ending")
        pace.went(monotonic())

    def process_response(self, request: Request, response: Response) -> Response:
        """Tell the pace what came."""
        said = {name: (response.headers.get(name) or b"").decode("latin-1") or None for name in ("Retry-After", "Date")}
        rest = retry_after(said["Retry-After"], said["Date"], datetime.now(UTC))
        pace = self._manners.of(host_of(request.url))
        pace.answered(monotonic(), response.status, request.meta.get("download_latency"), rest)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Tell the pace that nothing came. A body that was cut off or too large is an answer."""
        pace = self._manners.of(host_of(request.url))
        if isinstance(exception, (ResponseDataLossError, DownloadCancelledError)):
            pace.answered(monotonic(), 0)
        elif isinstance(exception, UNANSWERED):
            pace.unanswered(monotonic(), f"{type(exception).__name__}: {exception}".strip(": ")[:200])
