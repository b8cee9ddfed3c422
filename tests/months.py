"""A simulated month on the recorded portal: new articles and edits day by day, one `collect --due` a day.

What is true is the server's word (`/__lab__/truth`), what was asked for is its log. An edit counts as captured where a
capture whose text holds it was made on its day or one of the two days after; edits of the last two days do not count,
nobody could have all of these days.
"""

import importlib.util
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from tests.bantin import Bantin
from tests.portal import SHARED, STARTS, WARC, Portal

BORN, EDITS, HALFLIFE = 30, 0.3, 2
OPTIONS = ("--births", str(BORN), "--edits", str(EDITS), "--halflife", str(HALFLIFE))
BEGAN = datetime(2026, 3, 1, 6, tzinfo=UTC)
GRACE, WEEK = 2, 7
_ARTICLE = re.compile(r'href="([^"]*/view_content/(\d+)-[^"]*)"')
_NEXT = re.compile(r'href="([^"]*_101_cur=\d+[^"]*)"')
_EDITED = re.compile(r"Nội dung được cập nhật ngày thứ (\d+)\.")
#: Article → the days on which it was asked for.
Visits = Mapping[str, Iterable[int]]


@dataclass
class Truth:
    """What happened on the site up to its last day: on which days articles were born and edited, and which of them were
    born into old places of their lists."""

    last: int
    born: dict[str, int]
    edited: dict[str, list[int]]

    @cached_property
    def late(self) -> set[str]:
        """Born, but not at the head of a list: as the server chose them."""
        place: dict[str, bool] = {}
        for order in _lists().sections.values():
            for number, article in enumerate(order):
                place.setdefault(article, number >= len(order) // 2)
        return {article for article, day in self.born.items() if day > 0 and place.get(article)}

    @property
    def edits(self) -> list[tuple[str, int]]:
        """All edits as (article, day) that have their two days of grace."""
        return [(a, day) for a, days in self.edited.items() for day in days if day + GRACE <= self.last]

    def live(self, day: int) -> int:
        """How many articles there are on a day."""
        return sum(born <= day for born in self.born.values())

    def in_time(self, visits: Visits) -> float:
        """Share of the edits that somebody who asks on these days sees within two days."""
        return _share(any(day <= v <= day + GRACE for v in visits.get(a, ())) for a, day in self.edits)

    def apart(self, visits: Visits) -> float:
        """Share of the edits seen within two days and before the next one came on top of them."""
        seen = []
        for article, day in self.edits:
            end = min([d - 1 for d in self.edited[article] if d > day] + [day + GRACE])
            seen.append(any(day <= v <= end for v in visits.get(article, ())))
        return _share(seen)


@dataclass
class Month:
    """How it went. Requests are those of days 1 to the last; ``first`` those of the first walk on day 0."""

    truth: Truth
    lists: int
    first: int
    asked: int
    baseline: int
    visits: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    editions: set[tuple[str, int]] = field(default_factory=set)
    found: dict[str, int] = field(default_factory=dict)

    @property
    def captured(self) -> float:
        """Share of the edits whose words stand in a capture made within two days."""
        return self.truth.in_time(self.visits)

    @property
    def own_edition(self) -> float:
        """Share of the edits that have an edition of their own, first captured within two days."""
        return _share(edit in self.editions for edit in self.truth.edits)

    @property
    def missed_births(self) -> dict[str, int]:
        """New articles at the head of a list that were not captured on their day, and the day on which they were."""
        born = {a for a, day in self.truth.born.items() if 0 < day <= self.truth.last}
        return self._later_than(0, born - self.truth.late)

    @property
    def missed_late(self) -> dict[str, int]:
        """Articles born into old places that were not captured within a week, of those that had a week."""
        return self._later_than(WEEK, {a for a in self.truth.late if self.truth.born[a] + WEEK <= self.truth.last})

    def _later_than(self, days: int, articles: set[str]) -> dict[str, int]:
        found = {article: self.found.get(article, 99) for article in sorted(articles)}
        return {article: day for article, day in found.items() if day > self.truth.born[article] + days}


def simulate(folder: Path, days: int, *, baseline: bool = True) -> Month:
    """Collect the portal daily for so many days after a first walk; beside it the baseline is fetched, for real."""
    with Portal(*OPTIONS) as portal:
        bantin = Bantin(folder / "home", portal.catalogue(folder))
        bantin.init()
        _collect(bantin, 0)
        first, lists, fetched = _requests(portal, "bantin"), 0, Baseline(portal.port)
        for day in range(1, days + 1):
            told = portal.day(day)
            _collect(bantin, day, "--due")
            if baseline:
                lists = fetched.fetch_all()
        truth = Truth(days, told["born"], {a: d for a, d in told["edited"].items()})
        asked = _requests(portal, "bantin") - first
        month = Month(truth, lists, first, asked, _requests(portal, "baseline"))
    _look(bantin, month)
    return month


def _collect(bantin: Bantin, day: int, *arguments: str) -> None:
    bantin.options = ["--now", f"{BEGAN + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"]
    done = bantin.run("collect", *arguments, status=None)
    # The recorded pages are years older than this clock: the ledger may well say that the site fell silent.
    assert done.returncode in (0, 1), done.stderr
    bantin.options = []


def _requests(portal: Portal, agent: str) -> int:
    return sum((entry["user_agent"] or "").startswith(agent) for entry in portal.log)


class Baseline:
    """What asks for everything every day: each list page, and each article that they name, once each."""

    def __init__(self, port: int) -> None:
        self._port, self._dead = port, set[str]()

    def fetch_all(self) -> int:
        """One day; how many list pages there are."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        waiting, lists, articles = list(STARTS), set(STARTS), dict[str, str]()
        while waiting:
            path = waiting.pop(0)
            text = self._ask(connection, path)
            further = {_path(path, href) for href in _NEXT.findall(text)} - lists - self._dead
            lists |= further
            waiting += sorted(further)
            for href, article in _ARTICLE.findall(text):
                if "/pop_up/" not in href:
                    articles.setdefault(article, _path(path, href))
        for path in articles.values():
            self._ask(connection, path)
        connection.close()
        return len(lists - self._dead)

    def _ask(self, connection: HTTPConnection, path: str) -> str:
        connection.request("GET", path, headers={"User-Agent": "baseline"})
        answer = connection.getresponse()
        if answer.status != 200:  # a dead link is asked for once, not every day
            self._dead.add(path)
        return answer.read().decode()


def _path(page: str, href: str) -> str:
    parts = urlsplit(urljoin(f"http://host{page}", href.replace("&amp;", "&")))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _look(bantin: Bantin, month: Month) -> None:
    """What the captures of the month hold: an article's text, and so its edits, on the days of its visits."""
    captures = """
        SELECT v.article_key, v.captured_at, c.body FROM v_capture AS v
        JOIN content AS c ON c.content_hash = v.content_hash ORDER BY v.captured_at
    """
    for key, at, body in bantin.sql(captures):
        article, day = key.partition(":")[2], _day(at)
        month.found.setdefault(article, day)
        held = {int(number) for number in _EDITED.findall(body)}
        # A visit counts for an edit only where the text that was captured holds it.
        if held >= {d for d in month.truth.edited.get(article, ()) if d <= day}:
            month.visits[article].add(day)
    for key, at, body in bantin.sql("SELECT article_key, observed_from, body FROM v_edition WHERE edition > 1"):
        newest = max(map(int, _EDITED.findall(body)), default=0)
        if _day(at) <= newest + GRACE:
            month.editions.add((key.partition(":")[2], newest))


def _day(at: str) -> int:
    return (datetime.fromisoformat(at) - BEGAN + timedelta(hours=1)).days


def _share(held: Iterable[bool]) -> float:
    values = list(held)
    return sum(values) / len(values) if values else 1.0


def _lists() -> Any:
    """The lists of the recording as the server holds them."""
    spec = importlib.util.spec_from_file_location("portal_server", SHARED / "portal" / "serve.py")
    assert spec is not None
    assert spec.loader is not None
    server = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(server)
    pages: dict[str, bytes] = {}
    for url, body in server.records(str(WARC)):
        parts = urlsplit(url)
        pages[parts.path + (f"?{parts.query}" if parts.query else "")] = body
    return server.Lists(pages)
