"""A Scrapy spider that only follows the portal's links: what collecting is measured against."""

import sys
from collections.abc import Iterator

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

LINKS = "div.asset-abstract h3.asset-title a, .taglib-page-iterator a, div.related_asset a"


class Bare(Spider):
    """Scrapy as it comes; only what opens ports is off."""

    name = "bare"
    handle_httpstatus_list = (404,)
    start_urls = sys.argv[1:]
    custom_settings = {"TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False, "LOG_LEVEL": "ERROR"}  # noqa: RUF012

    def parse(self, response: Response) -> Iterator[Request]:
        if response.status == 200:
            for link in response.css(LINKS):
                if link.attrib.get("href", "").startswith("/"):
                    yield response.follow(link, self.parse)


if __name__ == "__main__":
    process = AsyncCrawlerProcess()
    process.crawl(Bare)
    process.start()
