"""What of a web archive's listing is wanted: captures of the source's own hosts, on the days on which they were its,
of articles, lists and the files behind articles, with statuses that say something of the publisher.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from archive.rescues import Wanted
from pipelines.addresses import sound, url_key
from pipelines.attachments import type_of
from pipelines.cdx import REVISIT, Line
from pipelines.cleaner import Cleaner
from pipelines.context import SourceContext
from pipelines.dates import VIETNAM
from pipelines.recognise import identify

FIRST_DAY, LAST_DAY = date(1991, 1, 1), date(9999, 12, 30)
_PAGES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "unk", "-", "", REVISIT})
_ABSENT = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Days:
    """The days of which captures are wanted, in Vietnam's time, both included."""

    since: date = FIRST_DAY
    until: date = LAST_DAY

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The first and the last second of that time."""
        begin = datetime.combine(self.since, time.min, VIETNAM).astimezone(UTC)
        end = datetime.combine(self.until, time.min, VIETNAM).astimezone(UTC) + timedelta(days=1, seconds=-1)
        return begin, end

    def within(self, since: date | None, until: date | None) -> "Days | None":
        """What they have in common with other days, if anything."""
        both = Days(max(self.since, since or self.since), min(self.until, until or self.until))
        return both if both.since <= both.until else None


def hosts(source: SourceContext, days: Days) -> list[tuple[str, Days]]:
    """The hosts whose captures are to be listed, each with its days."""
    found = ((term.host, days.within(term.since, term.until)) for term in source.terms)
    return sorted({(host, mine) for host, mine in found if mine}, key=lambda one: (one[0], one[1].since))


class Sieve:
    """Tells which lines of a listing are wanted; ``left`` counts the others by what they are."""

    def __init__(self, source: SourceContext, cleaner: Cleaner) -> None:
        self._source, self._cleaner = source, cleaner
        self.left: Counter[str] = Counter()

    def wanted(self, lines: Iterable[Line]) -> Iterator[Wanted]:
        """Those of ``lines`` that are wanted."""
        for line in lines:
            url = sound(line.url)
            if why := self._why_not(line, url):
                self.left[why] += 1
            else:
                yield Wanted(url, url_key(url), line.captured_at, line.status, line.digest, line.place)

    def _why_not(self, line: Line, url: str) -> str | None:
        status = line.status
        if not (status is None or status == 200 or 300 <= status < 400 or status in _ABSENT):
            return f"status {status}"
        try:
            mine = self._cleaner.source_at(url, line.captured_at) == self._source.id
        except ValueError:
            return "malformed address"
        if not mine:
            return "another's host on that day"
        layout = self._cleaner.layout_of(self._source, line.captured_at)
        kind, _ = identify(url, self._source, layout)
        if kind == "attachment":
            return None if type_of(url) in (None, *self._source.file_types) else "a picture, or a file of another type"
        if status in (200, None) and line.mime.partition(";")[0].strip().lower() not in _PAGES:
            return line.mime[:60]
        return None if kind in ("article", "list") and not layout.ignores(url) else "neither article nor list"
