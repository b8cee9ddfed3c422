"""Repair: what a crash leaves of a segment, and what is given back of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from archive.segments import live_crawls, repair, segments, whole_bytes
from archive.warc import Exchange, read_records
from tests.archive.test_segments import attempt, writer


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
