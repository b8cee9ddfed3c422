"""The front door: ``bantin``, its global options, and how what happened becomes messages and an exit status."""

import os
import sys
import traceback
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from archive.clock import Clock, parse_rfc3339
from archive.errors import BantinError, UsageError
from archive.home import Home
from crawler.cli import catalogue, correcting, importing, probing, read, recleaning, rescuing, rules, run, scheduling
from crawler.cli.front import INTERRUPTED, NEEDS_A_LOOK, Front
from pipelines.worker import PAGE_MEBIBYTES, PAGE_SECONDS, Limits

COULD_NOT_RUN = 3
CTRL_C = 130  # as typer ends a command that Ctrl-C broke off; the contract has no such status

# Help and usage errors stay plain text: boxes drawn for a terminal are cut and unreadable in logs.
app = typer.Typer(name="bantin", no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"bantin {version('bantin')}")
        except PackageNotFoundError:
            typer.echo("bantin (not installed)")
        raise typer.Exit


def _clock(now: str | None) -> Clock:
    try:
        return Clock(parse_rfc3339(now) if now is not None else None)
    except ValueError as error:
        raise UsageError(f"--now {now}: not a time. Write it like 2025-07-01T08:00:00Z") from error


@app.callback()
def bantin(
    ctx: typer.Context,
    home: Annotated[Path, typer.Option(metavar="DIR", envvar="BANTIN_HOME", help="Folder of the collection.")] = Path(
        "data"
    ),
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="BANTIN_DATABASE_URL", help="Database URL; default: SQLite in the home folder."
        ),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", envvar="BANTIN_SOURCES", help="File or folder of sources; default: those shipped."
        ),
    ] = None,
    layouts: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", envvar="BANTIN_LAYOUTS", help="File or folder of layouts; default: those shipped."
        ),
    ] = None,
    now: Annotated[str | None, typer.Option(metavar="TIME", help="Act as if it were this time (RFC 3339).")] = None,
    page_seconds: Annotated[
        float,
        typer.Option(
            metavar="N", envvar="BANTIN_PAGE_SECONDS", min=0.1, help="Processor time that reading one page may take."
        ),
    ] = PAGE_SECONDS,
    page_memory: Annotated[
        int,
        typer.Option(metavar="MIB", envvar="BANTIN_PAGE_MEMORY", min=1, help="Memory that reading one page may take."),
    ] = PAGE_MEBIBYTES,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Collects, keeps, cleans and versions the news of Hanoi's Party committees."""
    place = Home(home)
    limits = Limits(page_seconds, page_memory)
    ctx.obj = Front(place, database or place.default_database, sources, layouts, _clock(now), now is not None, limits)


for commands in (catalogue, probing, run, importing, rescuing, recleaning, correcting, rules, read, scheduling):
    commands.register(app)


def main() -> None:
    """Run the command line and end the process with the contract's exit status (0, 1, 2 or 3)."""
    _speak_utf8()
    try:
        app()
    except SystemExit as ended:
        if ended.code != CTRL_C:
            raise
        _fail(INTERRUPTED, NEEDS_A_LOOK)
    except BantinError as error:
        _fail(str(error), error.exit_code)
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        _fail(f"the database refused: {reason}. Check that it can be reached and written", COULD_NOT_RUN)
    except Exception:
        # Python's own status for a crash is 1, which in the contract means "done, but something needs a look".
        traceback.print_exc()
        sys.exit(COULD_NOT_RUN)
    finally:
        _flush()


def _fail(message: str, exit_code: int) -> None:
    print(f"bantin: {message}", file=sys.stderr)
    sys.exit(exit_code)


def _speak_utf8() -> None:
    # Vietnamese comes out right under LC_ALL=C too; a file name that is not UTF-8 is shown escaped instead of failing.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`bantin export - | head`): nothing to say, and nothing for the interpreter to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
