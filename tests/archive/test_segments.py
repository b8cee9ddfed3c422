"""Segments: WARC files as they grow, and the disk that may fail under them."""

import fcntl
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.segments import SegmentWriter, find_segment, name_of, segments
from archive.warc import Exchange, read_record, read_records

AT = datetime(2025, 5, 20, 5, 0, tzinfo=UTC)
FACTS = {"software": "bantin", "isPartOf": "crawl-1"}


def attempt(number: int, size: int = 40) -> Exchange:
    url = f"https://songnhue.hanoi.gov.vn/tin-tuc/-/view_content/{number}-tin.html"
    body = (f"Tin số {number}. ".encode() * size)[: size * 10]
    return Exchange("songnhue", url, AT.replace(minute=number % 60), 200, (("Content-Type", "text/html"),), body)


def writer(folder: Path, key: str = "crawl-1", max_bytes: int = 1 << 20) -> SegmentWriter:
    return SegmentWriter(folder, key, FACTS, max_bytes)


def test_what_is_written_stands_where_the_writer_said(tmp_path: Path) -> None:
    living = writer(tmp_path)
    attempts = [attempt(n) for n in range(7)]
    places = [*living.write(attempts[:3]), *living.write(attempts[3:])]
    for place, exchange in zip(places, attempts, strict=True):
        assert read_record(find_segment(tmp_path, place.file), place.offset).exchange() == exchange
    living.seal()
    records = list(read_records(tmp_path / places[0].file))
    assert [(r.offset, r.length) for r in records[1:]] == [(place.offset, place.length) for place in places]


def test_a_segment_is_open_until_it_is_sealed_and_keeps_its_name_in_the_database(tmp_path: Path) -> None:
    living = writer(tmp_path)
    (place,) = living.write([attempt(1)])
    (path,) = segments(tmp_path)
    assert place.file == "2025/05/bantin-crawl-1-00001.warc.gz" == name_of(tmp_path, path)
    assert path.suffix == ".open"
    living.seal()
    assert segments(tmp_path) == [tmp_path / place.file] == [find_segment(tmp_path, place.file)]


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    living = writer(tmp_path, max_bytes=2_000)
    places = [living.write([attempt(n)])[0] for n in range(20)]
    living.seal()
    files = segments(tmp_path)
    assert len(files) > 2
    assert [path.stat().st_size < 4_000 for path in files] == [True] * len(files)
    assert all(next(iter(read_records(path))).kind == "warcinfo" for path in files)
    found = [read_record(find_segment(tmp_path, place.file), place.offset).exchange() for place in places]
    assert found == [attempt(n) for n in range(20)]


@contextmanager
def little_room() -> Iterator[None]:
    """No file may grow past 4,000 bytes: the disk is full. Only in here: the test run's own output is a file too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_batch_that_the_full_disk_takes_in_part_does_not_count(tmp_path: Path) -> None:
    living = writer(tmp_path)
    living.write([attempt(1)])
    (path,) = segments(tmp_path)
    size = path.stat().st_size
    noise = os.urandom(9_000)
    for _ in range(2):
        with little_room(), pytest.raises(ArchiveError, match="Free space"):
            living.write([Exchange("songnhue", "https://a.vn/", AT, 200, (), noise)])
        assert path.stat().st_size == size
    (place,) = living.write([attempt(2)])
    assert place.offset == size
    living.seal()
    assert [record.exchange() for record in read_records(tmp_path / place.file)][1:] == [attempt(1), attempt(2)]


def test_after_a_flush_that_failed_the_next_record_follows_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    living = writer(tmp_path)
    living.write([attempt(1)])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", _fail)
        with pytest.raises(ArchiveError, match="cannot be written"):
            living.write([attempt(2)])
    (place,) = living.write([attempt(3)])
    living.seal()
    assert [record.exchange() for record in read_records(tmp_path / place.file)][1:] == [attempt(1), attempt(3)]


def _fail(handle: int) -> None:
    raise OSError(5, "Input/output error")


def test_no_writer_replaces_a_sealed_segment(tmp_path: Path) -> None:
    """Two crawls of one key must not be; if they are, the archive loses nothing."""
    first = writer(tmp_path)
    first.write([attempt(1)])
    first.seal()
    second = writer(tmp_path)
    try:
        second.write([attempt(2)])
        second.seal()
    except (ArchiveError, FileExistsError):
        pass
    assert attempt(1) in [r.exchange() for path in segments(tmp_path) for r in read_records(path)]


def test_a_missing_segment_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"2025/05/x\.warc\.gz: this WARC file is missing\. Restore"):
        find_segment(tmp_path, "2025/05/x.warc.gz")


def test_the_lock_goes_with_the_seal(tmp_path: Path) -> None:
    living = writer(tmp_path)
    living.write([attempt(1)])
    (path,) = segments(tmp_path)
    with path.open("rb") as stream, pytest.raises(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    living.seal()
    with segments(tmp_path)[0].open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
