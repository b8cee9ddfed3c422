"""One `bantin rescue` from its options to its exit status; imported only when it is asked for: urllib3 and Scrapy's
resolver load slowly.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata

import typer

from archive.errors import BantinError, UsageError
from archive.home import Home
from archive.journal import Journal
from crawler.bars import progress
from crawler.cli.catalogue import catalogue
from crawler.cli.front import NEEDS_A_LOOK, Front
from crawler.cli.opening import open_store
from crawler.cli.options import day
from crawler.cli.printing import print_facts, print_json, print_table, shown
from crawler.rescue.archives import WebArchive
from crawler.rescue.client import Client, Pace
from crawler.rescue.listing import FIRST_DAY, LAST_DAY, Days, hosts
from crawler.rescue.run import Orders, Report, Rescuer
from pipelines.deposit import Archive
from pipelines.intake import catch_up
from pipelines.workers import PooledReader

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """The command's options, as they were typed."""

    source: str
    since: str | None
    until: str | None
    archive: str
    limit: int | None
    newest_first: bool
    retry: bool
    accept_mismatch: bool
    delay: float
    allow_private: bool


def rescue_now(front: Front, wish: Wish, *, dry_run: bool, json: bool) -> None:
    """List, and unless it is a ``dry_run`` fetch and store. Raises UsageError, BantinError, and typer.Exit for the
    status of a rescue that found something to look at."""
    found, layouts = catalogue(front)
    (picked,) = found.pick([wish.source])
    web = WebArchive.of(wish.archive)
    days = Days(
        day("--from", wish.since) if wish.since is not None else FIRST_DAY,
        day("--to", wish.until) if wish.until is not None else LAST_DAY,
    )
    if not hosts(picked.context, days):
        raise UsageError(f"{picked.id}: it had no host between {days.since} and {days.until}. See: bantin sources show")
    store, cleaner = open_store(front, found, layouts)
    front.home.create()
    orders = Orders(days, wish.limit, wish.newest_first, wish.retry, wish.accept_mismatch)
    software = f"bantin/{metadata.version('bantin')}"
    place = Archive(front.home, store, Journal(front.home.journal), front.clock, software)
    client = Client(Pace(wish.delay), allow_private=wish.allow_private, say=_say)
    with ExitStack() as stack:
        stack.callback(client.close)
        read = stack.enter_context(PooledReader(1, cleaner, front.limits))
        rescuer = Rescuer(place, cleaner, read, picked.context, web, client, orders)
        if dry_run:
            with progress("listing", "captures") as advance:
                counts = rescuer.preview(advance)
            _show_preview(counts, rescuer.report, json=json)
            return
        stack.enter_context(_alone(front.home))
        store.add_sources(found.facts, found.unit_facts)
        for said in catch_up(front.home, store, cleaner, read):
            _say(said)
        _run(rescuer, json=json)


def _run(rescuer: Rescuer, *, json: bool) -> None:
    report, whole = rescuer.report, False
    try:
        with ExitStack() as stack:
            listing = stack.enter_context(progress("listing", "captures"))

            def fetching(count: int) -> Callable[[int], None]:
                stack.close()
                return stack.enter_context(progress("rescuing", "captures", count))

            rescuer.run(listing, fetching)
        whole = not report.problems
    finally:
        if whole or report.listed or report.stored:  # else there is nothing to tell but why
            print_json(_facts(report)) if json else _show(report)
    if not (whole or report.listed or report.stored):
        raise BantinError(f"nothing could be listed: {report.problems[0]}")
    if report.problems or report.outcome not in ("finished", "stopped by --limit") or report.unrecognised:
        raise typer.Exit(NEEDS_A_LOOK)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One rescue at a time: an archive counts the requests of a machine, not those of a process."""
    handle = os.open(home.path / "rescue.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise BantinError(f"{home.path}: another rescue is running. Wait for its end") from error
    finally:
        os.close(handle)


def _show(report: Report) -> None:
    said = f" ({report.unfetched} of them by the index alone: the archive says that their bodies are those of others)"
    facts = {
        "source": report.source,
        "archive": report.archive,
        "listed": report.listed,
        "stored": f"{report.stored}{said if report.unfetched else ''}",
        "known before": report.known,
        "wanted still": report.waiting or None,
        "not given": report.failed or None,
        "not comparable with the index's digest": report.unverified or None,
        "outcome": report.outcome,
    }
    print_facts(facts)
    _left(report.left)
    for problem in report.problems[:_SHOWN]:
        _say(f"needs a look: {problem}")
    if len(report.problems) > _SHOWN:
        _say(f"and {len(report.problems) - _SHOWN} more; --json lists them all")
    if report.differing:
        _say(f"needs a look: {report.differing} bodies differ from the index's digest and were accepted")
    if report.unrecognised:
        _say(f"needs a look: pages that do not show the marks of their layout: {report.unrecognised}")


def _show_preview(counts: Mapping[tuple[int, str], int], report: Report, *, json: bool) -> None:
    rows = [{"year": year, "status": status, "captures": count} for (year, status), count in sorted(counts.items())]
    if json:
        print_json({"source": report.source, "archive": report.archive, "wanted": rows, "left": dict(report.left)})
        return
    print_table(["year", "status", "captures"], [tuple(row.values()) for row in rows], right=["captures"])
    _left(report.left)


def _left(left: Mapping[str, int]) -> None:
    if left:
        _say("left aside: " + ", ".join(f"{count} {why}" for why, count in sorted(left.items())))


def _say(line: str) -> None:
    typer.echo(shown(line).plain, err=True)  # addresses and an archive's words may hold anything


def _facts(report: Report) -> dict[str, object]:
    return asdict(report) | {"left": dict(report.left)}
