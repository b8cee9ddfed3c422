"""The organisations behind the sources: the city, its districts until 2025, the wards and communes since.

A unit has a table of its own in the catalogue, or is a member of a group, which says once what all its members share.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from archive.catalogue import UnitFacts
from crawler.sourcefile import Id
from pipelines.tomlfile import Names, Table

Level = Literal["city", "district", "ward", "commune"]


class Unit(Table):
    """One unit. ``since`` and ``until`` are its first and last day, where they are known.

    ``successors`` were formed for the most part from it, ``parts`` took something of it; ``inferred`` says that no
    text was read that tells either.
    """

    id: Id
    name: str
    kind: str
    level: Level
    parent: str | None = None
    since: date | None = None
    until: date | None = None
    successors: Names = ()
    parts: Names = ()
    inferred: bool = False
    evidence: str | None = None

    @property
    def facts(self) -> UnitFacts:
        """The unit as the store knows it."""
        shares = {**dict.fromkeys(self.parts, "part"), **dict.fromkeys(self.successors, "most")}
        return UnitFacts(
            self.id,
            self.name,
            self.kind,
            self.level,
            self.parent,
            self.since,
            self.until,
            self.evidence,
            tuple((successor, share, self.inferred) for successor, share in sorted(shares.items())),
        )


def _sluggish(name: str) -> str:
    if not 0 < len(slug(name)) <= 60:
        raise ValueError("a name that gives no id")
    return name


class UnitGroup(Table):
    """Units that differ in nothing but their names; in ``id`` ``{slug}`` stands for the name."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,10}\{slug\}$")]
    kind: str
    level: Level
    parent: str | None = None
    since: date | None = None
    until: date | None = None
    evidence: str | None = None
    members: Annotated[tuple[Annotated[str, AfterValidator(_sluggish)], ...], Field(strict=False, min_length=1)]

    def units(self) -> Iterator[Unit]:
        """The members as units."""
        shared = self.model_dump(exclude={"id", "members"})
        return (Unit(id=self.id.replace("{slug}", slug(name)), name=name, **shared) for name in self.members)


def slug(name: str) -> str:
    """``dong-da`` of ``Đống Đa``: letters of the base alphabet, words joined by hyphens."""
    bare = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "-".join(re.findall(r"[a-z0-9]+", "".join(c for c in bare if not unicodedata.combining(c))))
