"""From archived attempts to the database: the road that a live crawl, a crash's remains and a rebuild share.

`pipelines.exchange` reads them, in worker processes; `take_in` hands what WARC files hold to it, and on to the store.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from archive.clock import parse_rfc3339
from archive.errors import ArchiveError
from archive.home import Home
from archive.journal import Journal
from archive.records import Capture, Location, Page
from archive.segments import crawl_of, live_crawls, repair
from archive.store import Store
from archive.warc import Exchange, Record, read_record, read_records
from pipelines.addresses import absolute, sound, url_key
from pipelines.bodies import Bodies, lost
from pipelines.cleaner import Cleaner
from pipelines.exchange import storable
from pipelines.gaps import Segment, lacking

BATCH, BATCH_BYTES = 200, 32 * 2**20
#: The field of a warcinfo record by which a segment says that an import wrote it, and from what (JSON).
IMPORT_FACT = "bantin-import"
#: Applies `read_exchange` to a batch, here or in worker processes.
Reader = Callable[[Sequence[Exchange]], Iterable[Page]]


def capture_of(exchange: Exchange, location: Location, crawl_key: str, page: Page) -> Capture:
    """The capture of an archived attempt."""
    target = exchange.header("location")
    return Capture(
        source_id=exchange.source_id,
        crawl_key=crawl_key,
        url=sound(exchange.url),
        url_key=url_key(exchange.url),
        captured_at=exchange.captured_at,
        status=exchange.status,
        stored_digest=exchange.stored_digest,
        location=location,
        page=page,
        content_type=storable(exchange.header("content-type")),
        etag=storable(exchange.header("etag")),
        last_modified=storable(exchange.header("last-modified")),
        redirect_url=absolute(exchange.url, target) if target else None,
        tls=storable(exchange.tls),
        refers_to=exchange.refers_to,
    )


def mend(home: Home) -> list[str]:
    """Cut off what crashes tore at the ends of journal and segments; what was done, a sentence each."""
    return [*filter(None, [Journal(home.journal).repair()]), *repair(home.archive)]


def catch_up(home: Home, store: Store, cleaner: Cleaner, read: Reader) -> list[str]:
    """Mend what crashes left behind and take in what the archive has and the database lacks, but for what live crawls
    are writing; what was done, a sentence each. Whoever opens the archive to write does this first."""
    said = mend(home)
    live = live_crawls(home.archive)
    left = (one for one in lacking(home.archive, store) if not any(key in one.name for key in live))
    if count := take_in(home.archive, left, store, cleaner, read, damaged=said.append):
        said.append(f"{count} captures that were in the archive but not in the database were taken in")
    return said


@dataclass(frozen=True, slots=True)
class Filed:
    """An attempt with its place in the archive and the crawl (or import) that brought it."""

    exchange: Exchange
    location: Location
    crawl_key: str


def take_in(
    folder: Path,
    wanted: Iterable[Segment],
    store: Store,
    cleaner: Cleaner,
    read: Reader,
    progress: Callable[[int], None] = lambda count: None,
    damaged: Callable[[str], None] = lambda said: None,
) -> int:
    """Read segments into the database; how many captures were new.

    ``progress`` is told after each batch, ``damaged`` of each record that cannot be read: the rest goes on. A revisit
    may stand before the record that it refers to (in another crawl's file): those are taken last.
    """
    early: list[Filed] = []
    total = 0
    for segment in wanted:
        crawl_key = _know_crawl(segment, store)
        for batch in _batches(_attempts(segment, damaged)):
            filed = [_filed(segment.name, crawl_key, record, exchange, cleaner) for record, exchange in batch]
            bodies = Bodies(folder, store, (one.exchange for one in filed))
            whole = [(one, bodies.filled(one.exchange)) for one in filed]
            early += [one for one, exchange in whole if exchange is None]
            total += store_read(store, read, [replace(one, exchange=e) for one, e in whole if e is not None])
            progress(len(filed))
    for start in range(0, len(early), BATCH):
        bodies = Bodies(folder, store, ())
        late = early[start : start + BATCH]
        whole_now = [replace(one, exchange=bodies.filled(one.exchange) or lost(one.exchange)) for one in late]
        total += store_read(store, read, whole_now)
    return total


def _attempts(segment: Segment, damaged: Callable[[str], None]) -> Iterator[tuple[Record, Exchange]]:
    """The records of a segment that hold an attempt, damaged ones passed over."""

    def say(offset: int, problem: object) -> None:
        damaged(f"{segment.path}: damaged at byte {offset} ({problem}), passed over. Restore the file from a copy")

    for record in read_records(segment.path, segment.start, say):
        try:
            if exchange := record.exchange():
                yield record, exchange
        except ArchiveError as error:
            say(record.offset, error)


def _batches(found: Iterable[tuple[Record, Exchange]]) -> Iterator[list[tuple[Record, Exchange]]]:
    """What is read and stored together: so many records, or fewer that are large."""
    batch, size = list[tuple[Record, Exchange]](), 0
    for record, exchange in found:
        batch.append((record, exchange))
        size += len(exchange.body)
        if len(batch) == BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def store_read(store: Store, read: Reader, filed: Sequence[Filed]) -> int:
    """Read attempts that are in the archive and store them; how many were new."""
    pages = read([one.exchange for one in filed])
    captures = [
        capture_of(one.exchange, one.location, one.crawl_key, page) for one, page in zip(filed, pages, strict=True)
    ]
    return store.store(captures)


def _filed(name: str, crawl_key: str, record: Record, exchange: Exchange, cleaner: Cleaner) -> Filed:
    source_id = exchange.source_id or cleaner.source_at(exchange.url, exchange.captured_at)
    return Filed(replace(exchange, source_id=source_id), Location(name, record.offset, record.length), crawl_key)


def _know_crawl(segment: Segment, store: Store) -> str:
    """The key of the crawl that wrote a segment, from its warcinfo; made known to the database."""
    try:
        info = read_record(segment.path, 0)
    except ArchiveError:  # its name and folder say what is needed
        key, month = crawl_of(segment.path), datetime.strptime(segment.name[:7], "%Y/%m").replace(tzinfo=UTC)
        store.start_crawl(key, month, "", {}, "import" if key.startswith("import-") else "crawl")
        return key
    facts = dict(_fields(info))
    key = facts.get("isPartOf", segment.name)
    started = parse_rfc3339(facts.get("crawl-started", info.fields["warc-date"]))
    if IMPORT_FACT in facts:
        store.start_crawl(key, started, facts.get("software", ""), json.loads(facts[IMPORT_FACT]), "import")
    else:
        store.start_crawl(key, started, facts.get("software", ""), {"sources": facts.get("sources", "").split()})
    return key


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    for line in record.body.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            yield name, value
