"""The commands on the catalogue of sources: list, check, show."""

from typing import Annotated, Any

import typer

from archive.errors import UsageError
from crawler.cli.front import Front
from crawler.cli.printing import print_facts, print_json, print_table
from crawler.sources import Catalogue, Source
from pipelines.layouts import Layouts

sources = typer.Typer(no_args_is_help=True, help="The catalogue: who publishes.", rich_markup_mode=None)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(sources, name="sources")


def catalogue(front: Front) -> tuple[Catalogue, Layouts]:
    """The catalogue and layouts that the global options name. Raises ConfigError with file, line and remedy."""
    layouts = Layouts.load(front.layouts)
    return Catalogue.load(front.sources, layouts), layouts


@sources.command("list")
def list_sources(ctx: typer.Context, json: Json = False) -> None:
    """List all sources."""
    found, _ = catalogue(ctx.obj)
    if json:
        for source in found.sources.values():
            print_json(_facts(found, source))
        return
    rows = ((s.id, s.level, s.layout, "yes" if s.verified else "no", s.name) for s in found.sources.values())
    print_table(["source", "level", "layout", "verified", "name"], rows)


@sources.command()
def check(ctx: typer.Context, json: Json = False) -> None:
    """Check all source and layout files; says the first fault with its file and line. Touches nothing."""
    found, layouts = catalogue(ctx.obj)
    if json:
        print_json({"sources": len(found.sources), "layouts": sorted(layouts.by_id)})
        return
    typer.echo(f"{len(found.sources)} sources and {len(layouts.by_id)} layouts are well formed")


@sources.command()
def show(ctx: typer.Context, source_id: Annotated[str, typer.Argument(metavar="ID")], json: Json = False) -> None:
    """Show one source as the crawler sees it."""
    found, _ = catalogue(ctx.obj)
    if source_id not in found.sources:
        raise UsageError(f"no source {source_id!r} in the catalogue. See: bantin sources list")
    facts = _facts(found, found.sources[source_id])
    print_json(facts) if json else print_facts(facts)


def _facts(found: Catalogue, source: Source) -> dict[str, Any]:
    hosts = {"hosts": [str(term) for term in source.context.terms], "file": found.places[source.id]}
    return {**source.model_dump(mode="json"), **hosts}
