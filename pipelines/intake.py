"""From archived attempts to the database: the road that a live crawl, a crash's remains and a rebuild share.

`read_exchange` runs in worker processes; `take_in` reads WARC files and hands what they hold to the store.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from archive.clock import parse_rfc3339, rfc3339
from archive.database import reading
from archive.errors import ArchiveError
from archive.models import Capture as CaptureRow
from archive.records import Capture, Location, Page
from archive.segments import find_segment, name_of, segments
from archive.store import Store
from archive.warc import Exchange, Record, decode_body, read_record, read_records
from pipelines.addresses import absolute, url_key
from pipelines.cleaner import Cleaner
from pipelines.page import Response, failure, read_page

BATCH = 200


def read_exchange(exchange: Exchange, cleaner: Cleaner) -> Page:
    """What one attempt brought, by the installed cleaner. ``exchange.body`` must be there for a revisit too."""
    if exchange.status is None:
        said = (exchange.outcome or "failed", exchange.reason or "no response")
        return failure(exchange.source_id, exchange.url, *said, cleaner)
    try:
        payload = decode_body(exchange.body, exchange.header("content-encoding"))
    except ArchiveError as error:
        return failure(exchange.source_id, exchange.url, "failed", str(error), cleaner)
    response = Response(
        exchange.source_id,
        exchange.url,
        exchange.captured_at,
        exchange.status,
        payload,
        exchange.header("content-type"),
        exchange.header("location"),
    )
    try:
        page = read_page(response, cleaner)
    except Exception as error:
        # One page that cleaning cannot bear must stop neither the crawl nor a rebuild: it is archived, and said.
        reason = f"cleaning failed: {type(error).__name__}: {error}"[:500]
        page = failure(exchange.source_id, exchange.url, "failed", reason, cleaner)
        return replace(page, payload_digest=sha256(payload).hexdigest())
    return replace(page, outcome="revisit-identical") if exchange.refers_to and page.outcome == "ok" else page


def capture_of(exchange: Exchange, location: Location, crawl_key: str, page: Page) -> Capture:
    """The capture of an archived attempt."""
    target = exchange.header("location")
    return Capture(
        source_id=exchange.source_id,
        crawl_key=crawl_key,
        url=exchange.url,
        url_key=url_key(exchange.url),
        captured_at=exchange.captured_at,
        status=exchange.status,
        stored_digest=exchange.stored_digest,
        location=location,
        page=page,
        content_type=exchange.header("content-type"),
        etag=exchange.header("etag"),
        last_modified=exchange.header("last-modified"),
        redirect_url=absolute(exchange.url, target) if target else None,
        refers_to=exchange.refers_to,
    )


@dataclass(frozen=True, slots=True)
class Segment:
    """A WARC file of which the database lacks what stands from byte ``start`` on."""

    path: Path
    name: str
    start: int


def lacking(folder: Path, store: Store) -> list[Segment]:
    """The segments that hold more than the database knows of."""
    held: dict[str, dict[int, int]] = defaultdict(dict)
    with reading(store.engine) as connection:
        places = select(CaptureRow.warc_file, CaptureRow.warc_offset, CaptureRow.warc_length)
        for name, offset, length in connection.execute(places):
            held[name][offset] = offset + length
    found = (
        Segment(path, name_of(folder, path), _first_gap(path, held[name_of(folder, path)])) for path in segments(folder)
    )
    return [segment for segment in found if segment.start < segment.path.stat().st_size]


def _first_gap(path: Path, ends: Mapping[int, int]) -> int:
    """Where the first record stands that the database lacks: pages are read in any order, so gaps can be anywhere.

    ``ends`` has, for each capture known, where its record begins and ends.
    """
    start = next((record.offset + record.length for record in read_records(path)), 0)  # behind the warcinfo
    while start in ends:
        start = ends[start]
    return start


def take_in(
    folder: Path,
    wanted: Iterable[Segment],
    store: Store,
    read: Callable[[Sequence[Exchange]], Iterable[Page]],
    progress: Callable[[int], None] = lambda count: None,
) -> int:
    """Read segments into the database; how many captures were new.

    ``read`` applies `read_exchange` to a batch, here or in worker processes; ``progress`` is told after each batch.
    A revisit may stand before the record that it refers to (in another crawl's file): those are taken last.
    """
    intake = _Intake(folder, store, read, progress)
    for segment in wanted:
        crawl_key = _know_crawl(segment, store)
        records = iter(read_records(segment.path, segment.start))
        while batch := list(islice(records, BATCH)):
            found = (_Filed(segment.name, crawl_key, record, e) for record in batch if (e := record.exchange()))
            intake.take(list(found))
    intake.take_late()
    return intake.total


@dataclass(frozen=True, slots=True)
class _Filed:
    """An attempt with its place in the archive."""

    name: str
    crawl_key: str
    record: Record
    exchange: Exchange


class _Intake:
    """Batches on their way into the store; revisits that came too early wait."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        read: Callable[[Sequence[Exchange]], Iterable[Page]],
        progress: Callable[[int], None],
    ) -> None:
        self._folder, self._store, self._read, self._progress = folder, store, read, progress
        self._early: list[_Filed] = []
        self.total = 0

    def take(self, filed: Sequence[_Filed], *, last: bool = False) -> None:
        """Store a batch, save the revisits whose record is not here yet (at ``last``: not here at all)."""
        bodies = _Bodies(self._folder, self._store, filed)
        ready = []
        for one in filed:
            body = bodies.of(one.exchange)
            if body is not None:
                ready.append(replace(one, exchange=replace(one.exchange, body=body)))
            elif last:
                ready.append(replace(one, exchange=_lost(one.exchange)))
            else:
                self._early.append(one)
        pages = self._read([one.exchange for one in ready])
        captures = [
            capture_of(one.exchange, Location(one.name, one.record.offset, one.record.length), one.crawl_key, page)
            for one, page in zip(ready, pages, strict=True)
        ]
        self.total += self._store.store(captures)
        self._progress(len(captures))

    def take_late(self) -> None:
        """Store the revisits that waited."""
        early, self._early = self._early, []
        for start in range(0, len(early), BATCH):
            self.take(early[start : start + BATCH], last=True)


