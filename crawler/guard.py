"""No request leaves for a private address unless the source is allowed one.

A name is checked where it is resolved, at connection level: whatever redirects or odd names a page holds, what counts
is the address that would be connected to.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any

from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred

#: Hosts (without port) of sources with ``allow_private``; filled when a crawl begins.
allowed_private: set[str] = set()


class PrivateAddressError(IgnoreRequest):
    """The host is on a private network or this machine, and its source is not allowed that."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is a private address; a source on one needs allow_private = true")


def is_private(host: str) -> bool:
    """Whether ``host`` is an address literal that is not on the public internet."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return False


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver; a name that leads to a private address does not resolve."""

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":
        """The address of ``name``, or a failure with PrivateAddressError."""
        found: Deferred[str] = super().getHostByName(name, timeout)
        return found.addCallback(self._check, name)

    @staticmethod
    def _check(address: Any, name: str) -> Any:
        if name not in allowed_private and is_private(str(address)):
            raise PrivateAddressError(f"{name} ({address})")
        return address
