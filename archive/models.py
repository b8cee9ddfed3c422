"""The tables. docs/database.md says what each column holds; the views that tools read are in `archive.views`."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from archive.clock import parse_rfc3339, rfc3339


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time: ``timestamptz`` on PostgreSQL, RFC 3339 text of fixed width on SQLite (sorts as time)."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return rfc3339(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else parse_rfc3339(value)


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")
Digest = String(64)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcTime(), dict[str, Any]: Json, list[Any]: Json}


class Source(Base):
    __tablename__ = "source"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(String(20))
    layout: Mapped[str] = mapped_column(String(40))
    listed: Mapped[bool]


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
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    payload_digest: Mapped[str] = mapped_column(Digest)
    stored_digest: Mapped[str] = mapped_column(Digest)
    warc_file: Mapped[str] = mapped_column(Text)
    warc_offset: Mapped[int] = mapped_column(BigInteger)
    warc_length: Mapped[int] = mapped_column(BigInteger)


class Frontier(Base):
    __tablename__ = "frontier"
    __table_args__ = (Index(None, "source_id", "due_at"), Index(None, "article_key"))

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


class CaptureReading(Base):
    __tablename__ = "capture_reading"
    __table_args__ = (Index(None, "reading_id"),)

    capture_id: Mapped[int] = mapped_column(ForeignKey("capture.id"), primary_key=True)
    cleaner_digest: Mapped[str] = mapped_column(ForeignKey("cleaner.digest"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(Text)
    reading_id: Mapped[int | None] = mapped_column(ForeignKey("reading.id"))


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
