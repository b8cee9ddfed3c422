"""The commands that read the database: show, history, diff, duplicates, changes, export, status."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from archive import alarms, queries, status
from archive import export as exports
from archive.clock import parse_rfc3339
from archive.errors import UsageError
from archive.history import compared
from archive.history import history as history_of
from archive.queries import Row
from archive.wording import wording
from crawler.cli import pages
from crawler.cli.catalogue import catalogue
from crawler.cli.files import save_attachments
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.options import Json, SourceIds
from crawler.cli.printing import moment, print_json, print_text
from crawler.summary import due, expected
from pipelines.addresses import absolute, url_key

POLL_SECONDS = 1.0

Key = Annotated[str, typer.Argument(metavar="KEY", help="An article's key, or one of its addresses.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    for command in (show, history, diff, duplicates, changes, export, status_):
        app.command(command.__name__.rstrip("_"))(command)


def show(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY[@TIME]", help="Key or address; with a time, as it was then.")],
    save: Annotated[
        Path | None, typer.Option("--save-attachments", metavar="DIR", help="Write its files and pictures there.")
    ] = None,
    json: Json = False,
) -> None:
    """Print an article as it is now, or as it was captured at TIME."""
    front: Front = ctx.obj
    with front.reading() as connection:
        name, at = cited(key)
        row = _article(connection, find(connection, name), at)
    print_json(row) if json else pages.article(row)
    if save is not None:
        save_attachments(front.home.archive, row["attachments"], save)


def history(ctx: typer.Context, key: Key, json: Json = False) -> None:
    """Print what the publisher did to an article.

    Editions, other changes, absences.
    """
    front: Front = ctx.obj
    with front.reading() as connection:
        article_key = find(connection, key)
        events = history_of(connection, article_key)
    for event in events:
        if json:
            print_json({"at": event.at, "kind": event.kind, "article_key": article_key, **event.facts})
    if not json:
        pages.history(article_key, events)


def diff(
    ctx: typer.Context,
    key: Key,
    a: Annotated[str | None, typer.Argument(metavar="A", help="The earlier edition: its number or a time.")] = None,
    b: Annotated[str | None, typer.Argument(metavar="B", help="The later one; default: the newest.")] = None,
    json: Json = False,
) -> None:
    """Print word by word what changed between two editions.

    The last two where none are named.
    """
    front: Front = ctx.obj
    with front.reading() as connection:
        before, after = _two_editions(connection, find(connection, key), a, b)
    segments = {name: wording(before[name] or "", after[name] or "") for name in ("title", "lead", "body")}
    if json:
        ends = {"from": _brief(before), "to": _brief(after)}
        parts = {name: [part._asdict() for part in parts] for name, parts in segments.items()}
        print_json({"article_key": before["article_key"], **ends, **compared(before, after), **parts})
    else:
        pages.diff(before, after, segments)


def duplicates(ctx: typer.Context, json: Json = False) -> None:
    """List the articles whose text stands in an earlier one.

    Their whole text, or their body alone.
    """
    front: Front = ctx.obj
    with front.reading() as connection:
        found = queries.duplicates(connection)
    for row in found if json else ():
        print_json(row)
    if not json:
        pages.duplicates(found)


def changes(
    ctx: typer.Context,
    since: Annotated[int, typer.Option(metavar="CURSOR", min=0, help="Only what came after this cursor.")] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more, until interrupted.")] = False,
    json: Json = False,
) -> None:
    """Print what was added or moved in the database.

    Oldest first, each entry with its cursor.
    """
    for row in _feed(ctx.obj, since, follow):
        print_json(row, flush=follow) if json else print_text(pages.change(row))
        if follow:
            sys.stdout.flush()


def export(
    ctx: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The file to write; - for standard output.")],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="So far: jsonl.")] = "jsonl",
    source: Annotated[str | None, typer.Option(metavar="ID", help="Only the articles of this source.")] = None,
) -> None:
    """Write all articles as they are now.

    One JSON object a line, ordered by key.
    """
    if form != "jsonl":
        raise UsageError(f"--format {form}: only jsonl can be written. Use --format jsonl")
    front: Front = ctx.obj
    with front.reading() as connection:
        if path == "-":
            exports.export_jsonl(connection, sys.stdout, source_id=source)
            return
        count = exports.export_to(Path(path), lambda out: exports.export_jsonl(connection, out, source_id=source))
    typer.echo(f"{path}: {count} articles", err=True)


def status_(
    ctx: typer.Context,
    ids: SourceIds = None,
    json: Json = False,
) -> None:
    """Print what each source holds, and what is wrong now.

    What is due, too, and the ledger of this month and the last. Exits 1 where anything is wrong, and says what to do.
    """
    front: Front = ctx.obj
    found, _ = catalogue(front)
    chosen, now = found.pick(ids) if ids else list(found.sources.values()), front.clock.now()
    with front.reading() as connection:
        waiting, cursor = due(connection, found.sources.values(), now), status.newest_cursor(connection)
        sources = status.by_source(connection, now, waiting)
        wrong = alarms.wrong(connection, expected(chosen, now), now)
    if ids:
        sources = [source for source in sources if source["source_id"] in ids]
    place = {"home": str(front.home.path), "database": front.database_name, "cursor": cursor}
    if json:
        print_json({**place, "sources": sources, "wrong": [asdict(alarm) for alarm in wrong]})
    else:
        pages.status(place, sources, named=bool(ids))
        for said in _told(wrong):
            typer.echo(f"needs a look: {said}", err=True)
    if wrong:
        raise typer.Exit(NEEDS_A_LOOK)


def _told(wrong: Sequence[alarms.Alarm]) -> Iterator[str]:
    """A line an alarm, as `collect` says it; what was never collected, which may be most of a catalogue, on one."""
    never = [alarm for alarm in wrong if alarm.never]
    for alarm in wrong:
        if not alarm.never or len(never) == 1:
            yield alarm.sentence
    if len(never) > 1:
        named = ", ".join(alarm.source_id for alarm in never)
        yield f"{len(never)} sources were never collected: {named}. See whether their timers run"


def find(connection: Connection, name: str) -> str:
    """The key of the article that ``name`` (a key or address) means. Raises UsageError where there is none."""
    address = absolute(name, name)
    key = queries.find_key(connection, name, url_key(address) if address else None)
    if key is None:
        raise UsageError(
            f"{name}: no article has this key or address. `bantin changes` and `bantin export -` list the keys"
        )
    return key


def cited(text: str) -> tuple[str, str | None]:
    """The key or address, and the time, of a citation ``KEY@TIME``; no time where there is none."""
    # Addresses may hold an @ of their own: only what reads as a time is one.
    name, at, tail = text.rpartition("@")
    try:
        parse_rfc3339(tail)
    except ValueError:
        return text, None
    return (name, tail) if at else (text, None)


def _article(connection: Connection, key: str, at: str | None) -> Row:
    found = queries.editions(connection, key)
    edition = _edition(connection, key, found, at) if at else found[-1] if found else None
    row = queries.article_at(connection, key, parse_rfc3339(at)) if at else queries.article(connection, key)
    if row is None or edition is None:
        raise UsageError(f"{key}: has no edition under the cleaner promoted for its source. Run `bantin status`")
    spoken = queries.speaking(connection, edition, parse_rfc3339(at) if at else None)
    contract = exports.contract(row)
    record = {"url": spoken["url"], "captured_at": spoken["captured_at"], "payload_digest": spoken["payload_digest"]}
    place = {name: spoken[name] for name in ("warc_file", "warc_offset", "warc_length")}
    cite = f"{key}@{moment(edition['observed_from'])}"
    files = [{**named, **one} for named, one in zip(contract["attachments"], row["attachments"], strict=True)]
    more = {"source_name": row["source_name"], "layout": row["layout"], "observed_to": edition["observed_to"]}
    more |= {"structure": spoken["structure"], "corrections": _corrections(connection, row, spoken)}
    return {**contract, "attachments": files, **more, "cite": cite, "archived": record | place}


def _corrections(connection: Connection, row: Row, spoken: Row) -> list[Row]:
    """What a person corrected in this reading: which field, what the cleaner reads there, why and when."""
    was = queries.as_read(connection, spoken) if row["corrected"] else {}
    return [{"field": one["field"], "was": was[one["field"]] or None, **_why(one)} for one in row["corrected"]]


def _why(one: Row) -> Row:
    return {name: one[name] for name in ("reason", "corrected_at", "captured_at")}


def _two_editions(connection: Connection, key: str, a: str | None, b: str | None) -> tuple[Row, Row]:
    found = queries.editions(connection, key)
    if len(found) < 2 and a is None:
        raise UsageError(f"{key}: has no two editions to compare. `bantin history {key}` says what was seen")
    before = _edition(connection, key, found, a) if a else found[-2]
    return before, _edition(connection, key, found, b) if b else found[-1]


def _edition(connection: Connection, key: str, found: list[Row], name: str) -> Row:
    if name.isdecimal() and len(name) < 5:
        chosen = next((row for row in found if row["edition"] == int(name)), None)
    else:
        try:
            chosen = queries.edition_at(connection, key, parse_rfc3339(name))
        except ValueError as error:
            raise UsageError(f"{name}: neither an edition's number nor a time like 2025-07-01T08:00:00Z") from error
    if chosen is None:
        raise UsageError(f"{key}: has no edition {name}. `bantin history {key}` lists its editions and their times")
    return chosen


def _brief(edition: Row) -> Row:
    brief = {name: edition[name] for name in ("edition", "observed_from", "observed_to", "content_hash")}
    return brief | {"corrected": [{"field": one["field"], **_why(one)} for one in edition["corrected"]]}


def _feed(front: Front, since: int, follow: bool) -> Iterator[Row]:
    while True:
        with front.reading() as connection:
            found = queries.changes(connection, since)
        yield from found
        if found:
            since = found[-1]["cursor"]
        elif not follow:
            return
        else:
            time.sleep(POLL_SECONDS)
