"""Who publishes: the sources of the catalogue, and the organisations they belong to. Days are text, ``YYYY-MM-DD``."""

from sqlalchemy import ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from archive.models.base import Base

Day = String(10)


class Source(Base):
    __tablename__ = "source"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[str | None] = mapped_column(String(20))
    layout: Mapped[str] = mapped_column(String(40))
    listed: Mapped[bool]
    # No foreign key: SQLite could only add one by copying the table that every other one refers to.
    unit_id: Mapped[str | None] = mapped_column(String(80))
    verified: Mapped[bool] = mapped_column(server_default=false())
    evidence: Mapped[str | None] = mapped_column(Text)


class SourceHost(Base):
    __tablename__ = "source_host"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"), index=True)
    host: Mapped[str] = mapped_column(Text)
    since: Mapped[str | None] = mapped_column(Day)
    until: Mapped[str | None] = mapped_column(Day)


class SourceLayout(Base):
    __tablename__ = "source_layout"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"), index=True)
    layout: Mapped[str] = mapped_column(String(40))
    since: Mapped[str | None] = mapped_column(Day)
    until: Mapped[str | None] = mapped_column(Day)


class Unit(Base):
    __tablename__ = "unit"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("unit.id"))
    since: Mapped[str | None] = mapped_column(Day)
    until: Mapped[str | None] = mapped_column(Day)
    evidence: Mapped[str | None] = mapped_column(Text)


class UnitSuccessor(Base):
    __tablename__ = "unit_successor"

    unit_id: Mapped[str] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    successor_id: Mapped[str] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    share: Mapped[str] = mapped_column(String(10))
    inferred: Mapped[bool]
