"""Verify: does the archive hold what the database says, whole, and the database what follows from it?"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select, text

from archive.database import reading
from archive.errors import ArchiveError
from archive.home import Home
from archive.journal import Journal
from archive.models import Capture, Content
from archive.segments import OPEN, live_crawls, name_of, segments, whole_bytes
from archive.store import Store
from archive.warc import Record, read_records
from pipelines.canonical import body_hash, content_hash


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it should be. ``mendable``: ``bantin verify --repair`` mends it."""

    place: str
    problem: str
    mendable: bool = False


def verify(home: Home, store: Store) -> Iterator[Fault]:
    """Every fault in archive, journal and database; none where all is well. Reads everything once."""
    yield from _journal(home.journal)
    live = live_crawls(home.archive)
    with reading(store.engine) as connection:
        wanted = _captures(connection)
        for path in segments(home.archive):
            name = name_of(home.archive, path)
            captures = wanted.pop(name, {})
            if not any(key in name for key in live):
                yield from _segment(path, captures)
        for name, captures in wanted.items():
            yield Fault(name, f"this WARC file is missing; {len(captures)} captures stand in it")
        yield from _contents(connection)
        yield from _pointers(connection)


def _journal(path: Path) -> Iterator[Fault]:
    if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        yield Fault(str(path), "its last line is torn", mendable=True)
        return
    try:
        for _ in Journal(path).entries():
            pass
    except ArchiveError as error:
        yield Fault(str(path), str(error))


def _captures(connection: Connection) -> dict[str, dict[int, tuple[int, str]]]:
    found: dict[str, dict[int, tuple[int, str]]] = {}
    columns = (Capture.warc_file, Capture.warc_offset, Capture.warc_length, Capture.stored_digest)
    for name, offset, length, digest in connection.execute(select(*columns)):
        found.setdefault(name, {})[offset] = (length, digest)
    return found


def _segment(path: Path, captures: dict[int, tuple[int, str]]) -> Iterator[Fault]:
    whole, damage = path.stat().st_size, dict[int, str]()
    if path.suffix == OPEN:
        whole = whole_bytes(path)
        if whole != path.stat().st_size:
            yield Fault(f"{path}:{whole}", "damaged from this byte on", mendable=True)
    for record in read_records(path, damaged=damage.__setitem__):
        expected = captures.pop(record.offset, None)
        yield from _record(f"{path}:{record.offset}", record, expected)
    for offset, problem in damage.items():
        held = "; the capture that stands here cannot be read" if captures.pop(offset, None) else ""
        if offset != whole:
            yield Fault(f"{path}:{offset}", f"damaged record: {problem}{held}")
    for offset in captures:
        yield Fault(f"{path}:{offset}", "the database names a record here, but there is none")


def _record(place: str, record: Record, expected: tuple[int, str] | None) -> Iterator[Fault]:
    try:
        exchange = record.exchange()
    except ArchiveError as error:
        yield Fault(place, str(error))
        return
    stated = record.payload_digest
    if record.kind in ("response", "resource") and not record.imported and stated != sha256(record.body).hexdigest():
        yield Fault(place, "the body does not match its digest")
    if expected is None:
        if exchange is not None:
            yield Fault(place, "this capture is not in the database", mendable=True)
        return
    length, digest = expected
    if length != record.length:
        yield Fault(place, f"the record is {record.length} bytes long, the database says {length}")
    if record.imported and record.kind != "revisit":
        # What digests others state is theirs: of a body with its framing, or decoded, or by another algorithm.
        stated = exchange.stored_digest if exchange is not None else None
    if (stated or "") != digest and not (record.imported and record.kind == "revisit"):
        yield Fault(place, "the record is not the one that the database means: another digest")


def _contents(connection: Connection) -> Iterator[Fault]:
    for row in connection.execute(
        select(Content.content_hash, Content.body_hash, Content.title, Content.lead, Content.body)
    ):
        paragraphs = row.body.split("\n") if row.body else []
        if row.content_hash != content_hash(row.title, row.lead, paragraphs) or row.body_hash != body_hash(paragraphs):
            yield Fault(f"content {row.content_hash}", "the text does not match its hash")


def _pointers(connection: Connection) -> Iterator[Fault]:
    lost = """
        SELECT a.article_key FROM article AS a LEFT JOIN edition AS e ON e.id = a.current_edition_id
        WHERE a.current_edition_id IS NOT NULL
          AND (e.id IS NULL OR e.withdrawn_at IS NOT NULL OR e.article_id <> a.id)
    """
    for (key,) in connection.execute(text(lost)):
        yield Fault(f"article {key}", "its current edition is not there")
