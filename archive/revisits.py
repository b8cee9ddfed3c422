"""When to come back to an address: pure rules, from what captures have shown to the time of the next visit.

Articles: an edit is the less likely the longer a text has stood, so the next visit is due after a share of that time
(Cho and Garcia-Molina, *Effective page refresh policies for web crawlers*, 2003, for visits by the odds of change;
that these fall with age is this collection's experience). What is not there, or cannot be fetched, is asked for again
at times that grow. List pages: the more often the more often they bring something.

All times are aware, all ages and intervals are `timedelta`. How often a source is visited at all, its rhythm, bounds
an interval from below, when a round begins: see `Bounds`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from archive.clock import parse_rfc3339

DAY = timedelta(days=1)
#: Of the time for which an article has stood unchanged. Measured: docs/benchmarks.md.
SHARE = 0.4
#: The longest that an article is left alone; also what nothing is known of, which is taken for old.
LONGEST = 60 * DAY
#: A missing page may be back tomorrow; after that each wait is three times the one before.
ABSENCE, ABSENCE_GROWS = DAY, 3
#: A failure is tried again in each of the next rounds, up to so many attempts; from then on waits double from a day.
PATIENT_ATTEMPTS, ATTEMPTS_A_ROUND = 9, 3
LONGEST_FAILURE = 30 * DAY
#: What leads to others (lists, feeds, sitemaps): the first wait, and the bounds of the later ones.
LEADING_FIRST, LEADING_SHORTEST, LEADING_LONGEST = DAY, timedelta(hours=1), 30 * DAY
#: Every further page of a list is looked at that often: articles may be put into old places.
WALK_EVERY = 6 * DAY
_VIETNAM = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a round that begins at ``now`` takes of a source that is visited every ``rhythm``.

    Crawls begin at nearly the same hour and take a while: what comes due within an eighth of the rhythm is taken along,
    or it would wait for a whole rhythm more.
    """

    now: datetime
    rhythm: timedelta

    @property
    def due_by(self) -> datetime:
        """An address whose time has come by then is taken."""
        return self.now + self.rhythm / 8

    def seen_by(self, interval: timedelta) -> datetime:
        """An address last captured by then has waited for ``interval``, or for the rhythm where that is longer."""
        return self.due_by - max(interval, self.rhythm)


def article_interval(stood: timedelta | None) -> timedelta:
    """How long to leave an article alone that has stood unchanged for ``stood`` (None: nobody knows)."""
    if stood is None:
        return LONGEST
    return min(LONGEST, SHARE * max(stood, timedelta(0)))


def stood(
    seen_at: datetime,
    appeared_at: datetime | None,
    published_at: str | None,
    discovered_at: datetime,
    edited_at: datetime | None,
) -> timedelta | None:
    """How long an article had stood unchanged when it was captured at ``seen_at``; None where nothing says so.

    It changed last when an edit was first seen, else when it was published: between two visits where a list showed it
    that had not shown it before (``appeared_at``), else when its page says, but not after we knew of it.
    """
    if appeared_at is not None:
        began: datetime | None = appeared_at
    else:
        said = publication(published_at)
        began = min(said, discovered_at) if said is not None else None
    known = [moment for moment in (began, edited_at) if moment is not None]
    return max(seen_at - max(known), timedelta(0)) if known else None


def publication(published_at: str | None) -> datetime | None:
    """The time that a reading's ``published_at`` says; a date alone is its first moment in Vietnam."""
    if published_at is None:
        return None
    moment = parse_rfc3339(published_at)
    return moment - _VIETNAM if len(published_at) == len("2025-01-10") else moment


def absence_interval(attempts: int) -> timedelta:
    """How long to leave an address alone that was not there, or led elsewhere, ``attempts`` times on end (from 1)."""
    return _grown(ABSENCE, ABSENCE_GROWS, attempts - 1, LONGEST)


def failure_interval(attempts: int) -> timedelta:
    """How long to leave an address alone that failed ``attempts`` times on end (from 1); none: until the next round."""
    if attempts < PATIENT_ATTEMPTS:
        return timedelta(0)
    return _grown(DAY, 2, (attempts - PATIENT_ATTEMPTS) // ATTEMPTS_A_ROUND, LONGEST_FAILURE)


def leading_interval(before: timedelta | None, *, brought: bool) -> timedelta:
    """How long to leave a list, feed or sitemap alone that was waited for ``before`` and brought something, or not."""
    if before is None:
        return LEADING_FIRST
    return max(LEADING_SHORTEST, before / 2) if brought else min(LEADING_LONGEST, before * 1.5)


def spread(interval: timedelta, url_key: str) -> timedelta:
    """``interval`` shortened by up to a quarter, as the address has it: what was found together does not come due
    together. The same for the same address, always."""
    return interval * (1 - _place(url_key) / 4)


def after_import(url_key: str) -> timedelta:
    """How long after an import to ask for an address that is known by it alone: thousands of them, most of them long
    gone, are spread over `LONGEST`."""
    return LONGEST * _place(url_key)


def _place(url_key: str) -> float:
    """A number from 0 to 1 of the address's own."""
    return int.from_bytes(sha256(url_key.encode()).digest()[:4], "big") / 2**32


def _grown(first: timedelta, factor: int, times: int, longest: timedelta) -> timedelta:
    """``first`` times ``factor``, ``times`` times over; the ``longest`` at most."""
    while times > 0 and first < longest:
        first, times = first * factor, times - 1
    return min(longest, first)
