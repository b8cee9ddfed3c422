"""The store: captures in any order make the same database, twice is once, and a failure leaves nothing."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from archive.records import Capture
from pipelines.layouts import Layouts
from tests.builders import installed
from tests.databases import Databases
from tests.rig import HERE, THERE, Database, Rig, address, day

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
NEW = "Toàn quận kết nạp 241 đảng viên mới, đạt 120,5 % kế hoạch của cả năm."
EDITIONS = "SELECT article_key, edition, content_hash, observed_from, observed_to FROM v_edition ORDER BY 1, 2"
Make = Callable[[], Database]


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, installed(layouts))


@pytest.fixture
def make(tmp_path: Path, rig: Rig, databases: Databases) -> Iterator[Make]:
    """Makes empty databases."""
    made: list[Database] = []

    def new() -> Database:
        folder = tmp_path / f"database-{len(made)}"
        folder.mkdir()
        made.append(Database(databases.migrated(), folder, rig.cleaner))
        return made[-1]

    yield new
    for database in made:
        database.close()


def story(rig: Rig) -> list[Capture]:
    """Three crawls of two sections: 101 stands in both and is edited, 102 goes and comes back, 103 is redated."""
    moments = (day(0), day(30), day(60))
    captures = []
    for at, words in zip(moments, (OLD, NEW, NEW), strict=True):
        captures += [rig.page(101, words, at), rig.page(101, words, at.replace(minute=5), THERE)]
    captures += [rig.page(102, OLD, moments[0]), rig.gone(102, moments[1]), rig.page(102, OLD, moments[2])]
    dates = ("09/01/2025", "09/01/2025", "08/01/2025")
    captures += [rig.page(103, OLD, at, date=date) for at, date in zip(moments, dates, strict=True)]
    captures += [rig.page(104, OLD, moments[0], THERE), *(rig.gone(104, at, THERE) for at in moments[1:])]
    return sorted(captures, key=lambda capture: (capture.captured_at, capture.url_key))


def shuffled(captures: list[Capture], seed: int) -> list[Capture]:
    return random.Random(seed).sample(captures, len(captures))


def derived(database: Database) -> tuple[object, ...]:
    """What follows from the captures: nothing of it may depend on the order in which they came."""
    changes = "SELECT article_key, field, before, after, captured_at FROM v_metadata_change ORDER BY 1, 2, 5"
    presence = "SELECT article_key, gone_at, first_captured_at, last_captured_at, url FROM article ORDER BY 1"
    return database.export(), database.rows(EDITIONS), database.rows(changes), database.rows(presence)


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_captures_in_any_order_make_the_same_editions_and_the_same_export(rig: Rig, make: Make, batch: int) -> None:
    captures = story(rig)
    oldest_first, newest_first, by_chance = make(), make(), make()
    oldest_first.take(captures, batch)
    newest_first.take(captures[::-1], batch)
    by_chance.take(shuffled(captures, batch), batch)
    assert derived(oldest_first) == derived(newest_first) == derived(by_chance)
    assert [row[:2] for row in oldest_first.rows(EDITIONS)] == [
        ("songnhue:101", 1), ("songnhue:101", 2), ("songnhue:102", 1), ("songnhue:103", 1), ("songnhue:104", 1)
    ]  # fmt: skip


def test_the_story_is_told_as_it_was(rig: Rig, make: Make) -> None:
    database = make()
    database.take(story(rig))
    assert database.rows("SELECT article_key, field, before, after FROM v_metadata_change") == [
        ("songnhue:103", "published_at", "2025-01-09", "2025-01-08")
    ]
    assert database.rows("SELECT article_key FROM article WHERE gone_at IS NOT NULL") == [("songnhue:104",)]
    told = "SELECT kind, article_key FROM v_change WHERE kind IN ('article', 'edition') ORDER BY 2, 1"
    assert database.rows(told) == [
        ("article", "songnhue:101"), ("edition", "songnhue:101"),
        ("article", "songnhue:102"), ("article", "songnhue:103"), ("article", "songnhue:104"),
    ]  # fmt: skip


def test_storing_twice_writes_nothing(rig: Rig, make: Make) -> None:
    database = make()
    captures = story(rig)
    assert database.take(captures, 4) == len(captures)
    before, journal = database.dump(), database.journal.path.read_bytes()
    assert database.take(shuffled(captures, 1), 3) == 0
    assert database.dump() == before
    assert database.journal.path.read_bytes() == journal


def test_spellings_of_one_address_are_exported_alike_in_any_order(rig: Rig, make: Make) -> None:
    captures = [
        rig.page(101, OLD, day(0), url=address(101, scheme="http")),
        rig.page(101, OLD, day(30), url=f"{address(101)};jsessionid=0A1B"),
        rig.page(101, OLD, day(60)),
    ]
    assert len({capture.url_key for capture in captures}) == 1
    oldest_first, newest_first = make(), make()
    oldest_first.take(captures, 1)
    newest_first.take(captures[::-1], 1)
    assert oldest_first.export() == newest_first.export()


def test_an_article_is_announced_once_however_late_its_older_captures_come(rig: Rig, make: Make) -> None:
    database = make()
    database.take([rig.page(101, NEW, day(30))])
    database.take([rig.page(101, OLD, day(0))])
    assert len(database.rows(EDITIONS)) == 2
    assert database.rows("SELECT kind FROM v_change WHERE article_key = 'songnhue:101'") == [("article",), ("edition",)]


def test_gone_and_back_are_told_once_each(rig: Rig, make: Make) -> None:
    database = make()
    attempts = [rig.page(101, OLD, day(0)), rig.gone(101, day(1)), rig.gone(101, day(2)), rig.page(101, OLD, day(3))]
    assert [database.take([attempt]) for attempt in attempts] == [1] * 4
    kinds = database.rows("SELECT kind FROM v_change WHERE article_key = 'songnhue:101' ORDER BY cursor")
    assert kinds == [("article",), ("gone",), ("back",)]
    assert database.rows("SELECT gone_at FROM article") == [(None,)]


def test_absences_alone_make_no_article(rig: Rig, make: Make) -> None:
    database = make()
    assert database.take([rig.gone(101, day(0)), rig.attempt(address(101), None, day(1), "k", status=500)]) == 2
    assert database.rows("SELECT count(*) FROM article") == [(0,)]
    ends = database.rows("SELECT outcome, status FROM v_capture ORDER BY captured_at")
    assert ends == [("gone", 404), ("failed", 500)]


def test_equal_texts_are_stored_once(rig: Rig, make: Make) -> None:
    database = make()
    database.take([rig.page(101, OLD, day(n)) for n in range(3)])
    assert database.rows("SELECT count(*) FROM content") == [(1,)]
    assert database.rows("SELECT count(*) FROM capture") == [(3,)]


def _refusing(table: str, dialect: str) -> list[str]:
    """Statements that make a database refuse every new row of a table."""
    when = f"CREATE TRIGGER refuse BEFORE INSERT ON {table}"
    if dialect == "sqlite":
        return [f"{when} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"]
    body = "BEGIN RAISE EXCEPTION 'the disk is full'; END"
    return [
        f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$",
        f"{when} FOR EACH ROW EXECUTE FUNCTION refuse()",
    ]


@pytest.mark.parametrize("table", ["capture", "content", "reading", "frontier", "article", "edition", "change"])
def test_a_failure_in_the_middle_leaves_nothing(table: str, rig: Rig, make: Make) -> None:
    database = make()
    captures = story(rig)
    database.take(captures[:4])
    before = database.dump()
    database.store.start_crawl(captures[-1].crawl_key, day(0), "test", {})
    known = database.rows("SELECT * FROM crawl ORDER BY id")
    with database.engine.begin() as connection:
        for statement in _refusing(table, database.engine.dialect.name):
            connection.exec_driver_sql(statement)
    fresh = [rig.page(n, f"{NEW} {n}", day(60), crawl=captures[-1].crawl_key) for n in (201, 202)]
    with pytest.raises(DatabaseError, match="disk is full"):
        database.store.store(fresh)
    assert {name: rows for name, rows in database.dump().items() if name != "crawl"} == {
        name: rows for name, rows in before.items() if name != "crawl"
    }
    assert database.rows("SELECT * FROM crawl ORDER BY id") == known
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "DROP TRIGGER refuse" + (f" ON {table}" if connection.dialect.name != "sqlite" else "")
        )
    assert database.take(fresh) == 2


def test_a_source_that_no_catalogue_names_is_known_by_its_id_and_not_listed(rig: Rig, make: Make) -> None:
    database = make()
    database.take([replace(rig.gone(101, day(0)), source_id="la.example.vn")])
    assert ("la.example.vn", 0) in database.rows("SELECT id, listed FROM source")


def test_the_two_addresses_of_an_article_keep_their_own_times(rig: Rig, make: Make) -> None:
    database = make()
    database.take(story(rig)[::-1], 3)
    found = database.rows(
        "SELECT u.url, u.first_seen_at, u.last_seen_at FROM article_url AS u JOIN article AS a ON a.id = u.article_id"
        " WHERE a.article_key = 'songnhue:101' ORDER BY 1"
    )
    assert [row[0] for row in found] == [address(101, HERE), address(101, THERE)]
    assert [row[1][:16] for row in found] == ["2025-01-10T01:00", "2025-01-10T01:05"]
    assert [row[2][:16] for row in found] == ["2025-03-11T01:00", "2025-03-11T01:05"]
