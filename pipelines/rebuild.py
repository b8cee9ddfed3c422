"""Rebuild: the database anew from the archive folder alone, under the installed cleaner."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import func, select

from archive.catalogue import SourceFacts, UnitFacts
from archive.clock import parse_rfc3339
from archive.database import reading
from archive.decisions import ENTRY
from archive.errors import UsageError
from archive.home import Home
from archive.journal import Journal
from archive.models import Capture, Source
from archive.store import Store
from pipelines.cleaner import Cleaner
from pipelines.gaps import lacking
from pipelines.intake import Reader, take_in
from pipelines.settle import settle


def rebuild(
    home: Home,
    store: Store,
    cleaner: Cleaner,
    read: Reader,
    sources: Iterable[SourceFacts],
    progress: Callable[[int], None] = lambda count: None,
    units: Iterable[UnitFacts] = (),
) -> tuple[int, list[str]]:
    """Take in the whole archive; how many captures there are, and what a person should know.

    Raises UsageError for a database that holds anything.
    """
    with reading(store.engine) as connection:
        held = sum(
            connection.execute(select(func.count()).select_from(model)).scalar_one() for model in (Capture, Source)
        )
    if held:
        raise UsageError(
            "the database holds something already. Give rebuild an empty one: --database URL, or move it away"
        )
    store.add_sources(sources, units)
    entries = list(Journal(home.journal).entries())
    store.restore_corrections(entry for entry in entries if entry["kind"] == ENTRY)
    notes = _promotions(entries, store, cleaner)
    count = take_in(home.archive, lacking(home.archive, store), store, cleaner, read, progress, notes.append)
    settle(home.archive, store, read)
    for entry in entries:
        if entry["kind"] == "crawl":
            store.end_crawl(entry["crawl"], parse_rfc3339(entry["at"]), entry["outcome"], entry["counts"])
    store.end_unfinished()
    return count, notes


def _promotions(entries: Iterable[dict[str, Any]], store: Store, cleaner: Cleaner) -> list[str]:
    """Promotions of the installed cleaner come back from the journal; the others the first reading makes anew."""
    notes = []
    last = {entry["source"]: entry for entry in entries if entry["kind"] == "promotion"}
    for source_id, entry in sorted(last.items()):
        if not (context := cleaner.source(source_id)).listed:
            store.add_sources([SourceFacts(source_id, source_id, None, context.layout, False)])
        installed, at = cleaner.digest_for(source_id), parse_rfc3339(entry["at"])
        same = entry["cleaner"] == installed
        # The journal stays as it is: which cleaner this database was rebuilt with is no decision about the archive.
        store.restore_promotion(source_id, installed, at, entry["reason"] if same else "rebuilt under this cleaner")
        if not same:
            notes.append(
                f"{source_id}: the archive was last read with cleaner {entry['cleaner'][:12]}, installed is"
                f" {installed[:12]}; editions follow the installed one"
            )
    return notes
