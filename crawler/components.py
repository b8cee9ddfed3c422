"""What Scrapy's components of ours have in common: they serve the collection of the spider that runs."""

from typing import TYPE_CHECKING

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from crawler.collection import Collection


def collection_of(crawler: Crawler) -> "Collection":
    """The collection of a crawler's spider. Raises NotConfigured for a spider that has none (`scrapy fetch`)."""
    collection: Collection | None = getattr(crawler.spider, "collection", None)
    if collection is None:
        raise NotConfigured("this spider has no collection")
    return collection
