"""Segments: WARC files as they grow, and what is left of them after a crash."""

import fcntl
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.segments import SegmentWriter, find_segment, live_crawls, name_of, repair, segments, whole_bytes
from archive.warc import Exchange, read_record, read_records

AT = datetime(2025, 5, 20, 5, 0, tzinfo=UTC)
FACTS = {"software": "bantin", "isPartOf": "crawl-1"}


def attempt(number: int, size: int = 40) -> Exchange:
    url = f"https://songnhue.hanoi.gov.vn/tin-tuc/-/view_content/{number}-tin.html"
    body = (f"Tin số {number}. ".encode() * size)[: size * 10]
    return Exchange("songnhue", url, AT.replace(minute=number % 60), 200, (("Content-Type", "text/html"),), body)


def writer(folder: Path, key: str = "crawl-1", max_bytes: int = 1 << 20) -> SegmentWriter:
    return SegmentWriter(folder, key, FACTS, max_bytes)


def crashed(folder: Path, *batches: list[Exchange], key: str = "crawl-1") -> Path:
    """The open segment that a killed writer leaves: its bytes are on disk, its lock is gone."""
    source = folder / "living"
    living = writer(source, key)
    for batch in batches:
        living.write(batch)
    (path,) = segments(source)
    left = folder / "left" / path.relative_to(source)
    left.parent.mkdir(parents=True)
    left.write_bytes(path.read_bytes())
    living.seal()
    return left


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


def test_a_tail_torn_at_any_byte_gives_back_the_whole_records(tmp_path: Path) -> None:
    data = crashed(tmp_path, [attempt(1), attempt(2)], [attempt(3)]).read_bytes()
    path = tmp_path / "torn" / "2025" / "05" / "bantin-crawl-1-00001.warc.gz.open"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    whole = [record.offset for record in read_records(path)][-1]
    sealed, torn = path.with_suffix(""), path.with_name(path.name + ".torn")
    for end in range(whole, len(data)):
        path.write_bytes(data[:end])
        said = repair(tmp_path / "torn")
        assert sealed.read_bytes() == data[:whole]
        assert [record.exchange() for record in read_records(sealed)][1:] == [attempt(1), attempt(2)]
        assert len(said) == (end > whole)
        assert not torn.exists() if end == whole else torn.read_bytes() == data[whole:end]
        assert not path.exists()
        sealed.unlink()


def test_a_tail_of_garbage_is_cut_off(tmp_path: Path) -> None:
    left = crashed(tmp_path, [attempt(1)])
    data = left.read_bytes()
    left.write_bytes(data + b"\x00" * 4096)
    (said,) = repair(tmp_path / "left")
    assert "4096 bytes" in said
    assert segments(tmp_path / "left")[0].read_bytes() == data


def test_a_damaged_byte_ends_what_is_whole(tmp_path: Path) -> None:
    left = crashed(tmp_path, [attempt(1)], [attempt(2)])
    data = bytearray(left.read_bytes())
    last = [record.offset for record in read_records(left)][-1]
    data[last + 60] ^= 0xFF
    left.write_bytes(bytes(data))
    assert whole_bytes(left) == last


def test_a_whole_segment_that_a_crash_left_is_sealed_without_a_word(tmp_path: Path) -> None:
    left = crashed(tmp_path, [attempt(1)], [attempt(2)])
    data = left.read_bytes()
    assert repair(tmp_path / "left") == []
    assert left.with_suffix("").read_bytes() == data
    assert repair(tmp_path / "left") == []


def test_a_segment_without_one_whole_record_is_put_aside(tmp_path: Path) -> None:
    left = crashed(tmp_path, [attempt(1)])
    left.write_bytes(left.read_bytes()[:20])
    (said,) = repair(tmp_path / "left")
    assert "20 bytes" in said
    assert segments(tmp_path / "left") == []
    assert left.with_name(left.name + ".torn").stat().st_size == 20


def test_a_segment_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    living = writer(tmp_path, "crawl-2")
    living.write([attempt(1)])
    (path,) = segments(tmp_path)
    with path.open("ab") as stream:
        stream.write(b"half a record")
    assert repair(tmp_path) == []
    assert path.exists()
    assert live_crawls(tmp_path) == {"crawl-2"}
    os.truncate(path, path.stat().st_size - 13)
    living.seal()
    assert live_crawls(tmp_path) == set()


WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from tests.archive.test_segments import attempt, writer
living = writer(Path(sys.argv[1]))
living.write([attempt(n) for n in range(5)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_acknowledged_before_a_kill_is_there(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE_AND_DIE, str(tmp_path)]
    killed = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert live_crawls(tmp_path) == set()
    assert repair(tmp_path) == []
    (path,) = segments(tmp_path)
    assert [record.exchange() for record in read_records(path)][1:] == [attempt(n) for n in range(5)]


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow past 4,000 bytes: the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("little_room")
def test_a_batch_that_the_full_disk_takes_in_part_does_not_count(tmp_path: Path) -> None:
    living = writer(tmp_path)
    living.write([attempt(1)])
    (path,) = segments(tmp_path)
    size = path.stat().st_size
    noise = os.urandom(9_000)
    for _ in range(2):
        with pytest.raises(ArchiveError, match="Free space"):
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
