"""Settling: revisits that were archived before what they refer to are read once it is here.

So it is the same in which order files are imported, and the same as a rebuild, which sees them all at once.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from archive.errors import ArchiveError
from archive.lost import forget, lost_revisits
from archive.records import Location
from archive.segments import find_segment
from archive.store import Store
from archive.warc import read_record
from pipelines.bodies import Bodies
from pipelines.intake import BATCH, Filed, Reader, store_read


def settle(folder: Path, store: Store, read: Reader) -> int:
    """Read what can be read by now; how many captures. A crash in between is mended by the next opening."""
    total = 0
    while found := list(_found(folder, store)):  # what came now may be what others refer to
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            with store.engine.begin() as connection:
                forget(connection, (capture_id for capture_id, _ in batch))
            total += store_read(store, read, [filed for _, filed in batch])
    return total


def _found(folder: Path, store: Store) -> Iterator[tuple[int, Filed]]:
    bodies = Bodies(folder, store, ())
    for row in lost_revisits(store.engine):
        place = Location(row.warc_file, row.warc_offset, row.warc_length)
        try:
            exchange = read_record(find_segment(folder, row.warc_file), row.warc_offset).exchange()
            # One that does not say, by address and time, what it refers to, can only be known when it is imported.
            if exchange is not None and exchange.refers_to is not None and (whole := bodies.filled(exchange)):
                yield row.id, Filed(replace(whole, source_id=row.source_id), place, row.key)
        except ArchiveError:
            continue  # damaged since: `bantin verify` says so
