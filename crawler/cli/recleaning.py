"""The commands of the curator: reclean the archive, compare cleaners, promote one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from sqlalchemy import select

from archive.cleaners import cleaners, differences, find_cleaner
from archive.comparison import Tally
from archive.database import reading
from archive.errors import UsageError
from archive.journal import Journal
from archive.models import Source
from archive.store import Store
from crawler.bars import progress
from crawler.cli.catalogue import catalogue
from crawler.cli.differences import print_tally, tally_facts
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.opening import open_store
from crawler.cli.options import CORES, Json, Workers
from crawler.cli.printing import moment, print_json, print_table
from pipelines.cleaner import Cleaner
from pipelines.intake import catch_up
from pipelines.reclean import Outcome, read_all, rehearse
from pipelines.reclean import reclean as reclean_archive
from pipelines.stale import Plan, filled, plan
from pipelines.tasks import Read
from pipelines.workers import PooledReader, start_workers, work_task

_SHOWN = 12

OneSource = Annotated[str | None, typer.Option("--source", metavar="ID", help="Only this source.")]
MaxLoss = Annotated[
    float,
    typer.Option(
        "--max-loss",
        metavar="SHARE",
        min=0,
        max=1,
        help="Of each source so many bodies may lose half of their characters; more exits 1.",
    ),
]
#: What is said to be too much where nobody says.
MAX_LOSS = 0.01
Top = Annotated[int, typer.Option("--top", metavar="N", min=0, help="How many of the largest differences to show.")]

group = typer.Typer(help="Which cleaners have read the archive, and which holds.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(reclean)
    app.add_typer(group, name="cleaners")


def reclean(
    ctx: typer.Context,
    source: OneSource = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    workers: Workers = CORES,
    no_promote: Annotated[bool, typer.Option("--no-promote", help="Store the readings, but move no edition.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Read also what is up to date.")] = False,
    max_loss: Annotated[
        float | None,
        typer.Option(
            "--max-loss",
            metavar="SHARE",
            min=0,
            max=1,
            help="Do not promote where, of a source, more bodies than this share lose half of their characters."
            f" --dry-run exits 1 then (default there: {MAX_LOSS}).",
        ),
    ] = None,
    top: Top = 10,
    json: Json = False,
) -> None:
    """Read again what the installed cleaner has not read, and promote it.

    Exits 1 where something needs a look.
    """
    front: Front = ctx.obj
    store, cleaner = open_store(front, *catalogue(front))
    if source is not None and source not in _known_sources(store):
        raise UsageError(f"{source}: no source of the database has this id. See: bantin status")
    if not dry_run:
        _catch_up(front, store, cleaner)
    wanted = plan(front.home, store, cleaner, [source] if source else [], force=force)
    with (
        _reader(front, store, wanted, cleaner, workers) as results,
        progress("recleaning", "pages", wanted.inputs) as advance,
    ):
        if dry_run:
            outcome = rehearse(store, wanted, results, top, advance)
        else:

            def settling(source_id: str) -> None:
                advance(0, doing=f"folding {source_id}" if no_promote else f"promoting for {source_id}")

            outcome = reclean_archive(
                store,
                wanted,
                results,
                promote=not no_promote,
                max_loss=max_loss,
                progress=advance,
                settling=settling,
            )
    if dry_run:
        outcome.problems += outcome.tally.losses(MAX_LOSS if max_loss is None else max_loss)
    _print_outcome(outcome, dry_run=dry_run, json=json)
    if outcome.problems or (outcome.held_back and not no_promote):
        raise typer.Exit(NEEDS_A_LOOK)


@contextmanager
def _reader(front: Front, store: Store, wanted: Plan, cleaner: Cleaner, workers: int) -> Iterator[Iterator[list[Read]]]:
    """Reads the plan's tasks in worker processes; never more of them than there are tasks."""
    workers = min(workers, len(wanted.tasks))
    with start_workers(workers, cleaner, front.limits) as pool:
        try:
            yield read_all(filled(store, wanted.tasks), work_task, pool, ahead=4 * workers)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _catch_up(front: Front, store: Store, cleaner: Cleaner) -> None:
    """Take in what a crash left in the archive: else it would wait for the next collect, unread by this cleaner."""
    with PooledReader(1, cleaner, front.limits) as read:
        for line in catch_up(front.home, store, cleaner, read):
            typer.echo(line, err=True)


def _known_sources(store: Store) -> set[str]:
    with reading(store.engine) as connection:
        return set(connection.execute(select(Source.id)).scalars())


