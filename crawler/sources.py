"""The catalogue: who publishes, and which units stand behind it. TOML files hold sources, families of them, and units.

Unknown keys are errors with file and line. The tables themselves are in `crawler.sourcefile`, `crawler.units` and
`crawler.families`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from archive.catalogue import SourceFacts, Term, UnitFacts
from archive.errors import ConfigError, UsageError
from crawler.families import Family, expand
from crawler.sourcefile import Source
from crawler.units import Unit, UnitGroup
from pipelines.context import HostTerm, SourceContext
from pipelines.layouts import Layouts
from pipelines.shipped import shipped
from pipelines.tomlfile import Lines, Table, line_of, load

__all__ = ["Catalogue", "Source"]


class SourceFile(Table):
    """A file of the catalogue."""

    source: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    family: Annotated[tuple[Family, ...], Field(strict=False)] = ()
    unit: Annotated[tuple[Unit, ...], Field(strict=False)] = ()
    unit_group: Annotated[tuple[UnitGroup, ...], Field(strict=False)] = ()


class Catalogue:
    """All sources and units by id, and the file and line that each source stands on."""

    def __init__(self, sources: dict[str, Source], places: dict[str, str], units: dict[str, Unit]) -> None:
        self.sources, self.places, self.units = sources, places, units

    def pick(self, ids: Iterable[str]) -> list[Source]:
        """The sources with these ids; where none is given all but the paused. Raises UsageError for an unknown id."""
        ids = list(dict.fromkeys(ids))
        if unknown := [i for i in ids if i not in self.sources]:
            raise UsageError(f"no source {unknown[0]!r} in the catalogue. See: bantin sources list")
        chosen = [self.sources[i] for i in ids] if ids else [s for s in self.sources.values() if not s.paused]
        if not chosen:
            raise UsageError("all sources of the catalogue are paused. Name one, or see: bantin sources list --paused")
        return chosen

    @property
    def facts(self) -> list[SourceFacts]:
        """All sources as the store knows them."""
        return [_facts(source) for source in self.sources.values()]

    @property
    def unit_facts(self) -> list[UnitFacts]:
        """All units as the store knows them."""
        return [unit.facts for unit in self.units.values()]

    @property
    def contexts(self) -> list[SourceContext]:
        """The contexts of all sources."""
        return [source.context for source in self.sources.values()]

    def predecessors(self, unit_id: str) -> list[str]:
        """The units of which this one is a successor or has a part."""
        return [unit.id for unit in self.units.values() if unit_id in (*unit.successors, *unit.parts)]

    @classmethod
    def load(cls, path: Path | None, layouts: Layouts) -> "Catalogue":
        """The catalogue of a folder or one file; what is shipped where ``path`` is None. Raises ConfigError.

        The units are those that are shipped unless ``path`` has units of its own.
        """
        files = [(file, *load(file, SourceFile)) for file in _files(path)]
        units = _units(files) or (_units([(UNITS, *load(UNITS, SourceFile))]) if path else {})
        sources: dict[str, Source] = {}
        places: dict[str, str] = {}
        claims: dict[str, list[tuple[str, HostTerm]]] = {}
        for file, table, lines in files:
            for source, line, keys in _sources(file, table, lines, units):
                if source.id in sources:
                    said = f"source {source.id!r} stands in {places[source.id]} too"
                    raise ConfigError(file, line, said, "Rename one")
                _check_names(source, layouts, units, file, keys)
                _check_hosts(source, claims, file, keys.get("hosts", line))
                sources[source.id], places[source.id] = source, f"{file}:{line}"
        if not sources:
            raise ConfigError(path or "sources", None, "no source in it", "Add one: CONTRIBUTING.md says how")
        return cls(sources, places, units)


def _facts(source: Source) -> SourceFacts:
    context = source.context
    return SourceFacts(
        source.id,
        source.name,
        source.level,
        source.layout,
        True,
        source.unit,
        source.verified,
        source.evidence,
        tuple(Term(one.host, one.since, one.until) for one in context.terms),
        tuple(Term(one.layout, one.since, one.until) for one in context.layouts),
    )


#: A source, the line it stands on, and the lines of its keys.
Placed = tuple[Source, int | None, Mapping[str, int | None]]


def _sources(file: Path, table: SourceFile, lines: Lines, units: Mapping[str, Unit]) -> Iterable[Placed]:
    for index, source in enumerate(table.source):
        keys = {key: line_of(lines, ("source", index, key)) for key in ("layout", "hosts", "unit")}
        yield source, line_of(lines, ("source", index, "id")), keys
    for index, family in enumerate(table.family):
        keys = {key: line_of(lines, ("family", index, "source", key)) for key in ("layout", "hosts")}
        for source, line in expand(family, index, units.values(), file, lines):
            yield source, line, keys


def _units(files: Iterable[tuple[Path, SourceFile, Lines]]) -> dict[str, Unit]:
    """All units by id. Raises ConfigError for one that is there twice or that refers to one that is not."""
    units: dict[str, Unit] = {}
    places: dict[str, tuple[Path, int | None]] = {}
    for file, table, lines in files:
        found = [(unit, line_of(lines, ("unit", index))) for index, unit in enumerate(table.unit)]
        for index, group in enumerate(table.unit_group):
            found += [(unit, line_of(lines, ("unit_group", index))) for unit in group.units()]
        for unit, line in found:
            if unit.id in units:
                raise ConfigError(file, line, f"unit {unit.id!r} is there twice", "Rename one")
            units[unit.id], places[unit.id] = unit, (file, line)
    for unit in units.values():
        named = (*unit.successors, *unit.parts, *([unit.parent] if unit.parent else []))
        if stray := next((name for name in named if name not in units), None):
            said = f"unit {unit.id!r} refers to {stray!r}, which is not there"
            raise ConfigError(*places[unit.id], said, "Correct the id or add the unit")
    return units


def _check_names(
    source: Source, layouts: Layouts, units: Mapping[str, Unit], file: Path, keys: Mapping[str, int | None]
) -> None:
    for term in source.layout_terms:
        if term.id not in layouts.by_id:
            known = ", ".join(sorted(layouts.by_id))
            raise ConfigError(file, keys["layout"], f"no layout {term.id!r}", f"Choose one of: {known}")
    if source.unit is not None and source.unit not in units:
        raise ConfigError(file, keys.get("unit"), f"no unit {source.unit!r}", "Correct the id or add the unit")


def _check_hosts(source: Source, claims: dict[str, list[tuple[str, HostTerm]]], file: Path, line: int | None) -> None:
    """A host is one source's at a time: a capture is matched to its source by host and day."""
    for mine in source.context.terms:
        for owner, theirs in claims.get(mine.host, ()):
            if owner != source.id and mine.meets(theirs):
                remedy = "Give both the days on which it was theirs: { name, since, until }"
                raise ConfigError(file, line, f"host {mine.host!r} is {owner!r}'s on the same days", remedy)
    for mine in source.context.terms:
        claims.setdefault(mine.host, []).append((source.id, mine))


SHIPPED = shipped("crawler", "sources")
UNITS = SHIPPED / "units.toml"


def _files(path: Path | None) -> list[Path]:
    folder = path or SHIPPED
    if not folder.is_dir():
        return [folder]
    if files := sorted(folder.glob("*.toml")):
        return files
    raise ConfigError(folder, None, "no source files (*.toml) here", "Name a source file or a folder of them")
