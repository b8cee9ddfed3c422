"""The catalogue in the database: who publishes, where and since when, brought in line with what the files say now.

Rows of sources and units are never taken away: captures refer to them. What they say of hosts, layouts and successors
is what the catalogue says today.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, insert, select, update

from archive.models import Base, Source, SourceHost, SourceLayout, Unit, UnitSuccessor


class Term(NamedTuple):
    """A host or a layout of a source, with its first and last day (Vietnam's) where they are known."""

    name: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source as the catalogue has it; one that is not ``listed`` is a host that no catalogue names."""

    id: str
    name: str
    level: str | None
    layout: str
    listed: bool = True
    unit_id: str | None = None
    verified: bool = False
    evidence: str | None = None
    hosts: tuple[Term, ...] = ()
    layouts: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit; ``successors`` are (id, share, inferred), where the share is ``most`` or ``part``."""

    id: str
    name: str
    kind: str
    level: str
    parent_id: str | None = None
    since: date | None = None
    until: date | None = None
    evidence: str | None = None
    successors: tuple[tuple[str, str, bool], ...] = ()


def note(connection: Connection, sources: Iterable[SourceFacts], units: Iterable[UnitFacts]) -> None:
    """Bring the tables in line; what they say already is not written again. ``units`` may come in any order."""
    sources, units = list(sources), list(units)
    _note_rows(connection, Unit, {unit.id: _unit_row(unit) for unit in _parents_first(units)})
    _note_rows(connection, Source, {source.id: _source_row(source) for source in sources})
    successors = {
        unit.id: [{"successor_id": i, "share": share, "inferred": inferred} for i, share, inferred in unit.successors]
        for unit in units
    }
    _note_lists(connection, UnitSuccessor, "unit_id", successors)
    hosts = {source.id: [_days("host", term) for term in source.hosts] for source in sources}
    _note_lists(connection, SourceHost, "source_id", hosts)
    layouts = {source.id: [_days("layout", term) for term in source.layouts] for source in sources}
    _note_lists(connection, SourceLayout, "source_id", layouts)


def _unit_row(unit: UnitFacts) -> dict[str, Any]:
    names = ("name", "kind", "level", "parent_id", "evidence")
    return {name: getattr(unit, name) for name in names} | {"since": _text(unit.since), "until": _text(unit.until)}


def _source_row(source: SourceFacts) -> dict[str, Any]:
    names = ("name", "level", "layout", "listed", "unit_id", "verified", "evidence")
    return {name: getattr(source, name) for name in names}


def _days(column: str, term: Term) -> dict[str, Any]:
    return {column: term.name, "since": _text(term.since), "until": _text(term.until)}


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _parents_first(units: Iterable[UnitFacts]) -> list[UnitFacts]:
    waiting, placed = list(units), list[UnitFacts]()
    while waiting:
        named = {unit.id for unit in waiting}
        ready = [unit for unit in waiting if unit.parent_id not in named] or waiting
        placed += ready
        waiting = [unit for unit in waiting if unit not in ready]
    return placed


def _note_rows(connection: Connection, model: type[Base], wanted: Mapping[str, dict[str, Any]]) -> None:
    table = _table(model)
    columns = list(next(iter(wanted.values()), {}))
    known = {row.id: row._asdict() for row in connection.execute(select(table))}
    fresh = [{"id": key, **values} for key, values in wanted.items() if key not in known]
    if fresh:
        connection.execute(insert(table), fresh)
    for key, values in wanted.items():
        if key in known and any(known[key][column] != values[column] for column in columns):
            connection.execute(update(table).where(table.c.id == key).values(values))


def _note_lists(
    connection: Connection, model: type[Base], owner: str, wanted: Mapping[str, list[dict[str, Any]]]
) -> None:
    """What belongs to each owner: replaced where it is not the same set of rows."""
    table = _table(model)
    known: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(select(table)):
        values = row._asdict()
        values.pop("id", None)
        known.setdefault(values.pop(owner), []).append(values)
    for key, rows in wanted.items():
        if _sorted(known.get(key, [])) != _sorted(rows):
            connection.execute(delete(table).where(table.c[owner] == key))
            if rows:
                connection.execute(insert(table), [{owner: key, **row} for row in rows])


def _sorted(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [str(value) for _, value in sorted(row.items())])


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
