"""When the next request to a host may go. Pure bookkeeping: times come in as seconds of any clock that does not jump.

A host's pace is the longest of what its source, its robots.txt and its own slowness ask for; and it rests after an
answer that says so (429, 503, Retry-After). `crawler.manners` holds one for each host of a crawl.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: A longer Crawl-delay or Request-rate is not waited for; the summary says so.
LONGEST_CRAWL_DELAY = 60.0
#: No answer is so slow that requests are further apart than this, unless robots.txt or the source ask for it.
LONGEST_THROTTLE = 60.0
#: A host that asks for a longer rest is left for this crawl.
LONGEST_REST = 300.0
#: So is one whose rests, an answer between them or not, come to more than this: a crawl must end.
MOST_REST = 1800.0
#: The first rest after 429 or 503 without Retry-After; each further one in a row is twice as long.
FIRST_REST = 2.0
#: So many 429 or 503 in a row, and the host is left for this crawl.
BUSY_IN_A_ROW = 6
#: So many attempts in a row without any answer, and the host is left for this crawl.
LOST_IN_A_ROW = 5
#: At once, to a host without delay (a machine of one's own).
AT_ONCE_WITHOUT_DELAY = 8
BUSY = frozenset({429, 503})


def retry_after(value: str | None, date: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, never negative; None where it says nothing that can be read.

    A time is taken against the server's own ``Date`` where it gives one: its clock may be wrong. RFC 9110, 10.2.3.
    """
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    until = _http_date(value)
    return None if until is None else max(0.0, (until - (_http_date(date) or now)).total_seconds())


def _http_date(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@dataclass(slots=True)
class HostPace:
    """One host: ``floor`` is the least delay in seconds, ``delay`` the one that holds now.

    ``left`` says why nothing more is asked of it in this crawl; ``dead`` that it gave no answer, or no robots.txt;
    ``rest`` for how many seconds it asked to be left alone. ``heard`` is whether it answered at all.
    """

    floor: float
    jitter: Callable[[], float] = field(default=random.random, repr=False)
    patience: int = LOST_IN_A_ROW
    delay: float = field(init=False)
    last: float = field(default=-1e9, init=False)
    rest_until: float = field(default=-1e9, init=False)
    ruled: bool = field(default=False, init=False)
    heard: bool = field(default=False, init=False)
    left: str | None = field(default=None, init=False)
    dead: bool = field(default=False, init=False)
    rest: float = field(default=0.0, init=False)
    _busy: int = field(default=0, init=False)
    _rested: float = field(default=0.0, init=False)
    _lost: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.delay = self.floor

    @property
    def at_once(self) -> int:
        """How many requests may be under way; one until robots.txt is known."""
        return AT_ONCE_WITHOUT_DELAY if self.ruled and not self.floor else 1

    def rule(self, crawl_delay: float | None) -> bool:
        """Take in what robots.txt asks for. False where that is more than will be waited for."""
        self.ruled = True
        self.floor = max(self.floor, min(crawl_delay or 0.0, LONGEST_CRAWL_DELAY))
        self.delay = max(self.delay, self.floor)
        return (crawl_delay or 0.0) <= LONGEST_CRAWL_DELAY

    def wait(self, now: float) -> float:
        """The seconds until the next request may go."""
        return max(0.0, self.last + self.delay - now, self.rest_until - now)

    def went(self, now: float) -> None:
        """A request goes now."""
        self.last = now

    def answered(self, now: float, status: int, latency: float | None = None, rest: float | None = None) -> None:
        """An answer came, ``latency`` seconds after it was asked for; ``rest`` is its Retry-After in seconds.

        The delay counts from here: what was asked for may have reached the server late.
        """
        self.last, self.heard, self._lost = now, True, 0
        if status in BUSY or (status >= 400 and rest is not None):
            self._rest(now, status, rest)
        else:
            self._busy = 0
        self._throttle(status, latency)

    def unanswered(self, now: float, reason: str) -> None:
        """No answer came: no such host, refused, cut off, too slow."""
        self.last, self._lost = now, self._lost + 1
        if self._lost >= self.patience and self.left is None:
            times = "" if self._lost == 1 else f" {self._lost} times in a row"
            self.dead, self.left = True, f"gave no answer{times} ({reason})"

    def leave(self, reason: str, *, dead: bool = False) -> None:
        """Ask nothing more of it in this crawl; ``dead``: nor soon, for nothing of it may be had."""
        self.left = self.left or reason
        self.dead = self.dead or dead

    def _rest(self, now: float, status: int, rest: float | None) -> None:
        self._busy += 1
        if rest is not None and rest > LONGEST_REST:
            self.rest = rest
            self.leave(f"answered {status} and asks to be left alone for {rest:.0f} s")
        elif self._busy >= BUSY_IN_A_ROW:
            self.leave(f"answered {status} {self._busy} times in a row")
        else:
            backing_off = FIRST_REST * 2 ** (self._busy - 1) * (1 + self.jitter() / 2)
            rest_until = max(self.rest_until, now + (backing_off if rest is None else rest))
            self._rested += rest_until - max(self.rest_until, now)
            self.rest_until = rest_until
            if self._rested > MOST_REST:
                self.leave(f"answered {status} and the like again and again, {self._rested:.0f} s of rests in all")

    def _throttle(self, status: int, latency: float | None) -> None:
        """Scrapy's AutoThrottle with a target of one request at a time, above this host's own floor."""
        if latency is None or not self.floor:
            return
        delay = min(max(self.floor, latency, (self.delay + latency) / 2), max(self.floor, LONGEST_THROTTLE))
        if status == 200 or delay > self.delay:  # errors come fast: they are no reason to ask faster
            self.delay = delay
