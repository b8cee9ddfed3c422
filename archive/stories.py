"""An article as one cleaner tells it: its captures, what was read in them, and the fold that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select

from archive.attachments import attachments_of
from archive.decisions import decisions, words_of
from archive.editions import Fold, fold
from archive.models import Capture, CaptureReading, Crawl, Promotion, Reading
from archive.seen import Seen, Words

_COLUMNS = (
    Capture.id,
    Capture.source_id,
    Capture.article_key,
    Capture.captured_at,
    Capture.url,
    Capture.url_key,
    Capture.payload_digest,
    Capture.crawl_id,
    Crawl.kind,
    func.coalesce(CaptureReading.outcome, Capture.outcome).label("outcome"),
    Capture.preference,
    Reading.content_hash,
    Reading.published_at,
    Reading.byline,
    Reading.section,
    Reading.captions,
)


@dataclass(frozen=True, slots=True)
class Story:
    """One article: its captures, and what follows from them under its source's cleaner. ``decided``: a person once
    corrected something of it."""

    key: str
    source_id: str
    cleaner: str | None
    captures: Sequence[Seen]
    folded: Fold
    decided: bool = False

    @property
    def told(self) -> Seen | None:
        """The capture that speaks last, where the cleaner has read one."""
        return self.folded.speaking if self.cleaner is not None else None


def stories(connection: Connection, keys: Sequence[str], cleaner: str | None = None) -> list[Story]:
    """The articles with these keys, as ``cleaner`` tells them; default: as the one promoted for their source does."""
    newest = select(Promotion.id).where(Promotion.source_id == Capture.source_id).order_by(Promotion.id.desc()).limit(1)
    promoted = select(Promotion.id, Promotion.cleaner_digest).subquery()
    digest: Any = literal(cleaner) if cleaner is not None else promoted.c.cleaner_digest
    rows = connection.execute(
        select(*_COLUMNS, digest.label("cleaner_digest"), Reading.id.label("reading_id"))
        .select_from(Capture)
        .join(Crawl, Crawl.id == Capture.crawl_id)
        .outerjoin(promoted, promoted.c.id == newest.correlate(Capture).scalar_subquery())
        .outerjoin(
            CaptureReading, (CaptureReading.capture_id == Capture.id) & (CaptureReading.cleaner_digest == digest)
        )
        .outerjoin(Reading, Reading.id == CaptureReading.reading_id)
        .where(Capture.article_key.in_(keys))
    ).all()
    found: dict[str, tuple[str, str | None, list[Seen]]] = {}
    named = attachments_of(connection, (row.reading_id for row in rows))
    made = decisions(connection, keys)
    words = words_of(connection, made)
    for row in rows:
        keys_named = tuple(one.url_key for one in named.get(row.reading_id, ()))
        seen = _seen(row, keys_named, words.get(row.content_hash))
        found.setdefault(row.article_key, (row.source_id, row.cleaner_digest, []))[2].append(seen)
    return [
        Story(key, source, cleaner, seen, fold(seen, made.get(key, ())), key in made)
        for key, (source, cleaner, seen) in sorted(found.items())
    ]


def _seen(row: Row[Any], attachments: tuple[str, ...], words: Words | None) -> Seen:
    return Seen(
        row.id,
        row.captured_at,
        row.url,
        row.url_key,
        row.payload_digest,
        str(row.crawl_id) if row.kind == "crawl" else f"{row.captured_at:%Y-%m-%d}",
        row.outcome,
        row.preference,
        row.reading_id,
        row.content_hash,
        row.published_at,
        row.byline,
        row.section,
        tuple(row.captions or ()),
        attachments,
        words,
    )
