"""Families of sources: portals that differ in little but the unit they belong to, written once as a template.

In the strings of a family's ``source`` and of its members ``{unit}`` stands for the unit's id, ``{name}`` for its
name, ``{slug}`` for ``dong-da`` and ``{host}`` for ``dongda``.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from archive.errors import ConfigError
from crawler.sourcefile import Source
from crawler.units import Unit, slug
from pipelines.tomlfile import Lines, Table, line_of


class Family(Table):
    """A template. ``names`` gives, for each kind of unit that belongs to it, the name of such a source; ``member``
    holds what is known of one unit's source in particular."""

    id: str
    names: dict[str, str]
    source: dict[str, Any]
    member: dict[str, dict[str, Any]] = Field(default_factory=dict)


def expand(
    family: Family, index: int, units: Iterable[Unit], file: Path, lines: Lines
) -> Iterator[tuple[Source, int | None]]:
    """The sources of a family, each with the line that says most of it. Raises ConfigError."""
    members = {unit.id: unit for unit in units if unit.kind in family.names}
    if stray := next((unit_id for unit_id in family.member if unit_id not in members), None):
        line = line_of(lines, ("family", index, "member", stray))
        raise ConfigError(file, line, f"no unit {stray!r} in family {family.id!r}", "Correct the id or add the unit")
    for unit in members.values():
        own = family.member.get(unit.id, {})
        said = {"id": "{unit}", "name": family.names[unit.kind], "level": unit.level, "unit": "{unit}"}
        place = ("family", index, "member", unit.id) if own else ("family", index)
        try:
            filled = _filled({**said, **family.source, **own}, unit)
            yield Source.model_validate(filled), line_of(lines, place)
        except KeyError as error:
            remedy = "There are {unit}, {name}, {slug} and {host}"
            raise ConfigError(file, line_of(lines, place), f"nothing stands for {error.args[0]}", remedy) from error
        except ValidationError as error:
            fault = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
            key = str(fault["loc"][0])
            line = line_of(lines, (*place, key) if key in own else ("family", index, "source", key))
            problem = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
            said_of = f"family {family.id!r}, source of {unit.id!r}: {key!r}: {problem}"
            raise ConfigError(file, line, said_of, "Correct it") from error


def _filled(said: Any, unit: Unit) -> Any:
    if isinstance(said, dict):
        return {key: _filled(value, unit) for key, value in said.items()}
    if isinstance(said, list):
        return [_filled(value, unit) for value in said]
    if not isinstance(said, str):
        return said
    words = slug(unit.name)
    values = {"{unit}": unit.id, "{name}": unit.name, "{slug}": words, "{host}": words.replace("-", "")}
    return re.sub(r"\{\w*\}", lambda found: values[found[0]], said)
