"""Which cleaner's readings the editions of a source come from, and what it means when that changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from archive.attachments import attachments_of
from archive.database import batched, insert_one
from archive.folding import refold
from archive.models import Article, Capture, CaptureReading, Edition, Promotion, Reading
from archive.queries import Row, dressed, rows, typed
from archive.readings import TO_READ

#: What a cleaner's reading decides of what an export says of an article.
_READ = ("content_hash", "published_at", "published_evidence", "byline", "section", "captions", "language", "warnings")
#: All that an export says of an article, but the cleaner, which a promotion changes for all, and the words (see hash).
_FIELDS = (
    *_READ,
    *("url", "urls", "sections", "duplicate_of", "attachments", "corrected", "edition", "editions"),
    *("first_captured_at", "last_captured_at", "captured_at", "gone_at"),
)
_COLUMNS = (name for name in _FIELDS if name not in ("urls", "sections", "duplicate_of", "attachments"))
_SHOWN = typed(f"SELECT article_key, body_hash, {', '.join(_COLUMNS)} FROM v_article WHERE source_id = :source_id")


def promoted_cleaners(connection: Connection) -> dict[str, str]:
    """Source id → digest of the cleaner that is promoted for it."""
    newest = select(func.max(Promotion.id)).group_by(Promotion.source_id)
    found = connection.execute(select(Promotion.source_id, Promotion.cleaner_digest).where(Promotion.id.in_(newest)))
    return {source_id: digest for source_id, digest in found}


def article_keys(connection: Connection, source_id: str) -> list[str]:
    """The keys of all articles that the source's captures name, in order."""
    keys = select(Capture.article_key).where(Capture.source_id == source_id).distinct()
    return sorted(key for key in connection.execute(keys).scalars() if key is not None)


def unread_by(connection: Connection, source_id: str, digest: str) -> int:
    """How many captures of a source a cleaner has not looked into: promoted, it would not know them."""
    unread = select(func.count()).select_from(Capture).where(Capture.source_id == source_id, TO_READ)
    return int(connection.execute(unread.where(~looked_into(digest))).scalar_one())


def has_readings(connection: Connection, source_id: str, digest: str) -> bool:
    """Whether a cleaner has read anything in a source's captures."""
    readings = select(CaptureReading.capture_id).join(Capture, Capture.id == CaptureReading.capture_id)
    wanted = (CaptureReading.cleaner_digest == digest) & CaptureReading.reading_id.is_not(None)
    return connection.execute(readings.where(Capture.source_id == source_id, wanted).limit(1)).first() is not None


def looked_into(digest: str) -> Any:
    """The condition that this cleaner has looked into a capture."""
    return (
        select(CaptureReading.capture_id)
        .where(CaptureReading.capture_id == Capture.id, CaptureReading.cleaner_digest == digest)
        .exists()
    )


def record(connection: Connection, source_id: str, digest: str, reason: str, at: datetime) -> dict[str, Any]:
    """Make a cleaner the promoted one; the row for the change feed. The journal must have it already."""
    values = {"source_id": source_id, "cleaner_digest": digest, "promoted_at": at, "reason": reason}
    insert_one(connection, Promotion, **values)
    detail = {"cleaner": digest, "reason": reason}
    return {"at": at, "kind": "promotion", "article_key": None, "source_id": source_id, "detail": detail}


def switch(connection: Connection, source_id: str, digest: str, reason: str, at: datetime) -> list[dict[str, Any]]:
    """Promote another cleaner and fold the source's articles under it; the rows for the change feed.

    They say what readers see change: what this cleaner tells differently of an article (``reading``), articles that it
    finds (``article``) or no longer finds (``withdrawn``), and, as ever, what the publisher did since the last capture
    that the cleaner before had read. What the publisher did earlier is told already.
    """
    before, told = _shown(connection, source_id), _told_until(connection, source_id)
    agreed = _agreed(connection, source_id, digest)
    changes = [record(connection, source_id, digest, reason, at)]
    changes += refold(connection, article_keys(connection, source_id), at, told)
    by_publisher = {change["article_key"] for change in changes}
    after = _shown(connection, source_id)
    for key in sorted(before.keys() & after.keys()):
        fields = [name for name in _FIELDS if before[key][name] != after[key][name]]
        if fields and not (key in agreed and key in by_publisher):
            detail = {"fields": fields, "content_hash": after[key]["content_hash"], "cleaner": digest}
            changes.append(_change(at, "reading", key, source_id, detail))
    gone = sorted(before.keys() - after.keys())
    return changes + [_change(at, "withdrawn", key, source_id, {"cleaner": digest}) for key in gone]


def _change(at: datetime, kind: str, key: str, source_id: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {"at": at, "kind": kind, "article_key": key, "source_id": source_id, "detail": detail}


def _shown(connection: Connection, source_id: str) -> dict[str, Row]:
    """Each article that readers see, by key, and what an export says of it; the words by their hash."""
    found = rows(connection, _SHOWN, source_id=source_id)
    return {row["article_key"]: row for some in batched(found) for row in dressed(connection, some)}


def _agreed(connection: Connection, source_id: str, digest: str) -> set[str]:
    """The articles of which another cleaner reads the same, corrections aside, in the capture that speaks for them."""
    now, then, read = aliased(Reading), aliased(Reading), aliased(CaptureReading)
    found = connection.execute(
        select(Article.article_key, now.id, then.id, *(getattr(one, name) for one in (now, then) for name in _READ))
        .join(Edition, Edition.id == Article.current_edition_id)
        .join(read, (read.capture_id == Edition.last_capture_id) & (read.cleaner_digest == Edition.cleaner_digest))
        .join(now, now.id == read.reading_id)
        .join(
            CaptureReading,
            (CaptureReading.capture_id == Edition.last_capture_id) & (CaptureReading.cleaner_digest == digest),
        )
        .join(then, then.id == CaptureReading.reading_id)
        .where(Article.source_id == source_id)
    ).all()
    named = attachments_of(connection, (number for row in found for number in row[1:3]))
    count = len(_READ)
    return {
        key
        for key, before, after, *values in found
        if values[:count] == values[count:] and named.get(before) == named.get(after)
    }


def _told_until(connection: Connection, source_id: str) -> dict[str, datetime]:
    found = connection.execute(
        select(Article.article_key, Edition.observed_to)
        .join(Edition, Edition.id == Article.current_edition_id)
        .where(Article.source_id == source_id)
    )
    return {key: until for key, until in found}
