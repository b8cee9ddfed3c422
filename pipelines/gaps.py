"""What stands in the archive's segments besides the captures that the database knows.

That is what a crash kept from the database, and records that hold no capture: requests and whatever else an import
copied. Records of known captures are stepped over, not read.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from archive.database import reading
from archive.errors import ArchiveError
from archive.models import Capture
from archive.segments import name_of, segments
from archive.store import Store
from archive.warc import Record, read_record


@dataclass(frozen=True, slots=True)
class Segment:
    """A WARC file of which the database lacks what stands from byte ``start`` on."""

    path: Path
    name: str
    start: int


def lacking(folder: Path, store: Store) -> list[Segment]:
    """The segments that hold more captures than the database knows of, or whose rest cannot be read."""
    held = _places(store)
    found = (
        Segment(path, name_of(folder, path), _first_gap(path, held[name_of(folder, path)])) for path in segments(folder)
    )
    return [segment for segment in found if segment.start < segment.path.stat().st_size]


def records_without_capture(folder: Path, store: Store) -> Iterator[Record]:
    """Requests, warcinfo and whatever else stands in the archive and is no attempt to fetch."""
    held = _places(store)
    for path in segments(folder):
        for _, record in _unknown(path, held[name_of(folder, path)]):
            if record is not None and not _holds_capture(record):
                yield record


def _places(store: Store) -> dict[str, dict[int, int]]:
    """For each segment by its name: where the record of each known capture begins, and where it ends."""
    held: dict[str, dict[int, int]] = defaultdict(dict)
    with reading(store.engine) as connection:
        places = select(Capture.warc_file, Capture.warc_offset, Capture.warc_length)
        for name, offset, length in connection.execute(places):
            held[name][offset] = offset + length
    return held


def _first_gap(path: Path, ends: Mapping[int, int]) -> int:
    """Where the first capture stands that the database lacks: pages are read in any order, so gaps can be anywhere.

    Where something is damaged before, it is that place: who reads from there on says what is wrong.
    """
    gaps = (at for at, record in _unknown(path, ends) if record is None or _holds_capture(record))
    return next(gaps, path.stat().st_size)


def _unknown(path: Path, ends: Mapping[int, int]) -> Iterator[tuple[int, Record | None]]:
    """The records of a segment that are no known capture, with their offsets; None for what cannot be read, and then
    no more. ``ends`` has, for each capture known, where its record begins and ends."""
    at, size = 0, path.stat().st_size
    while at < size:
        if at in ends:
            at = ends[at]
            continue
        try:
            record = read_record(path, at)
        except ArchiveError:
            yield at, None
            return
        yield at, record
        at += record.length


def _holds_capture(record: Record) -> bool:
    try:
        return record.exchange() is not None
    except ArchiveError:
        return True  # it was to be one