def _print_outcome(outcome: Outcome, *, dry_run: bool, json: bool) -> None:
    if json:
        facts: dict[str, Any] = {"inputs": outcome.inputs, "captures": outcome.captures, "problems": outcome.problems}
        facts |= (
            tally_facts(outcome.tally) if dry_run else {"promoted": outcome.promoted, "held_back": outcome.held_back}
        )
        print_json(facts)
        return
    if outcome.inputs:
        typer.echo(f"{outcome.inputs} pages read, for {outcome.captures} captures")
    else:
        typer.echo("nothing is stale: the installed cleaner has read every capture")
    if dry_run:
        print_tally(outcome.tally)
    for source_id, counts in outcome.promoted.items():
        typer.echo(f"{source_id}: cleaner promoted; {_switched(counts)}")
    for source_id, why in outcome.held_back.items():
        typer.echo(f"{source_id}: cleaner not promoted: {why}", err=True)
    for problem in outcome.problems[:_SHOWN]:
        typer.echo(f"needs a look: {problem}", err=True)
    if len(outcome.problems) > _SHOWN:
        typer.echo(f"… and {len(outcome.problems) - _SHOWN} more; --json lists them", err=True)


def _switched(counts: Mapping[str, int]) -> str:
    """What readers see change by a promotion."""
    said = {
        "reading": "articles read differently",
        "article": "articles found",
        "withdrawn": "no longer found",
        "edition": "editions by the publisher",
        "metadata": "metadata changes by the publisher",
        "gone": "gone",
        "back": "back",
    }
    told = ", ".join(f"{counts[kind]} {what}" for kind, what in said.items() if counts.get(kind))
    return told or "readers see no change"


@group.command("list")
def list_(ctx: typer.Context, json: Json = False) -> None:
    """List the cleaners that have read each source, oldest first, and what each lacks."""
    front: Front = ctx.obj
    with front.reading() as connection:
        found = cleaners(connection)
    _, cleaner = open_store(front, *catalogue(front))
    for row in found:
        row["installed"] = row["digest"] == cleaner.digest_for(row["source_id"])
    if json:
        print_json(found)
        return
    columns = ["source", "cleaner", "first used", "captures", "lacking", "readings", "state"]
    lines = [
        (
            row["source_id"],
            row["digest"][:_SHOWN],
            moment(row["first_used_at"].replace(microsecond=0)),
            row["captures"],
            row["lacking"],
            row["readings"],
            ", ".join(name for name in ("promoted", "installed") if row[name]),
        )
        for row in found
    ]
    print_table(columns, lines, right=["captures", "lacking", "readings"])
    for source_id in sorted({row["source_id"] for row in found} - {r["source_id"] for r in found if r["installed"]}):
        digest = cleaner.digest_for(source_id)[:_SHOWN]
        typer.echo(f"{source_id}: the installed cleaner {digest} has read nothing yet. Run: bantin reclean", err=True)


@group.command()
def diff(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="A cleaner's digest, or the beginning of it.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    source: OneSource = None,
    max_loss: MaxLoss = MAX_LOSS,
    top: Top = 10,
    json: Json = False,
) -> None:
    """Compare what two cleaners read in the same pages: by source, layout and rule, the largest differences last.

    Exits 1 where B loses too much.
    """
    front: Front = ctx.obj
    tally = Tally(top)
    with front.reading() as connection:
        one, other = find_cleaner(connection, a), find_cleaner(connection, b)
        for source_id, difference in differences(connection, one, other, source):
            tally.add(source_id, difference)
    losses = list(tally.losses(max_loss))
    print_json(tally_facts(tally) | {"problems": losses}) if json else print_tally(tally)
    for said in () if json else losses:
        typer.echo(f"needs a look: {said}", err=True)
    if losses:
        raise typer.Exit(NEEDS_A_LOOK)


@group.command()
def promote(
    ctx: typer.Context,
    digest: Annotated[str, typer.Argument(metavar="CLEANER", help="Its digest, or the beginning of it.")],
    source: OneSource = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")] = "promoted by hand",
    accept_missing: Annotated[
        bool, typer.Option("--accept-missing", help="Promote it though it has not read every capture.")
    ] = False,
    json: Json = False,
) -> None:
    """Let a cleaner's readings be what readers see, for every source that it has read (or one of them)."""
    front: Front = ctx.obj
    store, _ = open_store(front, *catalogue(front))
    with reading(store.engine) as connection:
        cleaner = find_cleaner(connection, digest)
        found = [row for row in cleaners(connection) if row["digest"] == cleaner and source in (None, row["source_id"])]
    ids = [row["source_id"] for row in found]
    lacking = {row["source_id"]: row["lacking"] for row in found if row["lacking"] and not row["promoted"]}
    if not ids:
        raise UsageError(f"{cleaner[:_SHOWN]} has read nothing of {source or 'any source'}. See: bantin cleaners list")
    if lacking and not accept_missing:
        said = ", ".join(f"{count} captures of {source_id}" for source_id, count in lacking.items())
        raise UsageError(f"{cleaner[:_SHOWN]} has not read {said}. Promote it all the same with --accept-missing")
    if torn := Journal(front.home.journal).repair():
        typer.echo(torn, err=True)
    counts = {
        row["source_id"]: dict(store.promote(row["source_id"], cleaner, reason)) for row in found if not row["promoted"]
    }
    if json:
        print_json({"cleaner": cleaner, "promoted": counts, "lacking": lacking})
        return
    for source_id in ids:
        said = f"promoted; {_switched(counts[source_id])}" if source_id in counts else "is promoted already"
        typer.echo(f"{source_id}: {cleaner[:_SHOWN]} {said}")
