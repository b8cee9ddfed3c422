"""The commands on the catalogue of sources: list, check, show. None of them touches the network."""

from collections import Counter
from typing import Annotated, Any

import typer

from archive.errors import UsageError
from crawler.cli.front import Front
from crawler.cli.options import Json
from crawler.cli.printing import print_facts, print_json, print_table
from crawler.sources import Catalogue, Source
from pipelines.dates import VIETNAM
from pipelines.layouts import Layouts

sources = typer.Typer(no_args_is_help=True, help="The catalogue: who publishes.", rich_markup_mode=None)
ORDER = ("city", "district", "ward", "commune", "school", "press")


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(sources, name="sources")


def catalogue(front: Front) -> tuple[Catalogue, Layouts]:
    """The catalogue and layouts that the global options name. Raises ConfigError with file, line and remedy."""
    layouts = Layouts.load(front.layouts)
    return Catalogue.load(front.sources, layouts), layouts


@sources.command("list")
def list_sources(
    ctx: typer.Context,
    level: Annotated[str | None, typer.Option(metavar="LEVEL", help=f"Only of this level: {', '.join(ORDER)}.")] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="ID", help="Only of this unit and those that succeeded it.")
    ] = None,
    unverified: Annotated[bool, typer.Option("--unverified", help="Only what was never checked.")] = False,
    paused: Annotated[bool, typer.Option("--paused", help="Only what is paused, with the reason.")] = False,
    json: Json = False,
) -> None:
    """List the sources, level by level."""
    found, _ = catalogue(ctx.obj)
    if level is not None and level not in ORDER:
        raise UsageError(f"no level {level!r}. Choose one of: {', '.join(ORDER)}")
    chosen = [
        source
        for source in sorted(found.sources.values(), key=lambda source: ORDER.index(source.level))
        if (level is None or source.level == level)
        and (unit is None or source.unit in _with_successors(found, unit))
        and not (unverified and source.verified)
        and not (paused and not source.paused)
    ]
    if json:
        for source in chosen:
            print_json(_facts(found, source))
        return
    rows = ((s.level, s.id, _state(ctx.obj, s), s.layout, s.paused if paused else s.name) for s in chosen)
    print_table(["level", "source", "state", "layout", "why" if paused else "name"], rows)


@sources.command()
def check(ctx: typer.Context, json: Json = False) -> None:
    """Check all source and layout files, without network.

    The first fault is named with its file and line.
    """
    found, layouts = catalogue(ctx.obj)
    chosen = list(found.sources.values())
    counted = Counter[str](source.level for source in chosen)
    levels = {level: counted[level] for level in ORDER if counted[level]}
    unverified = sum(not source.verified for source in chosen)
    paused = sum(bool(source.paused) for source in chosen)
    lacking = sorted(source.id for source in chosen if not source.evidence)
    if json:
        counts = {"sources": len(chosen), "levels": levels, "units": len(found.units), "unverified": unverified}
        print_json({**counts, "paused": paused, "without_evidence": lacking, "layouts": sorted(layouts.by_id)})
        return
    typer.echo(f"{len(chosen)} sources, {len(found.units)} units and {len(layouts.by_id)} layouts are well formed")
    typer.echo(", ".join(f"{count} {level}" for level, count in levels.items()))
    if unverified:
        typer.echo(f"{unverified} rest on inference: bantin sources list --unverified")
    if paused:
        typer.echo(f"{paused} are paused, a collect of all leaves them out: bantin sources list --paused")
    if lacking:
        typer.echo(f"without evidence: {', '.join(lacking)}")


@sources.command()
def show(ctx: typer.Context, source_id: Annotated[str, typer.Argument(metavar="ID")], json: Json = False) -> None:
    """Show one source as the crawler sees it, and its unit."""
    found, _ = catalogue(ctx.obj)
    if source_id not in found.sources:
        raise UsageError(f"no source {source_id!r} in the catalogue. See: bantin sources list")
    source = found.sources[source_id]
    facts = _facts(found, source)
    if json:
        print_json(facts)
        return
    facts = {key: _flat(value) for key, value in facts.items() if value not in ("", [], None)}
    unit = facts.pop("unit", None)
    print_facts(facts | ({f"unit.{key}": value for key, value in unit.items()} if isinstance(unit, dict) else {}))


def _facts(found: Catalogue, source: Source) -> dict[str, Any]:
    """Everything the catalogue has on a source; ``layout`` and ``hosts`` with their days as sentences."""
    context = source.context
    facts = source.model_dump(mode="json", by_alias=True)
    facts |= {"layout": ", ".join(map(str, context.layouts)), "hosts": [str(term) for term in context.terms]}
    if source.unit is not None:
        unit = found.units[source.unit]
        facts["unit"] = unit.model_dump(mode="json") | {"predecessors": found.predecessors(unit.id)}
    return {**facts, "file": found.places[source.id]}


def _flat(value: Any) -> Any:
    """A table as ``key value`` lines; the rest as it is."""
    if isinstance(value, dict) and "id" not in value:
        return [f"{key} {' '.join(map(str, one)) if isinstance(one, list) else one}" for key, one in value.items()]
    return value


def _state(front: Front, source: Source) -> str:
    if not source.context.exists_on(front.clock.now().astimezone(VIETNAM).date()):
        return "past"
    return "paused" if source.paused else "verified" if source.verified else "unverified"


def _with_successors(found: Catalogue, unit_id: str) -> set[str]:
    if unit_id not in found.units:
        raise UsageError(f"no unit {unit_id!r} in the catalogue. See units.toml beside the source files")
    unit = found.units[unit_id]
    return {unit_id, *unit.successors, *unit.parts}
