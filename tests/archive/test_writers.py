"""Several processes write to one database: one at a time, whichever database it is."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import InternalError, OperationalError

from archive import frontier
from archive.database import connect, insert_new, reading
from archive.models import Change
from archive.records import Capture, Link
from pipelines.layouts import Layouts
from tests.builders import installed
from tests.databases import Databases
from tests.postgresql import Server
from tests.rig import Database, Rig, day

WORDS = "Toàn quận kết nạp {} đảng viên mới, đạt 107 % kế hoạch của cả năm."
CURSORS = text("SELECT cursor FROM v_change ORDER BY cursor")


@contextmanager
def beginning(url: str) -> Iterator[Connection]:
    """A transaction of a program of its own."""
    engine = connect(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def tell(connection: Connection, kind: str) -> None:
    row = {"at": day(0), "kind": kind, "article_key": None, "source_id": None, "detail": {}}
    insert_new(connection, Change, [row])


def lease(connection: Connection, crawl: str) -> set[str]:
    return frontier.lease(connection, ["songnhue"], crawl, day(0), ["crawl-1", "crawl-2"])


def still_waits(work: "Future[Any]") -> bool:
    """Whether it is not done yet, given time enough to be done if nothing held it up."""
    try:
        work.result(0.3)
    except TimeoutError:
        return True
    return False


def test_no_cursor_of_the_feed_appears_behind_a_larger_one(database_url: str) -> None:
    def second() -> None:
        with beginning(database_url) as connection:
            tell(connection, "edition")

    with ThreadPoolExecutor(1) as pool, ExitStack() as first:
        connection = first.enter_context(beginning(database_url))
        tell(connection, "article")
        later = pool.submit(second)
        assert still_waits(later)
        first.close()
        later.result()
    engine = connect(database_url)
    with reading(engine) as connection:
        assert len(connection.execute(CURSORS).all()) == 2
    engine.dispose()


def test_of_two_crawls_at_once_one_gets_the_lease(database_url: str, tmp_path: Path, layouts: Layouts) -> None:
    made = Database(database_url, tmp_path, installed(layouts))
    with made.engine.begin() as connection:
        frontier.add_starts(connection, "songnhue", [Link("https://a.vn/", "a.vn/", "list")], day(0))

    def second() -> set[str]:
        with beginning(database_url) as connection:
            return lease(connection, "crawl-2")

    with ThreadPoolExecutor(1) as pool, ExitStack() as first:
        assert lease(first.enter_context(beginning(database_url)), "crawl-1") == set()
        later = pool.submit(second)
        assert still_waits(later)
        first.close()
        assert later.result() == {"songnhue"}
    assert made.rows("SELECT leased_by FROM frontier") == [("crawl-1",)]
    made.close()


def test_two_that_store_the_same_texts_in_another_order_both_end_well(
    databases: Databases, tmp_path: Path, layouts: Layouts
) -> None:
    cleaner, url = installed(layouts), databases.migrated()
    rig = Rig(tmp_path, cleaner)
    captures = [rig.page(number, WORDS.format(number), day(0)) for number in range(101, 141)]

    def store(name: str, found: list[Capture], batch: int) -> int:
        (tmp_path / name).mkdir()
        database = Database(url, tmp_path / name, cleaner)
        try:
            return database.take(found, batch)
        finally:
            database.close()

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(store, "one", captures, 20), pool.submit(store, "other", captures[::-1], 20)]
        assert sum(work.result() for work in both) == len(captures)
    (tmp_path / "all").mkdir()
    together, alone = (Database(u, tmp_path / "all", cleaner) for u in (url, databases.migrated()))
    alone.take(captures)
    assert together.export() == alone.export()
    assert together.rows("SELECT count(*) FROM promotion") == [(1,)]
    together.close()
    alone.close()


def test_a_writer_that_waits_too_long_gives_up(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.database.BUSY_SECONDS", 0.1)
    with beginning(database_url) as connection:
        tell(connection, "article")
        with pytest.raises(OperationalError, match="lock"), beginning(database_url):
            raise AssertionError("two writers at once")


def test_readers_wait_for_nobody_and_see_one_state(database_url: str) -> None:
    engine = connect(database_url)
    with reading(engine) as reader:
        assert reader.execute(CURSORS).all() == []
        with beginning(database_url) as writer:
            tell(writer, "article")
            assert reader.execute(CURSORS).all() == []
        assert reader.execute(CURSORS).all() == []
    engine.dispose()


@pytest.mark.parametrize("statement", ["DELETE FROM change", "CREATE TABLE mine (id integer)"])
def test_on_postgresql_a_reader_cannot_write(postgresql: Server, migrated_postgresql: str, statement: str) -> None:
    engine = connect(postgresql.url_of(migrated_postgresql))
    with reading(engine) as connection, pytest.raises(InternalError, match="read-only transaction"):
        connection.execute(text(statement))
    engine.dispose()


def test_on_postgresql_defaults_of_the_server_do_not_matter(postgresql: Server, migrated_postgresql: str) -> None:
    engine = connect(postgresql.url_of(migrated_postgresql))
    asked = text("SELECT current_setting('timezone'), current_setting('transaction_isolation'), now()")
    with engine.begin() as connection:
        zone, isolation, now = connection.execute(asked).one()
        assert (zone, isolation, now.utcoffset()) == ("UTC", "read committed", timedelta(0))
    with reading(engine) as connection:
        assert connection.execute(asked).one()[:2] == ("UTC", "repeatable read")
    engine.dispose()
