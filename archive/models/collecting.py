"""What was asked for and what came: crawls, captures, and the frontier of what to ask for next."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base, Digest


class Crawl(Base):
    __tablename__ = "crawl"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(10), server_default="crawl")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20))
    software: Mapped[str] = mapped_column(Text)
    config: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]


class Capture(Base):
    __tablename__ = "capture"
    __table_args__ = (
        UniqueConstraint("captured_at", "url_key", "payload_digest"),
        Index(None, "warc_file", "warc_offset", unique=True),
        Index(None, "article_key", "captured_at"),
        Index(None, "url_key", "captured_at"),
        Index(None, "source_id", "captured_at"),
        Index(None, "stored_digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"))
    crawl_id: Mapped[int] = mapped_column(ForeignKey("crawl.id"))
    url: Mapped[str] = mapped_column(Text)
    url_key: Mapped[str] = mapped_column(Text)
    captured_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(10))
    article_key: Mapped[str | None] = mapped_column(Text)
    preference: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(Text)
    status: Mapped[int | None]
    content_type: Mapped[str | None] = mapped_column(Text)
    redirect_url: Mapped[str | None] = mapped_column(Text)
    redirect_key: Mapped[str | None] = mapped_column(Text)
    tls: Mapped[str | None] = mapped_column(Text)
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    payload_digest: Mapped[str] = mapped_column(Digest)
    stored_digest: Mapped[str] = mapped_column(Digest)
    warc_file: Mapped[str] = mapped_column(Text)
    warc_offset: Mapped[int] = mapped_column(BigInteger)
    warc_length: Mapped[int] = mapped_column(BigInteger)


class Frontier(Base):
    __tablename__ = "frontier"
    __table_args__ = (
        Index(None, "source_id", "due_at"),
        Index(None, "source_id", "revisit_at"),
        Index(None, "article_key"),
    )

    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"), primary_key=True)
    url_key: Mapped[str] = mapped_column(Text, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(10))
    article_key: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(60))
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int]
    discovered_at: Mapped[datetime]
    discovered_from: Mapped[str | None] = mapped_column(Text)
    last_captured_at: Mapped[datetime | None]
    last_outcome: Mapped[str | None] = mapped_column(String(24))
    stored_digest: Mapped[str | None] = mapped_column(Digest)
    stored_at: Mapped[datetime | None]
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    good_at: Mapped[datetime | None]
    appeared_at: Mapped[datetime | None]
    revisit_at: Mapped[datetime | None]
    interval_seconds: Mapped[int | None]
