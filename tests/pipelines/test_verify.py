"""Verify: what is damaged in the archive is named, and the records behind it are still looked at."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.database import upgrade
from archive.home import Home
from archive.records import Location
from archive.segments import find_segment, segments
from archive.warc import pack_raw, read_record, with_fields
from archive.warc.record import ORIGIN_FIELD, SOURCE_FIELD
from pipelines.exchange import read_exchange
from pipelines.intake import capture_of
from pipelines.layouts import Layouts
from pipelines.verify import Fault, verify
from tests.builders import installed, liferay
from tests.rig import Database, Rig, day
from tests.warcs import response


class Archive:
    """Three captures in one segment, and a database that knows them."""

    def __init__(self, folder: Path, layouts: Layouts) -> None:
        self.home, self.cleaner = Home(folder), installed(layouts)
        self.home.create()
        upgrade(f"sqlite:///{folder / 'bantin.db'}")
        self.database = Database(f"sqlite:///{folder / 'bantin.db'}", self.home.archive, self.cleaner)
        self.rig = Rig(folder, self.cleaner)
        self.captures = [self.rig.page(n, f"Tin số {n}.", day(0), crawl="crawl-1") for n in range(3)]
        self.database.take(self.captures)
        self.rig._writers["crawl-1"].seal()
        (self.path,) = segments(self.home.archive)

    def place(self, number: int) -> Location:
        """Where a capture's record stands."""
        location = self.captures[number].location
        assert location is not None
        return location

    def faults(self) -> list[Fault]:
        """What verify says."""
        return list(verify(self.home, self.database.store))


@pytest.fixture
def archive(tmp_path: Path, layouts: Layouts) -> Iterator[Archive]:
    made = Archive(tmp_path, layouts)
    yield made
    made.database.close()


def test_all_is_well_with_what_was_written(archive: Archive) -> None:
    assert archive.faults() == []


def test_a_damaged_record_is_named_once_and_those_behind_it_are_looked_at(archive: Archive) -> None:
    data, hit, behind = bytearray(archive.path.read_bytes()), archive.place(0), archive.place(2)
    data[hit.offset + hit.length // 2] ^= 0xFF
    archive.path.write_bytes(bytes(data))
    (fault,) = archive.faults()
    assert fault.place == f"{archive.path}:{hit.offset}"
    assert "the capture that stands here cannot be read" in fault.problem
    record = read_record(archive.path, behind.offset)
    archive.database.engine.dispose()
    other = pack_raw(b"WARC/1.1\r\nWARC-Type: response\r\n\r\n", b"x" * len(record.body))
    archive.path.write_bytes(bytes(data[: behind.offset]) + other)
    places = [one.place for one in archive.faults()]
    assert f"{archive.path}:{hit.offset}" in places
    assert f"{archive.path}:{behind.offset}" in places


def test_a_torn_tail_is_mendable_where_the_segment_is_still_open(archive: Archive) -> None:
    left = archive.path.with_name(archive.path.name + ".open")
    left.write_bytes(archive.path.read_bytes()[: archive.place(2).offset + 30])
    archive.path.unlink()
    faults = archive.faults()
    assert faults[0] == Fault(f"{left}:{archive.place(2).offset}", "damaged from this byte on", mendable=True)
    assert [one.place for one in faults[1:]] == [f"{left}:{archive.place(2).offset}"]


def test_a_sealed_segment_that_is_cut_short_is_named(archive: Archive) -> None:
    archive.path.write_bytes(archive.path.read_bytes()[:-9])
    (fault,) = archive.faults()
    assert fault.place == f"{archive.path}:{archive.place(2).offset}"
    assert "cut short" in fault.problem


def test_an_imported_record_is_well_whatever_digests_it_states(archive: Archive) -> None:
    page = liferay("<p>Tin từ kho khác.</p>").encode()
    url = archive.captures[0].url
    for stated in ("sha1:AAAA", "sha256:" + "0" * 64):
        head, end, block = response(page, url=url, WARC_Payload_Digest=stated).partition(b"\r\n\r\n")
        added = with_fields(head + end, {ORIGIN_FIELD: "a.warc.gz:0", SOURCE_FIELD: "songnhue"})
        data, size = pack_raw(added, block[:-4]), archive.path.stat().st_size
        archive.path.write_bytes(archive.path.read_bytes() + data)
        (fault,) = archive.faults()
        assert (fault.place, fault.mendable) == (f"{archive.path}:{size}", True)
        assert "not in the database" in fault.problem
        name = archive.place(0).file
        exchange = read_record(find_segment(archive.home.archive, name), size).exchange()
        assert exchange is not None
        exchange = replace(exchange, captured_at=day(1 if "sha1" in stated else 2))
        location = Location(name, size, len(data))
        page_read = read_exchange(exchange, archive.cleaner)
        assert archive.database.take([capture_of(exchange, location, "crawl-1", page_read)]) == 1
        assert archive.faults() == []
