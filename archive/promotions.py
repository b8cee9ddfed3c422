"""Which cleaner's readings the editions of a source come from, and what it means when that changes."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from archive.database import insert_one
from archive.folding import refold
from archive.models import Article, Capture, CaptureReading, Edition, Promotion, Reading
from archive.readings import TO_READ

_TOLD = ("content_hash", "published_at", "byline", "section", "captions")


def promoted_cleaners(connection: Connection) -> dict[str, str]:
    """Source id → digest of the cleaner that is promoted for it."""
    newest = select(func.max(Promotion.id)).group_by(Promotion.source_id)
    rows = connection.execute(select(Promotion.source_id, Promotion.cleaner_digest).where(Promotion.id.in_(newest)))
    return {source_id: digest for source_id, digest in rows}


def article_keys(connection: Connection, source_id: str) -> list[str]:
    """The keys of all articles that the source's captures name, in order."""
    keys = select(Capture.article_key).where(Capture.source_id == source_id).distinct()
    return sorted(key for key in connection.execute(keys).scalars() if key is not None)


def unread_by(connection: Connection, source_id: str, digest: str) -> int:
    """How many captures of a source a cleaner has not looked into: promoted, it would not know them."""
    unread = select(func.count()).select_from(Capture).where(Capture.source_id == source_id, TO_READ)
    return int(connection.execute(unread.where(~looked_into(digest))).scalar_one())


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

    They say what readers see change: the texts and metadata that this cleaner reads differently (``reading``), articles
    that it finds (``article``) or no longer finds (``withdrawn``), and, as ever, what the publisher did since the
    last capture that the cleaner before had read. What the publisher did earlier is told already.
    """
    before, told = dict(_told(connection, source_id)), _told_until(connection, source_id)
    changes = [record(connection, source_id, digest, reason, at)]
    changes += refold(connection, article_keys(connection, source_id), at, told)
    for key, after in _told(connection, source_id):
        was = before.pop(key, None)
        if fields := [name for name in _TOLD if was is not None and was[name] != after[name]]:
            detail = {"fields": fields, "content_hash": after["content_hash"], "cleaner": digest}
            row = {"at": at, "kind": "reading", "article_key": key, "source_id": source_id, "detail": detail}
            changes.append(row)
    for key in sorted(before):
        detail = {"cleaner": digest}
        changes.append({"at": at, "kind": "withdrawn", "article_key": key, "source_id": source_id, "detail": detail})
    return changes


def _told(connection: Connection, source_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each article that readers see, by key, and what they see of it."""
    columns = (Edition.content_hash, *(getattr(Reading, name) for name in _TOLD[1:]))
    rows = connection.execute(
        select(Article.article_key, *columns)
        .join(Edition, Edition.id == Article.current_edition_id)
        .join(Reading, Reading.id == Article.current_reading_id)
        .where(Article.source_id == source_id)
        .order_by(Article.article_key)
    )
    return ((row.article_key, {name: getattr(row, name) for name in _TOLD}) for row in rows)


def _told_until(connection: Connection, source_id: str) -> dict[str, datetime]:
    rows = connection.execute(
        select(Article.article_key, Edition.observed_to)
        .join(Edition, Edition.id == Article.current_edition_id)
        .where(Article.source_id == source_id)
    )
    return {key: until for key, until in rows}
