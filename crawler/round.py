"""One source's round within a crawl: what to ask for next, one address an article, and what waits behind it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from archive.frontier import MAX_HOPS, Known
from archive.records import GOOD, LEADING, Link, Page


class Round:
    """Knows every address of a source and which article each belongs to. Pure bookkeeping: no input, no output."""

    def __init__(self, known: Iterable[Known], *, walk: bool = False) -> None:
        self._walk = walk
        self._seen: set[str] = set()
        self._untried: set[str] = set()  # known by an import, or by another address of the article
        self._done: set[str] = set()
        self._asked: set[str] = set()
        self._waiting: dict[str, list[Known]] = defaultdict(list)
        self._new: set[str] = set()
        self._lists: dict[str, Known] = {}
        self._due: list[Known] = []
        self.total = 0
        for one in known:
            self._keep(one)

    def _keep(self, known: Known) -> None:
        self._seen.add(known.url_key)
        if not known.due and not known.captured:
            self._untried.add(known.url_key)
        if known.due:
            self._due.append(known)
        elif known.kind in LEADING:
            self._lists[known.url_key] = known
        elif known.article_key and known.outcome in GOOD:
            self._done.add(known.article_key)
        elif known.article_key and not known.captured:
            self._waiting[known.article_key].append(known)  # never needed so far: another address was good

    def begin(self) -> list[Known]:
        """The addresses that are due, newest lists and articles as the frontier orders them, one for each article."""
        due, self._due = self._due, []
        wanted = {known.article_key for known in due}
        self._waiting = defaultdict(list, {key: rest for key, rest in self._waiting.items() if key in wanted})
        return [known for known in due if self._admit(known)]

    def offer(self, links: Sequence[Link]) -> list[Known]:
        """Those of the links that are to be fetched now; the others are known, done or wait for another address.

        Where anything is new to this round, a known list page that follows is asked for too: more may be new there.
        A round that is to ``walk`` asks for it anyway.
        """
        fresh = []
        for link in links:
            if link.url_key not in self._seen or self._is_wanted_now(link):
                self._seen.add(link.url_key)
                self._untried.discard(link.url_key)
                self._new.add(link.url_key)
                fresh.append(
                    Known(link.url, link.url_key, link.kind, link.article_key, True, False, None, link.url, None, None)
                )
        if self._walk or any(link.url_key in self._new for link in links):
            fresh += [self._lists.pop(link.url_key) for link in links if link.follows and link.url_key in self._lists]
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

    def _is_wanted_now(self, link: Link) -> bool:
        """Whether nothing but this link asks for an address that is known already."""
        key = link.article_key
        return link.url_key in self._untried and key not in self._done and key not in self._waiting

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
