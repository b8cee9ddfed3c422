"""What readers read: articles, their editions, what else moved, and the change feed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base


class Article(Base):
    __tablename__ = "article"
    __table_args__ = (Index(None, "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_key: Mapped[str] = mapped_column(Text, unique=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"))
    url: Mapped[str] = mapped_column(Text)
    current_edition_id: Mapped[int | None] = mapped_column(Integer)
    current_reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"))
    first_captured_at: Mapped[datetime]
    last_captured_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class ArticleUrl(Base):
    __tablename__ = "article_url"
    __table_args__ = (Index(None, "url_key"),)

    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True)
    url_key: Mapped[str] = mapped_column(Text, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class Edition(Base):
    __tablename__ = "edition"
    __table_args__ = (Index(None, "article_id", "cleaner_digest"), Index(None, "content_hash"))

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"))
    ordinal: Mapped[int]
    content_hash: Mapped[str] = mapped_column(ForeignKey("content.content_hash"))
    first_capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"))
    last_capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"))
    observed_from: Mapped[datetime]
    observed_to: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    corrected: Mapped[list[Any]] = mapped_column(server_default="[]")


class MetadataChange(Base):
    __tablename__ = "metadata_change"
    __table_args__ = (UniqueConstraint("article_id", "cleaner_digest", "capture_id", "field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"))
    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"))
    field: Mapped[str] = mapped_column(String(20))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None]


class Change(Base):
    __tablename__ = "change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    article_key: Mapped[str | None] = mapped_column(Text)
    source_id: Mapped[str | None] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]]
