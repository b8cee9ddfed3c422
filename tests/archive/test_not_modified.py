"""A server's "not modified": the same words seen again, without a body."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.catalogue import SourceFacts
from archive.home import Home
from archive.records import Capture
from archive.segments import find_segment
from archive.warc import NOT_MODIFIED, read_record
from pipelines.layouts import Layouts
from pipelines.rebuild import rebuild
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.builders import installed, liferay
from tests.databases import Databases
from tests.rig import THERE, Database, Rig, address, day

WORDS = "Quận tổ chức hội nghị sơ kết công tác xây dựng Đảng quý một năm nay."
EDITED = "Quận tổ chức hội nghị tổng kết công tác xây dựng Đảng cả năm nay."
EDITIONS = "SELECT edition, observed_from, observed_to FROM v_edition ORDER BY 1"


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, installed(layouts))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, databases: Databases) -> Iterator[Database]:
    database = Database(databases.migrated(), tmp_path / "archive", rig.cleaner)
    yield database
    database.close()


def confirmed(rig: Rig, at: datetime, of: Capture) -> Capture:
    return rig.attempt(of.url, b"", at, f"crawl-{at:%Y%m%d}", status=304, refers_to=(of.url, of.captured_at))


def test_it_extends_the_edition_that_it_confirms(rig: Rig, database: Database) -> None:
    first, second = rig.page(101, WORDS, day(0)), rig.page(101, EDITED, day(2))
    captures = [first, confirmed(rig, day(1), first), second, confirmed(rig, day(5), second)]
    database.take(captures[::-1])
    at = [f"{day(n):%Y-%m-%dT%H:%M:%S.%fZ}" for n in (0, 1, 2, 5)]
    assert database.rows(EDITIONS) == [(1, at[0], at[1]), (2, at[2], at[3])]
    assert database.rows("SELECT last_captured_at FROM article") == [(at[3],)]
    assert "article" in database.export()


def test_it_confirms_a_page_that_shows_no_article_as_that(rig: Rig, database: Database) -> None:
    first = rig.page(101, WORDS, day(0))
    other = rig.attempt(first.url, "<html><body><p>Trang khác</p></body></html>", day(1), "crawl-2")
    database.take([first, other, confirmed(rig, day(2), other)])
    assert [row[2] for row in database.rows(EDITIONS)] == [f"{day(0):%Y-%m-%dT%H:%M:%S.%fZ}"]


def test_one_address_does_not_confirm_what_another_showed(rig: Rig, database: Database) -> None:
    here, there = rig.page(101, WORDS, day(0)), rig.page(101, WORDS, day(1), THERE)
    edited = rig.attempt(here.url, liferay(f"<p>{EDITED}</p>", title="Tin số 101"), day(2), "crawl-3")
    database.take([here, there, edited, confirmed(rig, day(3), there)])
    hashes = [row[0] for row in database.rows("SELECT content_hash FROM v_edition ORDER BY edition")]
    assert len(hashes) == 3
    assert hashes[0] == hashes[2] != hashes[1]


def test_an_article_that_was_gone_and_is_confirmed_is_back(rig: Rig, database: Database) -> None:
    first = rig.page(101, WORDS, day(0))
    database.take([first, rig.gone(101, day(1)), confirmed(rig, day(2), first)])
    assert database.rows("SELECT gone_at FROM article") == [(None,)]


def test_its_record_is_a_revisit_that_names_the_capture_and_has_no_body(rig: Rig) -> None:
    first = rig.page(101, WORDS, day(0))
    place = confirmed(rig, day(1), first).location
    rig.seal()
    record = read_record(find_segment(rig.folder / "archive", place.file), place.offset)
    assert (record.kind, record.fields["warc-profile"], record.body) == ("revisit", NOT_MODIFIED, b"")
    assert record.fields["warc-refers-to-target-uri"] == address(101)
    assert record.fields["warc-refers-to-date"] == f"{day(0):%Y-%m-%dT%H:%M:%S.%fZ}"


def test_a_rebuild_finds_the_same(rig: Rig, database: Database, databases: Databases, tmp_path: Path) -> None:
    first, second = rig.page(101, WORDS, day(0)), rig.page(101, EDITED, day(2))
    database.take([first, confirmed(rig, day(1), first), second, confirmed(rig, day(2) + timedelta(hours=1), second)])
    rig.seal()
    (tmp_path / "second").mkdir()
    other = Database(databases.migrated(), tmp_path / "second", rig.cleaner)
    with other.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM source")
    facts = [SourceFacts("songnhue", "Quận ủy Sông Nhuệ", "district", "hanoi-liferay")]
    with PooledReader(1, rig.cleaner, Limits()) as read:
        rebuild(Home(tmp_path), other.store, rig.cleaner, read, facts)
    assert other.rows(EDITIONS) == database.rows(EDITIONS)
    assert other.export() == database.export()
    other.close()
