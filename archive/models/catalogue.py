"""Who publishes: the sources of the catalogue."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base


class Source(Base):
    __tablename__ = "source"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(String(20))
    layout: Mapped[str] = mapped_column(String(40))
    listed: Mapped[bool]
