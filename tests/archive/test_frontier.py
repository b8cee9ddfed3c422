"""The frontier in the database: when each address is to be visited again, and what a round takes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive import frontier
from archive.catalogue import SourceFacts
from archive.home import Home
from archive.records import Capture, Link
from archive.revisits import DAY, LONGEST, Bounds
from pipelines.layouts import Layouts
from pipelines.rebuild import rebuild
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.builders import PORTAL, installed, liferay
from tests.databases import Databases
from tests.rig import HERE, THERE, Database, Rig, address, day

WORDS = "Quận tổ chức hội nghị sơ kết công tác xây dựng Đảng quý một năm nay."
EDITED = "Quận tổ chức hội nghị tổng kết công tác xây dựng Đảng cả năm nay."
START = f"{PORTAL}/hoat-ong-ang"
SONGNHUE = SourceFacts("songnhue", "Quận ủy Sông Nhuệ", "district", "hanoi-liferay")
LISTED_ELSEWHERE = (
    '<html><body><div class="asset-abstract"><h3 class="asset-title">'
    f'<a href="{address(101).replace("tin-so-101", "ten-khac")}">Tin</a></h3></div></body></html>'
)
ENTRY = {START.removeprefix("https://")}


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, installed(layouts))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, databases: Databases) -> Iterator[Database]:
    database = Database(databases.migrated(), tmp_path / "archive", rig.cleaner)
    yield database
    database.close()


def take(database: Database, *captures: Capture) -> None:
    """Store captures as crawls bring them: each crawl begins before its first capture."""
    for capture in captures:
        database.store.start_crawl(capture.crawl_key, capture.captured_at - timedelta(minutes=5), "test", {})
    database.store.store(captures)


def number(page: int) -> str:
    return START if page == 1 else f"{START}?_101_cur={page}"


def listed(rig: Rig, page: int, at: datetime, *articles: int, further: tuple[int, ...] = ()) -> Capture:
    """A list page that shows these articles and links to these further pages."""
    entries = "".join(
        f'<div class="asset-abstract"><h3 class="asset-title"><a href="{address(n)}">Tin số {n}</a></h3></div>'
        for n in articles
    )
    pages = "".join(f'<a href="{number(n)}">{n}</a>' for n in further)
    text = f'<html><body>{entries}<div class="taglib-page-iterator">{pages}</div></body></html>'
    return rig.attempt(number(page), text, at, f"crawl-{at:%Y%m%d}")


def waits(database: Database, key: str) -> timedelta:
    """How long the address is left alone after its last capture."""
    found = database.rows(f"SELECT revisit_at, last_captured_at FROM frontier WHERE url_key LIKE '%{key}%'")
    (times,) = (row for row in found if row[0] is not None)
    after, last = (datetime.fromisoformat(time) for time in times)
    return after - last


def due(database: Database, at: datetime, *, visit: bool = False, rhythm: timedelta = DAY) -> list[str]:
    """What a round that begins then asks for: the ends of the addresses."""
    with database.engine.begin() as connection:
        counted = frontier.count_due(connection, "songnhue", Bounds(at, rhythm), ENTRY)
        frontier.make_due(connection, "songnhue", Bounds(at, rhythm), ENTRY, visit=visit)
        known = list(frontier.load(connection, "songnhue", ENTRY))
    assert visit or counted == sum(one.due for one in known)
    return [one.url_key.rsplit("/", 1)[-1] for one in known if one.due]


def test_an_article_that_appeared_between_two_visits_is_young_and_one_found_on_a_first_walk_as_old_as_it_says(
    rig: Rig, database: Database
) -> None:
    old = {"date": "09/01/2020"}
    take(database, listed(rig, 1, day(0), 101), rig.page(101, WORDS, day(0.01), **old))
    take(database, listed(rig, 1, day(2), 102, 101), rig.page(102, WORDS, day(2.01), **old))
    assert waits(database, "101-") >= LONGEST * 0.75
    assert waits(database, "102-") < timedelta(hours=1)


def test_an_edit_makes_the_visits_frequent_again(rig: Rig, database: Database) -> None:
    take(database, rig.page(101, WORDS, day(0), date="09/01/2020"))
    take(database, rig.page(101, WORDS, day(10), date="09/01/2020"))
    before = waits(database, "101-")
    take(database, rig.page(101, EDITED, day(11), date="09/01/2020"))
    assert waits(database, "101-") == timedelta(0)
    take(database, rig.page(101, EDITED, day(16), date="09/01/2020"))
    assert timedelta(days=1.5) <= waits(database, "101-") <= timedelta(days=2) < before


def test_what_was_captured_is_not_due_before_a_rhythm_has_passed(rig: Rig, database: Database) -> None:
    take(database, listed(rig, 1, day(0)))
    take(database, listed(rig, 1, day(1), 101), rig.page(101, WORDS, day(1.01)))
    assert due(database, day(1.2)) == []
    assert due(database, day(1.95)) == ["101-tin-so-101.html", "hoat-ong-ang"]


def test_a_visit_asks_for_the_start_page_and_for_nothing_whose_time_has_not_come(rig: Rig, database: Database) -> None:
    take(database, listed(rig, 1, day(0), 101, further=(2,)), rig.page(101, WORDS, day(0.01)))
    take(database, listed(rig, 2, day(0.01)))
    assert due(database, day(0.1)) == []
    assert due(database, day(0.1), visit=True) == ["hoat-ong-ang"]


def test_a_start_page_that_brings_nothing_is_looked_at_every_day_all_the_same(rig: Rig, database: Database) -> None:
    for n in range(8):
        take(database, listed(rig, 1, day(n)))
    assert waits(database, "hoat-ong-ang") > 3 * DAY
    assert due(database, day(7.5)) == []
    assert "hoat-ong-ang" in due(database, day(8))


def test_a_list_that_brings_something_each_time_comes_due_more_often(rig: Rig, database: Database) -> None:
    for n in range(3):
        take(database, listed(rig, 1, day(n), 101 + n))
    assert waits(database, "hoat-ong-ang") == timedelta(hours=6)
    assert "hoat-ong-ang" not in due(database, day(2.3), rhythm=DAY)
    assert "hoat-ong-ang" in due(database, day(2.3), rhythm=timedelta(hours=4))


def test_the_next_page_is_due_only_where_the_one_before_brought_something(rig: Rig, database: Database) -> None:
    take(database, listed(rig, 1, day(0), 101, further=(2, 3)))
    take(database, *(listed(rig, page, day(0.01 * page), 99, further=(2, 3, 4)) for page in (2, 3, 4)))
    query = "SELECT url_key FROM frontier WHERE due_at IS NOT NULL AND kind = 'list'"
    take(database, listed(rig, 1, day(1), 101, further=(2, 3)))
    assert database.rows(query) == []
    take(database, listed(rig, 1, day(2), 102, 101, further=(2, 3)))
    assert [row[0].rpartition("=")[2] for row in database.rows(query)] == ["2"]


def test_after_six_days_all_pages_of_the_list_are_walked_together(rig: Rig, database: Database) -> None:
    pages = range(1, 5)
    take(database, *(listed(rig, page, day(0.001 * page), 100 + page, further=(2, 3, 4)) for page in pages))
    take(database, listed(rig, 2, day(4), 102))
    take(database, *(rig.page(100 + page, WORDS, day(4.1), date="09/01/2020") for page in pages))
    assert [one for one in due(database, day(5)) if "_101_cur" in one] == []
    assert len([one for one in due(database, day(6)) if "_101_cur" in one]) == 3


def test_what_is_gone_is_asked_for_again_and_then_ever_more_rarely(rig: Rig, database: Database) -> None:
    take(database, rig.page(101, WORDS, day(0)))
    spans = []
    for n, at in enumerate((1, 3, 9, 40)):
        take(database, rig.gone(101, day(at)))
        spans.append(waits(database, "101-"))
        assert DAY * 3**n * 0.75 <= spans[-1] <= DAY * 3**n
    take(database, rig.page(101, EDITED, day(80)))
    assert waits(database, "101-") == timedelta(0)


def test_a_failure_is_due_in_the_next_round(rig: Rig, database: Database) -> None:
    take(database, rig.attempt(address(101), "mệt", day(0), "crawl-1", status=503))
    assert due(database, day(0.01)) == ["101-tin-so-101.html"]


def test_a_list_that_seems_gone_is_due_in_the_next_round(rig: Rig, database: Database) -> None:
    take(database, listed(rig, 1, day(0), 101), rig.attempt(START, "Không có", day(1), "crawl-1", status=404))
    assert START.rsplit("/", 1)[-1] in due(database, day(1.01))


def test_an_article_is_visited_at_one_of_its_addresses(rig: Rig, database: Database) -> None:
    take(database, rig.page(101, WORDS, day(0)), rig.gone(101, day(0.01), THERE))
    times = "SELECT url_key FROM frontier WHERE revisit_at IS NOT NULL"
    assert [HERE in key for (key,) in database.rows(times)] == [True]
    take(database, rig.page(101, WORDS, day(1), THERE))
    assert [THERE in key for (key,) in database.rows(times)] == [True]


def test_the_newest_articles_are_asked_for_first(rig: Rig, database: Database) -> None:
    take(database, listed(rig, 1, day(0), 101), rig.page(101, WORDS, day(0.1)))
    take(database, listed(rig, 1, day(1), 102, 101), rig.page(102, WORDS, day(1.1)))
    take(database, listed(rig, 1, day(2), 103, 102, 101), rig.page(103, WORDS, day(2.1)))
    asked = [one.partition("-")[0] for one in due(database, day(60))]
    assert [one for one in asked if one.isdigit()] == ["103", "102", "101"]


def test_validators_are_those_of_the_last_good_answer_and_not_modified_leaves_them(
    rig: Rig, database: Database
) -> None:
    known = "SELECT etag, last_modified, stored_at FROM frontier"
    tags = (("ETag", '"1"'), ("Last-Modified", "Sat, 11 Jan 2025 01:00:00 GMT"))
    other = rig.attempt(address(101), "<html><body><p>Trang khác</p></body></html>", day(1), "crawl-1", headers=tags)
    assert not other.page.settled
    take(database, other)
    assert database.rows(known)[0][:2] == (None, None), "a page that shows no article is never confirmed"
    take(database, _good(rig, day(2), ("ETag", '"2"')))
    held = database.rows(known)
    assert held[0][:2] == ('"2"', None)
    take(database, _confirmed(rig, day(3), day(2)))
    assert database.rows(known) == held
    take(database, _good(rig, day(4)))
    assert database.rows(known)[0][:2] == (None, None), "a whole answer without validators has none"


def _good(rig: Rig, at: datetime, *headers: tuple[str, str]) -> Capture:
    return rig.attempt(address(101), liferay(f"<p>{WORDS} {at:%d}</p>"), at, "crawl-1", headers=headers)


def _confirmed(rig: Rig, at: datetime, of: datetime) -> Capture:
    return rig.attempt(address(101), b"", at, f"crawl-{at:%Y%m%d}", status=304, refers_to=(address(101), of))


def test_a_rebuild_sets_the_same_times(rig: Rig, database: Database, databases: Databases, tmp_path: Path) -> None:
    for n in range(9):
        take(
            database,
            listed(rig, 1, day(n), *range(101 + n, 100, -1), further=(2,)),
            *(rig.page(101 + k, EDITED if n > 4 else WORDS, day(n + 0.001 * (k + 1))) for k in range(n)),
            rig.gone(300, day(n + 0.1)),
            *([listed(rig, 2, day(n + 0.2), 50)] if n % 6 == 0 else []),
        )
    rig.seal()
    (tmp_path / "second").mkdir()
    other = Database(databases.migrated(), tmp_path / "second", rig.cleaner)
    with other.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM source")
    with PooledReader(1, rig.cleaner, Limits()) as read:
        rebuild(Home(tmp_path), other.store, rig.cleaner, read, [SONGNHUE])
    columns = "url_key, kind, revisit_at, appeared_at, good_at, interval_seconds, discovered_at, attempts, etag"
    query = f"SELECT {columns} FROM frontier ORDER BY url_key"
    assert other.rows(query) == database.rows(query)
    assert {row[3] for row in database.rows(query)} != {None}
    other.close()


def imported(database: Database, at: datetime, *captures: Capture) -> None:
    """Store captures as an import that begins ``at``."""
    database.store.start_crawl(f"import-{at:%Y%m%d}", at, "test", {}, "import")
    database.store.store([replace(one, crawl_key=f"import-{at:%Y%m%d}") for one in captures])


def test_what_an_import_brings_and_shows_is_asked_for_over_weeks_not_at_once(rig: Rig, database: Database) -> None:
    numbers = range(100, 200)
    imported(database, day(0), listed(rig, 1, day(-2000), *numbers), rig.page(300, WORDS, day(-2000)))
    assert due(database, day(0)) == ["hoat-ong-ang"]
    for after, share in ((6, 0.1), (30, 0.5), (60, 1.0)):
        taken = frontier_counts(database, day(after))
        assert abs(taken - share * 101) < 15
    assert waits(database, "300-") > timedelta(days=2000)


def frontier_counts(database: Database, at: datetime) -> int:
    """How many articles a round that begins then takes."""
    with database.engine.connect() as connection:
        return frontier.count_due(connection, "songnhue", Bounds(at, DAY), ENTRY) - 1


def test_what_an_import_shows_is_due_once_a_list_of_today_shows_it(rig: Rig, database: Database) -> None:
    imported(database, day(0), listed(rig, 1, day(-2000), 101, 102))
    take(database, listed(rig, 1, day(1), 102))
    assert [one for one in due(database, day(1)) if "tin" in one] == ["102-tin-so-102.html"]


def test_an_import_leaves_what_is_due_as_it_is(rig: Rig, database: Database) -> None:
    take(database, listed(rig, 1, day(0), 101))
    imported(database, day(0.5), rig.page(101, WORDS, day(-2000)))
    assert "101-tin-so-101.html" in due(database, day(0.5))


def test_the_order_of_imports_leaves_no_trace_in_the_time_of_the_next_visit(rig: Rig, database: Database) -> None:
    imported(database, day(0), rig.page(101, WORDS, day(-1000)))
    before = waits(database, "101-")
    imported(database, day(0), rig.page(101, WORDS, day(-2000)))
    assert waits(database, "101-") == before > timedelta(days=1000)


def test_another_address_of_an_article_that_is_here_is_not_asked_for(rig: Rig, database: Database) -> None:
    take(database, rig.page(101, WORDS, day(0)))
    imported(database, day(1), rig.attempt(START, LISTED_ELSEWHERE, day(-2000), "import"))
    columns = "SELECT due_at, revisit_at FROM frontier WHERE url_key LIKE '%khac%'"
    assert database.rows(columns) == [(None, None)]


def test_start_pages_are_due_when_they_become_known(database: Database) -> None:
    with database.engine.begin() as connection:
        frontier.add_starts(connection, "songnhue", [Link(START, *ENTRY, "list")], day(0))
        assert frontier.count_due(connection, "songnhue", Bounds(day(0), DAY), ENTRY) == 1
        assert frontier.count_due(connection, "bao", Bounds(day(0), DAY), ENTRY) == 0
