"""What is remembered of hosts from crawl to crawl."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base


class Host(Base):
    __tablename__ = "host"

    host: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int]
    first_failed_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
