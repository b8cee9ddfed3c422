"""bantin rescue: what web archives hold of a source. Here are the options; what loads slowly comes when asked for."""

from typing import Annotated

import typer

from crawler.cli.front import Front
from crawler.cli.options import AllowPrivate, Json


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(rescue)


def rescue(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="ID", help="The source; its hosts may be past.")],
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day; default: all.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, included.")] = None,
    archive: Annotated[
        str,
        typer.Option(
            envvar="BANTIN_ARCHIVE",
            metavar="NAME|KIND+URL",
            help="wayback, commoncrawl, or wayback+, pywb+, commoncrawl+ and the address of an index.",
        ),
    ] = "wayback",
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Fetch so many captures at most.")] = None,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Fetch the newest captures first.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many captures are wanted.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Ask again for those that the archive did not give.")] = False,
    accept_mismatch: Annotated[
        bool, typer.Option("--accept-mismatch", help="Take bodies that differ from the index's digest; they say so.")
    ] = False,
    delay: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, envvar="BANTIN_ARCHIVE_DELAY", help="Seconds between requests to the archive."
        ),
    ] = 2.0,
    allow_private: AllowPrivate = False,
    json: Json = False,
) -> None:
    """Fetch from a web archive what it holds of a source.

    Of its hosts, in its time: articles and lists, stored with their original time. What is here already is not asked
    for. Exits 1 where something needs a look.
    """
    from crawler.cli.rescue_now import Wish, rescue_now

    front: Front = ctx.obj
    wish = Wish(source, since, until, archive, limit, newest_first, retry, accept_mismatch, delay, allow_private)
    rescue_now(front, wish, dry_run=dry_run, json=json)
