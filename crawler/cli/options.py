"""Options and arguments that several commands take, each spelt and explained once."""

import os
from collections.abc import Collection
from datetime import date
from typing import Annotated

import typer

from archive.errors import UsageError
from pipelines.layouts import Layouts

CORES = len(os.sched_getaffinity(0))

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Workers = Annotated[int, typer.Option("--workers", metavar="N", min=1, help="Processes that read pages.")]
SourceIds = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Sources; none: all of them.")]
OneSource = Annotated[str | None, typer.Option("--source", metavar="ID", help="Only the texts of this source.")]
OneLayout = Annotated[str | None, typer.Option("--layout", metavar="ID", help="Only the texts of this layout.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="The address may be a private one: a server on this machine or network.")
]


def day(option: str, text: str) -> date:
    """The day that ``option`` was given. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: not a day. Write it like 2016-05-20") from error


def check_source(source: str | None, known: Collection[str]) -> None:
    """Raise UsageError for a source that the database does not have."""
    if source is not None and source not in known:
        raise UsageError(f"{source}: no source of the database has this id. See: bantin status")


def check_layout(layout: str | None, layouts: Layouts) -> None:
    """Raise UsageError for a layout that is not installed."""
    if layout is not None and layout not in layouts.by_id:
        raise UsageError(f"no layout {layout!r}. Installed are: {', '.join(sorted(layouts.by_id))}")
