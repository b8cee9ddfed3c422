"""How often each rule fired in the readings that readers see: those of the cleaner promoted for each source.

One pass over ``reading.removed``, a source at a time, as rows come from the database; nothing but the counts is kept.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from archive.models import Capture, CaptureReading, Reading, Source
from archive.promotions import promoted_cleaners

_AT_ONCE = 1000


@dataclass(slots=True)
class Fired:
    """What one rule took under one layout: lines, and of how many readings and articles; the first and the last
    capture that has such a reading; the first samples by article, as (article key, line)."""

    lines: int = 0
    readings: int = 0
    articles: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    first_captured_at: datetime | None = None
    last_captured_at: datetime | None = None
    samples: list[tuple[str, str]] = field(default_factory=list)
    _last: str = ""

    def add(self, source_id: str, row: Any, texts: list[str], keep: int) -> None:
        """Count the lines that it took of one reading; those of one article come one after the other."""
        self.lines += len(texts)
        self.readings += 1
        self.sources[source_id] += len(texts)
        if row.article_key != self._last:
            self.articles += 1
            self._last = row.article_key
            if len(self.samples) < keep:
                self.samples.append((row.article_key, texts[0]))
        self._widen(row.first_at, row.last_at)

    def merge(self, other: "Fired", keep: int) -> None:
        """Add what the rule took under another layout, of other articles."""
        self.lines += other.lines
        self.readings += other.readings
        self.articles += other.articles
        self.sources += other.sources
        self.samples = [*self.samples, *other.samples][:keep]
        if other.first_captured_at and other.last_captured_at:
            self._widen(other.first_captured_at, other.last_captured_at)

    def _widen(self, first: datetime, last: datetime) -> None:
        self.first_captured_at = min(self.first_captured_at or first, first)
        self.last_captured_at = max(self.last_captured_at or last, last)


def fired(
    connection: Connection, source_id: str | None = None, layout: str | None = None, *, samples: int = 1
) -> tuple[dict[tuple[str, str], Fired], Counter[str]]:
    """(layout, rule) → what it took, in one source or all, under one layout or all; and the readings of each layout."""
    found: dict[tuple[str, str], Fired] = {}
    readings = Counter[str]()
    for source, digest in sorted(promoted_cleaners(connection).items()):
        if source_id in (None, source):
            for row in _readings(connection, source, digest, layout):
                readings[row.layout] += 1
                for rule, texts in _taken(row.removed).items():
                    found.setdefault((row.layout, rule), Fired()).add(source, row, texts, samples)
    return found, readings


def _readings(connection: Connection, source_id: str, digest: str, layout: str | None) -> Iterator[Any]:
    """Each reading that the promoted cleaner made of a source's captures, those of one article together."""
    seen = (
        select(
            CaptureReading.reading_id,
            func.min(Capture.article_key).label("article_key"),
            func.min(Capture.captured_at).label("first_at"),
            func.max(Capture.captured_at).label("last_at"),
        )
        .join(Capture, Capture.id == CaptureReading.capture_id)
        .where(Capture.source_id == source_id, CaptureReading.cleaner_digest == digest)
        .where(CaptureReading.reading_id.is_not(None))
        .group_by(CaptureReading.reading_id)
        .subquery()
    )
    query = select(seen.c.article_key, seen.c.first_at, seen.c.last_at, Reading.layout, Reading.removed)
    query = query.join(Reading, Reading.id == seen.c.reading_id).order_by(seen.c.article_key, seen.c.reading_id)
    if layout is not None:
        query = query.where(Reading.layout == layout)
    yield from connection.execute(query.execution_options(yield_per=_AT_ONCE))


def _taken(removed: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    by_rule: dict[str, list[str]] = {}
    for line in removed:
        by_rule.setdefault(line["rule"], []).append(line["text"])
    return by_rule


def known_sources(connection: Connection) -> list[str]:
    """The ids of all sources of the database."""
    return list(connection.execute(select(Source.id).order_by(Source.id)).scalars())
