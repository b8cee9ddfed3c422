"""Scrapy's queue of requests, host by host: a host's next request leaves it only while the host has room.

What waits for its host's turn waits here, not in the downloader, so that a slow, resting or silent host holds nothing
that others need, however much is to be asked of it.
"""

from collections import Counter
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.pqueues import DownloaderAwarePriorityQueue

if TYPE_CHECKING:
    from crawler.manners import Manners


class HostQueue(DownloaderAwarePriorityQueue):
    """Hosts in turn, each by its requests' priority. Without a collection (`scrapy fetch`) it is Scrapy's own."""

    def pop(self) -> Request | None:
        """The next request of the host whose turn it is; None while no host has room."""
        engine, collection = self.crawler.engine, getattr(self.crawler.spider, "collection", None)
        if collection is None:
            return super().pop()
        manners: Manners = collection.manners
        assert engine is not None
        under_way = Counter(request.meta.get("download_slot") for request in engine.downloader.active)
        host = next((host for host in self.pqueues if manners.has_room(host, under_way[host])), None)
        if host is None:
            return None
        queue = self.pqueues.pop(host)
        request = queue.pop()
        if len(queue):
            self.pqueues[host] = queue  # behind the others
        else:
            queue.close()
        return request
