"""The command `bantin rules suggest`: what repeats over an archive's texts, as rules to paste into a layout's file."""

from collections.abc import Sequence
from typing import Annotated

import typer

from archive.firing import known_sources
from crawler.bars import progress
from crawler.cli.catalogue import catalogue
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.options import Json, OneLayout, OneSource, check_layout, check_source
from crawler.cli.printing import print_json
from pipelines.cleaner import Cleaner
from pipelines.proposals import Suggestion, facts, suggestions, toml
from pipelines.repetition import Survey
from pipelines.sampling import Sampled, sample, survey
from pipelines.suggest import suggest as suggest_of


def suggest(
    ctx: typer.Context,
    source: OneSource = None,
    layout: OneLayout = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="How many rules, the surest first.")] = 10,
    pages: Annotated[int, typer.Option("--pages", metavar="N", min=1, help="Texts looked at, a source.")] = 400,
    json: Json = False,
) -> None:
    """Suggest noise rules: lines and elements that repeat in the texts beyond what news would, as TOML.

    Nothing is written. Exits 1 where a record could not be read.
    """
    front: Front = ctx.obj
    found, layouts = catalogue(front)
    check_layout(layout, layouts)
    wanted = _sample(front, source, pages)
    with progress("looking", "texts", len(wanted)) as advance:
        counted, problems = survey(wanted, Cleaner(layouts, found.contexts), layout, advance)
    taken = {rule.id for one in layouts.by_id.values() for rule in layouts.noise(one)}
    proposed = suggestions(suggest_of(counted), taken)
    if json:
        shown = [facts(one) for one in proposed[:top]]
        print_json({"texts": len(counted.articles), "proposed": len(proposed), "rules": shown, "problems": problems})
    else:
        _print(counted, proposed, top)
        for problem in problems:
            typer.echo(f"needs a look: {problem}", err=True)
    if problems:
        raise typer.Exit(NEEDS_A_LOOK)


def _sample(front: Front, source: str | None, most: int) -> list[Sampled]:
    with front.reading() as connection:
        known = known_sources(connection)
        check_source(source, known)
        chosen = known if source is None else [source]
        return [one for source_id in chosen for one in sample(connection, front.home.archive, source_id, most)]


def _print(counted: Survey, proposed: Sequence[Suggestion], top: int) -> None:
    """A whole TOML document: what is no rule is a comment."""
    looked = f"# {len(counted.articles)} texts of {len(counted.by_source)} sources were looked at"
    if not proposed:
        typer.echo(f"{looked}; nothing repeats in them beyond what news would, or a rule takes it already")
        return
    typer.echo(f"{looked}; rules suggested: {len(proposed)}, the surest first")
    typer.echo("# Read the samples, give each a reason of your own, then: bantin --layouts COPY reclean --dry-run")
    for number, one in enumerate(proposed[:top], 1):
        typer.echo(f"\n{toml(one, number)}", nl=False)
    if len(proposed) > top:
        typer.echo(f"\n# … and {len(proposed) - top} more: --top {len(proposed)}")
