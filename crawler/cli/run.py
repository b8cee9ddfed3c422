"""The commands that write: init, collect, rebuild, verify."""

from dataclasses import asdict
from typing import Annotated

import typer

from archive.database import upgrade
from archive.errors import UsageError
from crawler.bars import progress
from crawler.cli.catalogue import catalogue
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.opening import open_store
from crawler.cli.options import CORES, Json, SourceIds, Workers, day
from crawler.cli.printing import print_json, print_table
from pipelines.intake import catch_up, mend
from pipelines.rebuild import rebuild as rebuild_database
from pipelines.verify import verify as verify_all
from pipelines.workers import PooledReader


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    for command in (init, collect, verify, rebuild):
        app.command()(command)


def init(ctx: typer.Context) -> None:
    """Create or upgrade the database and the archive folder."""
    front: Front = ctx.obj
    front.home.create()
    upgrade(front.database_url)
    typer.echo(f"archive  {front.home.archive.absolute()}\ndatabase {front.database_name}")


def collect(
    ctx: typer.Context,
    ids: SourceIds = None,
    refetch: Annotated[
        bool, typer.Option("--refetch", help="Every known address again, and whole, whatever its time.")
    ] = False,
    due: Annotated[bool, typer.Option("--due", help="Only what has come due; start pages too only then.")] = False,
    max_pages: Annotated[int, typer.Option(metavar="N", min=0, help="Stop after this many pages; 0: no limit.")] = 0,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Follow lists and sitemaps back to this day only."),
    ] = None,
    json: Json = False,
) -> None:
    """Fetch what is new and what has come due.

    The start pages, new articles, and every known address whose time has come.

    Exits 1 where something needs a look, and says what.
    """
    from crawler.cli.collecting import collect_now  # only who collects waits for Scrapy to load

    front: Front = ctx.obj
    if refetch and due:
        raise UsageError("--refetch asks for every known address, --due only for what has come due. Give one of them")
    found, _ = catalogue(front)
    found.pick(ids or [])
    front.engine().dispose()
    back_to = day("--since", since) if since is not None else None
    status = collect_now(front, ids or [], refetch=refetch, due=due, max_pages=max_pages, since=back_to, json=json)
    raise typer.Exit(status)


def verify(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended: torn tails, captures not taken in.")
    ] = False,
    json: Json = False,
) -> None:
    """Check every record, digest and pointer.

    Exits 1 where anything is wrong, and says what.
    """
    front: Front = ctx.obj
    store, cleaner = open_store(front, *catalogue(front))
    if repair:
        with PooledReader(1, cleaner, front.limits) as read:
            for line in catch_up(front.home, store, cleaner, read):
                typer.echo(line, err=True)
    faults = list(verify_all(front.home, store))
    if json:
        for fault in faults:
            print_json(asdict(fault))
    elif faults:
        print_table(["place", "problem"], ((fault.place, fault.problem) for fault in faults))
        if any(fault.mendable for fault in faults):
            typer.echo("some of this can be mended: bantin verify --repair", err=True)
    else:
        typer.echo("archive, journal and database agree")
    if faults:
        raise typer.Exit(NEEDS_A_LOOK)


def rebuild(
    ctx: typer.Context,
    workers: Workers = CORES,
    json: Json = False,
) -> None:
    """Make the database anew from the archive folder.

    A database that holds anything is refused. Exits 1 where something needs a look, and says what.
    """
    front: Front = ctx.obj
    front.home.create()
    upgrade(front.database_url)
    found, layouts = catalogue(front)
    store, cleaner = open_store(front, found, layouts)
    notes = mend(front.home)
    with progress("rebuilding", "captures") as advance, PooledReader(workers, cleaner, front.limits) as read:
        count, more = rebuild_database(front.home, store, cleaner, read, found.facts, advance, found.unit_facts)
    for note in [*notes, *more]:
        typer.echo(note, err=True)
    if json:
        print_json({"captures": count, "database": front.database_name, "notes": [*notes, *more]})
    else:
        typer.echo(f"{count} captures rebuilt into {front.database_name}")
    if more:
        raise typer.Exit(NEEDS_A_LOOK)
