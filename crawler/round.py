"""One source's round within a crawl: what to ask for next, one address an article, and what waits behind it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from archive.frontier import MAX_HOPS, Known
from archive.records import GOOD, Link, Page


class Round:
    """Knows every address of a source and which article each belongs to. Pure bookkeeping: no input, no output."""

    def __init__(self, known: Iterable[Known]) -> None:
        self._seen: set[str] = set()
        self._done: set[str] = set()
        self._asked: set[str] = set()
        self._waiting: dict[str, list[Known]] = defaultdict(list)
        self._known: list[Known] = list(known)
        self.total = 0

    def begin(self) -> list[Known]:
        """The addresses that are due, newest lists and articles as the frontier orders them, one for each article."""
        for known in self._known:
            self._seen.add(known.url_key)
            if known.article_key and known.outcome in GOOD and not known.due:
                self._done.add(known.article_key)
            if known.article_key and not known.due and not known.captured:
                self._waiting[known.article_key].append(known)  # never needed so far: another address was good
        due = [known for known in self._known if known.due]
        self._known = []
        return [known for known in due if self._admit(known)]

    def offer(self, links: Iterable[Link]) -> list[Known]:
        """Those of the links that are to be fetched now; the others are known, done or wait for another address."""
        fresh = []
        for link in links:
            if link.url_key not in self._seen:
                self._seen.add(link.url_key)
                fresh.append(
                    Known(link.url, link.url_key, link.kind, link.article_key, True, False, None, link.url, None, None)
                )
        return [known for known in fresh if self._admit(known)]

    def done(self, asked: Known, page: Page | None) -> list[Known]:
        """Note how an address ended; where its article was not there, the next address that waits for it."""
        if further := _same_page_elsewhere(asked, page):
            self.total += 1
            return [further]
        key = asked.article_key
        if key is None:
            return []
        if page is not None and page.settled:
            self._done.add(key)
            self._waiting.pop(key, None)
            return []
        self._asked.discard(key)
        waiting = self._waiting.get(key)
        if not waiting:
            return []
        self._asked.add(key)
        self.total += 1
        return [waiting.pop(0)]

    def _admit(self, known: Known) -> bool:
        key = known.article_key
        if key is not None:
            if key in self._done:
                return False
            if key in self._asked:
                self._waiting[key].append(known)
                return False
            self._asked.add(key)
        self.total += 1
        return True


def _same_page_elsewhere(asked: Known, page: Page | None) -> Known | None:
    """Where an address sends to another spelling of itself (http to https): to be asked for under the same key."""
    if page is None or page.outcome != "redirected" or asked.hops >= MAX_HOPS:
        return None
    urls = (link.url for link in page.links if link.url_key == asked.url_key and link.url != asked.url)
    return next((replace(asked, url=url, hops=asked.hops + 1) for url in urls), None)