def _lost(exchange: Exchange) -> Exchange:
    """A revisit of a record that the archive does not hold: an attempt of which nothing can be read."""
    url, at = exchange.refers_to or ("", exchange.captured_at)
    reason = f"revisit of {url} captured at {rfc3339(at)}, which is not in the archive"
    return replace(exchange, status=None, outcome="failed", reason=reason, refers_to=None)


class _Bodies:
    """The bodies that revisit records refer to: in the batch at hand, or in the archive."""

    def __init__(self, folder: Path, store: Store, batch: Sequence[_Filed]) -> None:
        self._folder, self._store = folder, store
        responses = (one.exchange for one in batch if one.record.kind == "response")
        self._here = {(url_key(e.url), e.captured_at): e.body for e in responses}

    def of(self, exchange: Exchange) -> bytes | None:
        """The body of an attempt; None where it is a revisit of a record that is not known (yet)."""
        if exchange.status == 304 or exchange.refers_to is None:
            return exchange.body
        url, at = exchange.refers_to
        key = url_key(url)
        if (key, at) in self._here:
            return self._here[key, at]
        place = select(CaptureRow.warc_file, CaptureRow.warc_offset).where(
            CaptureRow.url_key == key, CaptureRow.captured_at == at
        )
        with reading(self._store.engine) as connection:
            row = connection.execute(place).first()
        if row is None:
            return None
        return read_record(find_segment(self._folder, row.warc_file), row.warc_offset).body


def _know_crawl(segment: Segment, store: Store) -> str:
    """The key of the crawl that wrote a segment, from its warcinfo; made known to the database."""
    info = read_record(segment.path, 0)
    facts = dict(_fields(info))
    key = facts.get("isPartOf", segment.name)
    started = parse_rfc3339(facts.get("crawl-started", info.fields["warc-date"]))
    store.start_crawl(key, started, facts.get("software", ""), {"sources": facts.get("sources", "").split()})
    return key


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    for line in record.body.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            yield name, value
