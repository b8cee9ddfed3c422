"""Scrapy's HTTP download handler with our TLS policy, a cap on response heads, and plain words for refused names."""

from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientProtocol
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HEADER, STATUS
from twisted.web.client import _HTTP11ClientFactory

from archive.errors import BantinError
from crawler.guard import PrivateAddressError, refused
from crawler.tls import TlsPolicy

#: Bytes of status line and headers. Twisted caps a line (16 KiB), not their number.
LARGEST_HEAD = 256 * 2**10


class _Protocol(_LenientHTTP11ClientProtocol):
    _head = 0

    def request(self, request: Any) -> Any:
        self._head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if self._parser is not None and self._parser.state in (STATUS, HEADER):
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self.transport.abortConnection()  # type: ignore[union-attr]


class _Factory(_HTTP11ClientFactory):
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> _Protocol:
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def replace_attribute(owner: object, name: str, value: object) -> None:
    """Set an attribute that must be there: under another name certificates would be verified, or not, by nobody's word.

    Raises BantinError where a Scrapy or Twisted other than those that the tests ran with has moved it.
    """
    if not hasattr(owner, name):
        versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("scrapy", "twisted"))
        raise BantinError(
            f"{type(owner).__name__} has no {name} in {versions}: the guards of TLS and response heads cannot be set."
            " Install the versions of constraints.txt"
        )
    setattr(owner, name, value)


class Handler(HTTP11DownloadHandler):
    """For ``http`` and ``https``."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        collection = getattr(crawler.spider, "collection", None)
        # Scrapy has no public place for either: its setting for the first is deprecated.
        replace_attribute(self, "_contextFactory", collection.tls if collection is not None else TlsPolicy(frozenset()))
        replace_attribute(self._pool, "_factory", _Factory)
        # Twisted would ask again at once where a used connection breaks: out of turn, and seen by nobody.
        replace_attribute(self._pool, "retryAutomatically", False)

    async def download_request(self, request: Request) -> Response:
        """Raises what Scrapy's raises, and PrivateAddressError for a name that leads to a private address."""
        try:
            return await super().download_request(request)
        except CannotResolveHostError as error:
            name = urlsplit(request.url).hostname or ""
            if name in refused:
                raise PrivateAddressError(f"{name} ({refused[name]})") from error
            raise
