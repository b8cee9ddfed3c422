"""Rebuild and what opening takes in: the archive folder alone gives the database back, damaged records aside."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from archive.catalogue import SourceFacts
from archive.home import Home
from archive.segments import segments
from pipelines.cleaner import Cleaner
from pipelines.intake import catch_up
from pipelines.layouts import Layouts
from pipelines.rebuild import rebuild
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.builders import installed
from tests.databases import SqliteDatabases
from tests.rig import Database, Rig, address, day

SONGNHUE = SourceFacts("songnhue", "Quận ủy Sông Nhuệ", "district", "hanoi-liferay")


@pytest.fixture
def cleaner(layouts: Layouts) -> Cleaner:
    return installed(layouts)


@pytest.fixture
def rig(tmp_path: Path, cleaner: Cleaner) -> Rig:
    return Rig(tmp_path, cleaner)


@pytest.fixture
def database(tmp_path: Path, migrated_sqlite: Path, cleaner: Cleaner) -> Iterator[Database]:
    database = Database(SqliteDatabases(tmp_path, migrated_sqlite).migrated(), tmp_path / "archive", cleaner)
    yield database
    database.close()


@pytest.fixture
def empty(tmp_path: Path, migrated_sqlite: Path, cleaner: Cleaner) -> Iterator[Database]:
    """A second database, without even a source."""
    (tmp_path / "second").mkdir()
    url = SqliteDatabases(tmp_path / "second", migrated_sqlite).migrated()
    database = Database(url, tmp_path / "archive", cleaner)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM source")
    yield database
    database.close()


def _read(cleaner: Cleaner) -> PooledReader:
    return PooledReader(1, cleaner, Limits())


def _damage(folder: Path, offset: int) -> None:
    """Overwrite some bytes in the middle of the record that begins at ``offset``."""
    (path,) = segments(folder)
    data = bytearray(path.read_bytes())
    data[offset + 40 : offset + 60] = bytes(20)
    path.write_bytes(data)


def test_a_rebuilt_database_knows_the_frontier_of_listed_sources(
    rig: Rig, database: Database, empty: Database, cleaner: Cleaner, tmp_path: Path
) -> None:
    database.take([rig.page(n, f"Tin số {n} nói về công tác của quận.", day(0)) for n in (101, 102)])
    known = "SELECT url_key, due_at, last_outcome FROM frontier ORDER BY url_key"
    count, notes = rebuild(Home(tmp_path), empty.store, cleaner, _read(cleaner), [SONGNHUE])
    assert (count, notes) == (2, [])
    assert empty.rows(known) == database.rows(known)
    assert len(empty.rows(known)) == 2


def test_a_damaged_record_is_said_and_the_others_are_taken_in(
    rig: Rig, empty: Database, cleaner: Cleaner, tmp_path: Path
) -> None:
    captures = [rig.page(n, f"Tin số {n} nói về công tác của quận.", day(0)) for n in (101, 102, 103)]
    _damage(tmp_path / "archive", captures[1].location.offset)
    count, notes = rebuild(Home(tmp_path), empty.store, cleaner, _read(cleaner), [SONGNHUE])
    assert count == 2
    assert empty.rows("SELECT article_key FROM v_article ORDER BY 1") == [("songnhue:101",), ("songnhue:103",)]
    assert len(notes) == 1
    assert f"damaged at byte {captures[1].location.offset}" in notes[0]


def test_a_damaged_first_record_leaves_the_crawl_known_by_its_name(
    rig: Rig, empty: Database, cleaner: Cleaner, tmp_path: Path
) -> None:
    rig.page(101, "Quận tổ chức hội nghị sơ kết.", day(0))
    _damage(tmp_path / "archive", 0)
    count, notes = rebuild(Home(tmp_path), empty.store, cleaner, _read(cleaner), [SONGNHUE])
    assert count == 1
    assert len(notes) == 1
    assert empty.rows("SELECT key, kind, started_at FROM crawl") == [
        ("crawl-20250110", "crawl", "2025-01-01T00:00:00.000000Z")
    ]


def test_opening_takes_in_what_the_database_lacks_and_then_nothing_more(
    rig: Rig, database: Database, cleaner: Cleaner, tmp_path: Path
) -> None:
    first, _, last = (rig.page(n, f"Tin số {n} nói về công tác của quận.", day(0)) for n in (101, 102, 103))
    database.take([first, last])
    rig.seal()
    opening = partial(catch_up, Home(tmp_path), database.store, cleaner, _read(cleaner))
    assert opening() == ["1 captures that were in the archive but not in the database were taken in"]
    assert opening() == []
    assert database.rows("SELECT count(*) FROM v_article") == [(3,)]


def test_a_revisit_in_an_earlier_segment_is_taken_in_with_the_body_of_a_later_one(
    rig: Rig, empty: Database, cleaner: Cleaner, tmp_path: Path
) -> None:
    refers = (address(101), day(5))
    rig.attempt(address(101), "", day(9), "crawl-a", refers_to=refers)
    rig.page(101, "Quận tổ chức hội nghị sơ kết.", day(5), crawl="crawl-b")
    count, notes = rebuild(Home(tmp_path), empty.store, cleaner, _read(cleaner), [SONGNHUE])
    assert (count, notes) == (2, [])
    assert empty.rows("SELECT outcome, content_hash IS NOT NULL FROM v_capture ORDER BY captured_at") == [
        ("ok", 1),
        ("revisit-identical", 1),
    ]
