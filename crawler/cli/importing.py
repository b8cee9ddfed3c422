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
from crawler.bars import progress
from crawler.cli.catalogue import catalogue
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.opening import open_store
from crawler.cli.options import CORES, Json, Workers
from crawler.cli.printing import print_json, print_table, shown
from pipelines.deposit import Archive
from pipelines.importing import Importer, Report
from pipelines.intake import catch_up
from pipelines.workers import PooledReader

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("import")(import_)


def import_(
    ctx: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="WARC or WACZ files, or folders of them, of pages or texts.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="ID", help="Whose all of it is; default: by host and time.")
    ] = None,
    workers: Workers = CORES,
    json: Json = False,
) -> None:
    """Copy in what others archived.

    WARC files of any writer, WACZ, folders of .html pages, folders of .txt (older plain-text extractions). What is here
    already is left out. Exits 1 where something needs a look, and says what. With --json: an object a file or folder.
    """
    front: Front = ctx.obj
    found, layouts = catalogue(front)
    if source is not None:
        found.pick([source])
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"{path}: no such file or folder, or not allowed to look. Check the path")
    store, cleaner = open_store(front, found, layouts)
    front.home.create()
    store.add_sources(found.facts, found.unit_facts)
    archive = Archive(
        front.home, store, Journal(front.home.journal), front.clock, f"bantin/{metadata.version('bantin')}"
    )
    reports: list[Report] = []
    try:
        with PooledReader(workers, cleaner, front.limits) as read, progress("importing", "records") as advance:
            for said in catch_up(front.home, store, cleaner, read):
                typer.echo(said, err=True)
            for report in Importer(archive, cleaner, read, source, advance).run(paths):
                reports.append(report)
    finally:
        _print(reports, set(found.sources), json=json)
    if any(report.damage or report.replaced or report.unrecognised for report in reports):
        raise typer.Exit(NEEDS_A_LOOK)


def _print(reports: Sequence[Report], listed: set[str], *, json: bool) -> None:
    if json:
        for report in reports:
            print_json(_facts(report))
    elif reports:
        _show(reports, listed)


def _show(reports: Sequence[Report], listed: set[str]) -> None:
    counts = ["new", "known", "other records", "damaged"]
    lines = [(r.name, r.new, r.known, r.others, len(r.damage), r.note or "") for r in reports]
    print_table(["imported", *counts, ""], lines, right=counts)
    sources = sum((report.sources for report in reports), Counter[str]())
    if sources:
        rows = ((name, count, "" if name in listed else "not in the catalogue") for name, count in sources.items())
        print_table(["source", "new captures", ""], sorted(rows), right=["new captures"])
    for report in reports:
        left = [f"{count} {suffix or 'without suffix'}" for suffix, count in sorted(report.left.items())]
        if left:
            _say(f"{report.name}: files left alone: {', '.join(left)}")
        marks = "pages that do not show the marks of its layout"
        _list(report, [f"{source_id}: {marks}: {count}" for source_id, count in sorted(report.unrecognised.items())])
        changed = "another text was imported under this name before; both are kept, by their files' times"
        _list(report, [f"{url}: {changed}" for url in report.replaced])
        _list(report, [f"{damage.place}: {damage.problem}" for damage in report.damage])


def _list(report: Report, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        _say(f"needs a look: {line}")
    if len(lines) > _SHOWN:
        _say(f"{report.name}: and {len(lines) - _SHOWN} more; --json lists them all")


def _say(line: str) -> None:
    typer.echo(shown(line).plain, err=True)  # names of files may hold anything


def _facts(report: Report) -> dict[str, Any]:
    counters = {name: dict(getattr(report, name)) for name in ("sources", "unrecognised", "left")}
    return asdict(report) | counters
