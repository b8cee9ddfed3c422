"""bantin import: what others archived, into the archive and the database."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.errors import UsageError
from archive.journal import Journal
from crawler.cli.bars import progress
from crawler.cli.catalogue import catalogue
from crawler.cli.front import Front
from crawler.cli.opening import open_store
from crawler.cli.printing import print_json, print_table
from pipelines.deposit import Archive
from pipelines.importing import Importer, Report
from pipelines.intake import catch_up
from pipelines.workers import PooledReader

NEEDS_A_LOOK = 1
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("import")(import_)


def import_(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="WARC or WACZ files, or folders of pages.")],
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Whose all of it is; default: by host and time.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read pages.")] = len(os.sched_getaffinity(0)),
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Copy in what others archived: WARC files of any writer, WACZ, folders of .html, folders of .txt (older plain-text
    extractions). What is here already is left out. Exits 1 where something was damaged."""
    front: Front = ctx.obj
    found, _ = catalogue(front)
    if source is not None:
        found.pick([source])
    if missing := next((path for path in paths if not path.exists()), None):
        raise UsageError(f"{missing}: no such file or folder. Check the path")
    front.home.create()
    store, cleaner = open_store(front)
    store.add_sources((s.id, s.name, s.level, s.layout, True) for s in found.sources.values())
    archive = Archive(
        front.home, store, Journal(front.home.journal), front.clock, f"bantin/{metadata.version('bantin')}"
    )
    with PooledReader(workers, cleaner) as read, progress("importing", "records") as advance:
        for said in catch_up(front.home, store, cleaner, read):
            typer.echo(said, err=True)
        reports = list(Importer(archive, cleaner, read, source, advance).run(paths))
    if json:
        for report in reports:
            print_json(_facts(report))
    else:
        _show(reports, {source.id for source in found.sources.values()})
    if any(report.damage or report.replaced for report in reports):
        raise typer.Exit(NEEDS_A_LOOK)


def _show(reports: Sequence[Report], listed: set[str]) -> None:
    counts = ["new", "known", "other records", "damaged"]
    lines = [(r.name, r.new, r.known, r.others, len(r.damage), r.note or "") for r in reports]
    print_table(["imported", *counts, ""], lines, right=counts)
    sources = sum((report.sources for report in reports), Counter[str]())
    if sources:
        rows = ((name, count, "" if name in listed else "not in the catalogue") for name, count in sources.items())
        print_table(["source", "new captures", ""], sorted(rows), right=["new captures"])
    for report in reports:
        for suffix, count in report.left.items():
            typer.echo(f"{report.name}: {count} files left alone ({suffix})", err=True)
        _list(f"{report.name}: under the name of a text imported before, now its newer edition", report.replaced)
        _list(f"{report.name}: damaged", [f"{damage.place}: {damage.problem}" for damage in report.damage])


def _list(what: str, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        typer.echo(f"needs a look: {what}: {line}", err=True)
    if len(lines) > _SHOWN:
        typer.echo(f"{what}: and {len(lines) - _SHOWN} more; --json lists them", err=True)


def _facts(report: Report) -> dict[str, Any]:
    return asdict(report) | {"sources": dict(report.sources), "left": dict(report.left)}
