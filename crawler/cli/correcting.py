"""The commands of a person who knows better: correct a field by hand, take that back, list what was corrected."""

import re
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from archive.clock import parse_rfc3339
from archive.correcting import Wish
from archive.correcting import corrections as all_corrections
from archive.corrections import FIELDS
from archive.database import reading
from archive.decisions import decisions
from archive.errors import UsageError
from archive.journal import Journal
from archive.queries import Row
from crawler.cli.catalogue import catalogue
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.opening import open_store
from crawler.cli.options import Json
from crawler.cli.printing import moment, print_json, print_table
from crawler.cli.read import cited, find
from pipelines.canonical import canonical_line

#: Fields that may have several lines: paragraphs, captions, a lead or a byline over two lines.
_LINES = ("lead", "body", "byline", "captions")
_PUBLISHED = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\+07:00)?", re.ASCII)
_SHOWN = 60


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command()(correct)
    app.command()(corrections)


def correct(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY[@TIME]", help="Key or address; with a time, the edition of then.")],
    field: Annotated[str, typer.Option(metavar="FIELD", help=f"What to correct: {', '.join(FIELDS)}.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="How you know; kept in the journal, shown to readers.")],
    value: Annotated[str | None, typer.Option(metavar="TEXT", help="What it should be.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The same from a file, - for standard input: a paragraph or caption a line."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="It should be empty: the page has none.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the correction back.")] = False,
    json: Json = False,
) -> None:
    """Correct by hand what is read of an article.

    It holds until the publisher changes that field, whatever cleaner reads it.
    """
    front: Front = ctx.obj
    if sum((value is not None, file is not None, clear, withdraw)) != 1:
        raise UsageError("say what it should be: one of --value TEXT, --file PATH, --clear; or --withdraw")
    if field not in FIELDS:
        raise UsageError(f"--field {field}: cannot be corrected. Give one of: {', '.join(FIELDS)}")
    right = None if clear or withdraw else canonical(field, _given(file) if file is not None else value or "")
    store, _ = open_store(front, *catalogue(front))
    name, at = cited(key)
    with reading(store.engine) as connection:
        # A correction may be of an article that is here no more, and can be taken back all the same.
        article_key = name if withdraw and decisions(connection, [name]) else find(connection, name)
    if torn := Journal(front.home.journal).repair():
        typer.echo(torn, err=True)
    why = canonical_line(reason)
    detail = store.correct(Wish(article_key, field, right, why, parse_rfc3339(at) if at else None, withdraw))
    if json:
        print_json({"article_key": article_key, **detail})
        return
    done = "correction withdrawn" if withdraw else "corrected"
    changed = ", ".join(name for name in detail["fields"] if name != "corrected") or "nothing of it as it is now"
    typer.echo(f"{article_key}@{detail['captured_at']}: {field} {done}; readers see change: {changed}")


def _given(file: Path) -> str:
    """What stands in a file, or comes on standard input. Raises UsageError where it is no text."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}). Give the path of a text file, or -") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not UTF-8 (byte {error.start}). Save it as UTF-8") from error


def canonical(field: str, text: str) -> str:
    """``text`` as this field is stored: lines in canonical form. Raises UsageError for what the field cannot hold."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UsageError(f"{field}: holds characters that are no text. Give it as UTF-8 with --file")
    lines = [line for line in map(canonical_line, text.splitlines()) if line]
    if not lines:
        raise UsageError(f"{field}: nothing is left of it in canonical form. To say that there is none: --clear")
    if len(lines) > 1 and field not in _LINES:
        raise UsageError(f"{field}: is one line, {len(lines)} were given")
    if field == "published_at":
        _check_published(lines[0])
    return "\n".join(lines)


def _check_published(text: str) -> None:
    try:
        known = _PUBLISHED.fullmatch(text) and (datetime if "T" in text else date).fromisoformat(text)
    except ValueError:
        known = None
    if not known:
        remedy = "Write it like 2025-05-13T16:53:00+07:00, or 2025-05-13 where no time of day is known"
        raise UsageError(f"published_at {text}: not a publication time in Vietnam. {remedy}")


def corrections(ctx: typer.Context, json: Json = False) -> None:
    """List what was ever corrected by hand.

    And whether it holds. Exits 1 where a correction holds nowhere any more, and says what to do.
    """
    front: Front = ctx.obj
    with front.reading() as connection:
        found = all_corrections(connection)
    if json:
        print_json(found)
    else:
        columns = ("article", "at capture", "field", "state", "value", "reason", "corrected")
        print_table(columns, [_line(row) for row in found], wrap="reason")
    lost = [row for row in found if row["state"] == "nowhere"]
    for row in lost:
        place = f"{row['article_key']}@{moment(row['captured_at'])}"
        remedy = f"bantin correct {place} --field {row['field']} --withdraw --reason …"
        typer.echo(
            f"needs a look: {place}: the correction of {row['field']} holds nowhere any more: no capture that speaks"
            f" for the article reads what was corrected. Correct it anew, or take this back: {remedy}",
            err=True,
        )
    if lost:
        raise typer.Exit(NEEDS_A_LOOK)


def _line(row: Row) -> tuple[object, ...]:
    value = "(none)" if row["value"] is None else row["value"].replace("\n", " / ")
    value = value if len(value) <= _SHOWN else f"{value[:_SHOWN].rstrip()}…"
    place = (row["article_key"], row["captured_at"], row["field"])
    return (*place, row["state"], value, row["reason"], row["corrected_at"])
