"""What cleaners made of captures, cleaners and their promotion; what persons corrected of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base, Digest


class Cleaner(Base):
    __tablename__ = "cleaner"

    digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    manifest: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime]


class Promotion(Base):
    __tablename__ = "promotion"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"), index=True)
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"))
    promoted_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)


class Content(Base):
    __tablename__ = "content"

    content_hash: Mapped[str] = mapped_column(Digest, primary_key=True)
    body_hash: Mapped[str | None] = mapped_column(Digest, index=True)
    title: Mapped[str | None] = mapped_column(Text)
    lead: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)


class Reading(Base):
    __tablename__ = "reading"
    __table_args__ = (UniqueConstraint("input_digest", "cleaner_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    input_digest: Mapped[str] = mapped_column(Digest)
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"))
    layout: Mapped[str] = mapped_column(String(40))
    content_hash: Mapped[str | None] = mapped_column(ForeignKey("content.content_hash"))
    published_at: Mapped[str | None] = mapped_column(String(25))
    published_evidence: Mapped[str | None] = mapped_column(Text)
    published_rule: Mapped[str | None] = mapped_column(String(40))
    byline: Mapped[str | None] = mapped_column(Text)
    section: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))
    captions: Mapped[list[Any]]
    removed: Mapped[list[Any]]
    restored: Mapped[list[Any]]
    evidence: Mapped[list[Any]] = mapped_column(server_default="[]")
    warnings: Mapped[list[Any]]
    structure: Mapped[list[Any]] = mapped_column(server_default="[]")
    corrected: Mapped[list[Any]] = mapped_column(server_default="[]")


class Extraction(Base):
    __tablename__ = "extraction"

    input_digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    extraction_digest: Mapped[str] = mapped_column(Digest)
    blocks: Mapped[bytes] = mapped_column(LargeBinary)


class CaptureReading(Base):
    __tablename__ = "capture_reading"
    __table_args__ = (Index(None, "reading_id"),)

    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"), primary_key=True)
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(Text)
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"))


class Correction(Base):
    __tablename__ = "correction"
    __table_args__ = (Index(None, "article_key"),)

    # No foreign key: a rebuild has the decisions before the articles.
    id: Mapped[int] = mapped_column(primary_key=True)
    article_key: Mapped[str] = mapped_column(Text)
    captured_at: Mapped[datetime]
    field: Mapped[str] = mapped_column(String(20))
    value: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    withdrawn: Mapped[bool]


class CorrectedReading(Base):
    __tablename__ = "corrected_reading"

    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"), primary_key=True)
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"), primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"), index=True)
