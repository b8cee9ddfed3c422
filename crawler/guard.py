"""No request leaves for a private address unless its source is allowed that very host.

An address literal, in whatever spelling the operating system takes for one, is checked in the request. A name is
checked where it is resolved: what comes out is the one address that is then connected to, so nothing can change between
check and connection. Names are resolved to IPv4 only, as Scrapy's resolver does.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from crawler.components import collection_of
from pipelines.addresses import host_of

if TYPE_CHECKING:
    from crawler.collection import Collection
    from crawler.sources import Source

# IPv6 addresses that stand for the IPv4 address in their last 32 bits: RFC 6052.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

#: Names that some source may have on a private address. The resolver is one for the process, like the reactor.
may_be_private: set[str] = set()
#: Names that were not resolved because of where they lead, and the address.
refused: dict[str, str] = {}


class PrivateAddressError(IgnoreRequest):
    """The host is on a private network or this machine, and its source is not allowed that."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is a private address; a source on one needs allow_private = true")


def literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that ``host`` spells, also as ``2130706433``, ``0x7f.1`` or ``0177.0.0.1``; None for a name."""
    host = host.strip("[]")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_private(host: str) -> bool:
    """Whether ``host`` is an address literal that is not one machine on the public internet."""
    address = literal(host)
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _TRANSLATED:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = within or address
    return address is not None and (not address.is_global or address.is_multicast or address.is_reserved)


class PrivateHosts:
    """Which source may ask which hosts on private addresses, by the catalogue's ``allow_private``."""

    def __init__(self, sources: "Iterable[Source]") -> None:
        self._hosts = {source.id: frozenset(source.context.hosts) for source in sources if source.allow_private}
        self._names = {_name(f"//{host}") for hosts in self._hosts.values() for host in hosts}
        may_be_private.update(self._names)

    def allow(self, source_id: str | None, url: str) -> bool:
        """Whether a request for this source may go to ``url``; what its name resolves to is not looked at."""
        if host_of(url) in self._hosts.get(source_id or "", ()):
            return True
        return not is_private(_name(url)) and _name(url) not in self._names


class PrivateAddressMiddleware:
    """Refuses private addresses, and the names that another source alone may have on one."""

    def __init__(self, collection: "Collection") -> None:
        self._collection = collection

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(collection_of(crawler))

    def process_request(self, request: Request) -> None:
        """Raises PrivateAddressError, which the capture of the attempt records."""
        if not self._collection.private.allow(request.meta.get("source"), request.url):
            raise PrivateAddressError(_name(request.url))


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver; a name that leads to a private address does not resolve, unless some source may have it there.

    `PrivateAddressMiddleware` has seen to it that only that source asks. Twisted tells who asked no more than that
    there is no such name; why stands in ``refused``.
    """

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":
        """The address of ``name``, or a failure with DNSLookupError."""
        found: Deferred[str] = super().getHostByName(name, timeout)
        return found.addCallback(self._check, name)

    @staticmethod
    def _check(address: Any, name: str) -> Any:
        if name not in may_be_private and is_private(str(address)):
            refused[name] = str(address)
            raise DNSLookupError(f"{name} leads to {address}")
        refused.pop(name, None)
        return address


def _name(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
