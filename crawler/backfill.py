"""Collecting back to a day (``--since``): which of a page's links a crawl follows, by the times that are said of them.

Stands between reading a page and storing it: what is left out is neither asked for nor remembered as due.
"""

from dataclasses import replace
from datetime import date

from archive.records import Link, Page
from pipelines.dates import VIETNAM


def within(page: Page, since: date) -> Page:
    """The page with the links that a crawl back to ``since`` (Vietnam's day) follows.

    Articles and sitemaps that are said to be older are left; what nothing is said of is followed. A list is walked page
    by page, and no further than a page all of whose articles are older. What an article relates to is left: it is older
    mostly, and nothing says so; what is new stands in a list too.
    """
    articles = [link for link in page.links if link.kind == "article"]
    if page.kind == "article":
        return replace(page, links=tuple(link for link in page.links if link.kind != "article"))
    over = bool(articles) and all(_older(link, since) for link in articles)
    kept = [link for link in page.links if not _older(link, since)]
    return replace(page, links=tuple(link for link in kept if link.kind != "list" or (link.follows and not over)))


def _older(link: Link, since: date) -> bool:
    return link.said_at is not None and link.said_at.astimezone(VIETNAM).date() < since
