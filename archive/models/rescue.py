"""Rescues: how far each listing of a web archive's index has come, and which of the listed captures are here."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base


class RescueListing(Base):
    __tablename__ = "rescue_listing"
    __table_args__ = (UniqueConstraint("source_id", "archive", "host", "since", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"))
    archive: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    until: Mapped[datetime]
    resume_at: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None]


class Rescue(Base):
    __tablename__ = "rescue"
    __table_args__ = (
        UniqueConstraint("source_id", "archive", "captured_at", "url_key", "digest"),
        Index(None, "source_id", "archive", "state", "captured_at"),
        Index(None, "url_key", "digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"))
    archive: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    url_key: Mapped[str] = mapped_column(Text)
    captured_at: Mapped[datetime]
    status: Mapped[int | None]
    digest: Mapped[str] = mapped_column(String(140))
    warc_file: Mapped[str | None] = mapped_column(Text)
    warc_offset: Mapped[int | None] = mapped_column(BigInteger)
    warc_length: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
    listed_at: Mapped[datetime]
