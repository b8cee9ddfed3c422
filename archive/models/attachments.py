"""Files and pictures behind articles: which ones a reading names, and what the files that came are."""

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base, Digest


class ReadingAttachment(Base):
    __tablename__ = "reading_attachment"

    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    url: Mapped[str] = mapped_column(Text)
    url_key: Mapped[str] = mapped_column(Text, index=True)
    label: Mapped[str | None] = mapped_column(Text)


class File(Base):
    __tablename__ = "file"

    payload_digest: Mapped[str] = mapped_column(Digest, primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)
