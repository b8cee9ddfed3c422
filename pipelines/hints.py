"""What lists, feeds and sitemaps say of when their entries are of: a hint for asking, never the date of an article.

Cleaning takes an article's date from its own page; a hint decides what is asked for and when.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml.etree import _Element

from pipelines.addresses import absolute, url_key
from pipelines.dates import VIETNAM, read_date
from pipelines.layouts import Layout, find
from pipelines.lines import text_of

_W3C = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
# Software without a date says 0001-01-01 or 1970-01-01: older than any site, so it would never be asked for.
_FIRST = datetime(1995, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """An address that a feed or a sitemap lists, and the latest time that it gives for it."""

    url: str
    at: datetime | None


def moment(text: str) -> datetime | None:
    """The time that ``text`` gives as RFC 822 (feeds) or W3C-DTF (sitemaps), Vietnam's where it names no zone.

    None for other forms: ``5/10/2025`` is one day in one country and another in the next.
    """
    text = text.strip()
    if len(text) > 64:
        return None
    try:
        at = datetime.fromisoformat(text) if _W3C.fullmatch(text) else parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return _sound(at)


def latest(texts: Iterable[str]) -> datetime | None:
    """The latest of the times that these texts give: what was published and later changed is of the later day."""
    return max((at for text in texts if (at := moment(text))), default=None)


def entry_dates(tree: _Element, base: str, layout: Layout) -> dict[str, datetime]:
    """URL key → time, of the entries of a list page that show one where ``lists.date`` says.

    A date is of an entry where the smallest element around it that holds a link to an article holds no other.
    """
    if not layout.lists.date:
        return {}
    held: dict[_Element, set[str]] = defaultdict(set)
    for anchor in find(tree, layout.lists.links):
        if target := absolute(base, anchor.get("href") or ""):
            for element in (anchor, *anchor.iterancestors()):
                held[element].add(url_key(target))
    found: dict[str, datetime] = {}
    for element in find(tree, layout.lists.date):
        around = next((held[e] for e in (element, *element.iterancestors()) if e in held), set())
        if len(around) == 1 and (at := _shown(element, layout)):
            found.setdefault(next(iter(around)), at)
    return found


def _shown(element: _Element, layout: Layout) -> datetime | None:
    said = (element.get("datetime"), element.get("content"), text_of(element))
    dates = (read_date(text, layout.date_patterns) for text in said if text)
    return next((moment(date.at) for date in dates if date), None)


def _sound(at: datetime) -> datetime | None:
    try:
        at = (at if at.tzinfo else at.replace(tzinfo=VIETNAM)).astimezone(UTC)
    except OverflowError:
        return None
    return at if at >= _FIRST else None
