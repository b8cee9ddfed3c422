"""The command that writes timers: systemd units or cron lines for what the catalogue says."""

import os
import pwd
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import make_url

from archive.errors import UsageError
from crawler import timers
from crawler.cli.catalogue import catalogue
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.options import Json, SourceIds
from crawler.cli.printing import print_json
from crawler.schedule import Visit, timetable
from crawler.sources import Source
from crawler.timers import Command
from pipelines.dates import VIETNAM

FORMATS = ("systemd", "cron")
_PAUSED = "paused: "
_TOLD_ONE_BY_ONE = 10


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A source that gets no timer, and why."""

    source_id: str
    why: str


def register(app: typer.Typer) -> None:
    """Add this command to ``app``."""
    app.command()(schedule)


def schedule(
    ctx: typer.Context,
    ids: SourceIds = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="systemd or cron.")] = "systemd",
    write: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the files into this folder.")] = None,
    json: Json = False,
) -> None:
    """Print timers that collect each source in its rhythm.

    Their times are spread over the hour. With --write, the files are made.
    """
    if form not in FORMATS:
        raise UsageError(f"--format {form}: not known. Use one of: {', '.join(FORMATS)}")
    front: Front = ctx.obj
    found, _ = catalogue(front)
    day = front.clock.now().astimezone(VIETNAM).date()
    chosen = found.pick(ids) if ids else list(found.sources.values())
    left_out = [LeftOut(source.id, why) for source in chosen if (why := _why_not(source, day, named=bool(ids)))]
    without = {one.source_id for one in left_out}
    wanted = {source.id for source in chosen} - without
    # Where a source stands depends on all sources, so that timers written one by one are spread too.
    spread = (s for s in found.sources.values() if s.id in wanted or _why_not(s, day, named=False) is None)
    visits = [visit for visit in timetable(spread) if visit.source_id in wanted]
    files = _files(front, visits, form, whole=not ids)
    stale = _written(write, files, whole=not ids) if write else []
    if json:
        rhythms = {source.id: source.every for source in chosen}
        print_json(_facts(form, visits, rhythms, left_out, files, write, stale))
    elif write is None:
        typer.echo("\n".join(_shown(name, text, form) for name, text in files.items()), nl=False)
    else:
        typer.echo(f"{len(files)} files for {len(visits)} sources written to {write}")
    for line in _without_timer(left_out):
        typer.echo(line, err=True)
    for path in stale:
        typer.echo(f"needs a look: {path} is of no source that is collected. Disable and remove it", err=True)
    if stale:
        raise typer.Exit(NEEDS_A_LOOK)


def _without_timer(left_out: Sequence[LeftOut]) -> list[str]:
    """A sentence for each source that gets no timer, or their number where a person would not read so many."""
    if len(left_out) <= _TOLD_ONE_BY_ONE:
        return [f"{one.source_id}: no timer; {one.why}" for one in left_out]
    paused = sum(one.why.startswith(_PAUSED) for one in left_out)
    said = ((paused, "paused: bantin sources list --paused"), (len(left_out) - paused, "their hosts are past"))
    return [f"{count} sources get no timer; {why}" for count, why in said if count]


def _why_not(source: Source, day: date, *, named: bool) -> str | None:
    if source.paused and not named:
        return f"{_PAUSED}{source.paused}"
    if not source.context.exists_on(day):
        return f"{', '.join(map(str, source.context.terms))}; that is past"
    return None


def _files(front: Front, visits: Sequence[Visit], form: str, *, whole: bool) -> dict[str, str]:
    command = _command(front)
    return timers.cron(visits, command) if form == "cron" else timers.systemd(visits, command, whole=whole)


def _command(front: Front) -> Command:
    home, (database, beside) = front.home.path.absolute(), _database(front)
    environment = {"BANTIN_HOME": str(home)}
    if database:
        environment["BANTIN_DATABASE_URL"] = database
    for name, path in (("BANTIN_SOURCES", front.sources), ("BANTIN_LAYOUTS", front.layouts)):
        if path is not None:
            environment[name] = str(path.absolute())
    if contact := os.environ.get("BANTIN_CONTACT"):
        environment["BANTIN_CONTACT"] = contact
    writable = [home, *([beside] if beside and not beside.is_relative_to(home) else [])]
    return Command(_program(), environment, writable, _account(home), home / "logs")


def _database(front: Front) -> tuple[str | None, Path | None]:
    """The database's URL where it is not the home's own, and the folder of an SQLite file."""
    if front.database_url == front.home.default_database:
        return None, None
    url = make_url(front.database_url)
    if url.password is not None:
        raise UsageError(
            f"{front.database_name}: whoever can read a timer's files would read the password. Leave it out of the URL"
            " and put it into ~/.pgpass: docs/postgresql.md"
        )
    if url.get_backend_name() != "sqlite" or not url.database:
        return front.database_url, None
    file = Path(url.database).absolute()
    return url.set(database=str(file)).render_as_string(), file.parent


def _program() -> Path:
    beside = Path(sys.executable).with_name("bantin")
    found = str(beside) if beside.is_file() else shutil.which("bantin")
    if found is None:
        raise UsageError("no program `bantin` beside this Python or on the PATH. Install it: pip install .")
    return Path(found).absolute()


def _account(home: Path) -> str:
    """Whose the collection is; who runs this, where there is none yet."""
    number = home.stat().st_uid if home.exists() else os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _written(folder: Path, files: dict[str, str], *, whole: bool) -> list[Path]:
    """Write the files; which timers there are of sources that have none."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    old = sorted(folder.glob(f"{timers.UNIT.format('*')}.timer")) if whole and timers.CRONTAB not in files else []
    return [path for path in old if path.name not in files]


def _shown(name: str, text: str, form: str) -> str:
    return text if form == "cron" else f"# {name}\n{text}"


def _facts(
    form: str,
    visits: Sequence[Visit],
    rhythms: dict[str, str],
    left_out: Sequence[LeftOut],
    files: dict[str, str],
    write: Path | None,
    stale: Sequence[Path],
) -> dict[str, object]:
    return {
        "format": form,
        "visits": [
            {"source_id": v.source_id, "every": rhythms[v.source_id], "minutes": v.period}
            | {"at": v.cron if form == "cron" else v.calendar}
            for v in visits
        ],
        "left_out": [{"source_id": one.source_id, "why": one.why} for one in left_out],
        "files": {name: None if write else text for name, text in files.items()},
        "written_to": str(write) if write else None,
        "stale": [str(path) for path in stale],
    }
