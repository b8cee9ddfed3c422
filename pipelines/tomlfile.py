"""TOML files that people write: validated strictly, and every complaint names file, line and remedy."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from archive.errors import ConfigError


class Table(BaseModel):
    """Base of all tables in our TOML files: unknown keys and wrong types are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from error
    return pattern


Regex = Annotated[str, AfterValidator(_regex)]
# TOML has lists, frozen tables hold tuples: this one conversion is allowed.
Patterns = Annotated[tuple[Regex, ...], Field(strict=False)]
Names = Annotated[tuple[str, ...], Field(strict=False)]

#: Path of each table and key (``("source", 0, "start")``) to its line, counted from 1.
Lines = dict[tuple[str | int, ...], int]
Model = TypeVar("Model", bound=Table)
_HEADER = re.compile(r"^\s*(\[\[?)\s*([\w.\"-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")


def load(path: Path, model: type[Model]) -> tuple[Model, Lines]:
    """The file as a validated ``model``, and the line on which each table and key stands.

    Raises ConfigError at the first thing that does not fit.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, None, f"cannot be read ({error})", "Check the path and that it is UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise ConfigError(
            path, int(found[1]) if found else None, f"not TOML ({error})", "Correct the syntax"
        ) from error
    lines = line_numbers(text)
    try:
        return model.model_validate(data), lines
    except ValidationError as error:
        raise _complaint(
            path, lines, min(error.errors(), key=lambda e: e["type"] != "extra_forbidden"), model
        ) from error


def line_numbers(text: str) -> Lines:
    """Where each table and key of the text stands."""
    numbers: Lines = {}
    seen: Counter[tuple[str | int, ...]] = Counter()
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            *around, own = header[2].replace('"', "").split(".")
            table = ()
            for part in around:  # of a list of tables the last one is meant
                table = (*table, part)
                table = (*table, seen[table] - 1) if seen[table] else table
            table = (*table, own)
            if header[1] == "[[":
                numbers.setdefault(table, number)
                seen[table] += 1
                table = (*table, seen[table] - 1)
            numbers.setdefault(table, number)
        elif key := _KEY.match(line):
            numbers.setdefault((*table, key[1]), number)
    return numbers


def line_of(numbers: Lines, place: tuple[str | int, ...]) -> int | None:
    """The line of ``place``, or of the nearest table around it."""
    for end in range(len(place), 0, -1):
        if place[:end] in numbers:
            return numbers[place[:end]]
    return None


def _complaint(path: Path, lines: Lines, error: Any, model: type[Table]) -> ConfigError:
    place = tuple(error["loc"])
    name = ".".join(str(part) for part in place)
    line = line_of(lines, place)
    match error["type"]:
        case "extra_forbidden":
            return ConfigError(path, line, f"unknown key {name!r}", "Correct its spelling or remove it")
        case "missing":
            return ConfigError(path, line, f"{name!r} is missing", "Add it; CONTRIBUTING.md lists the keys")
        case _:
            return ConfigError(path, line, f"{name!r}: {error['msg']} (it is {error['input']!r})", "Correct the value")
