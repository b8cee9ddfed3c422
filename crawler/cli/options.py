"""Options and arguments that several commands take, each spelt and explained once."""

import os
from datetime import date
from typing import Annotated

import typer

from archive.errors import UsageError

CORES = len(os.sched_getaffinity(0))

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Workers = Annotated[int, typer.Option("--workers", metavar="N", min=1, help="Processes that read pages.")]
SourceIds = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Sources; none: all of them.")]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="The address may be a private one: a server on this machine or network.")
]


def day(option: str, text: str) -> date:
    """The day that ``option`` was given. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: not a day. Write it like 2016-05-20") from error
