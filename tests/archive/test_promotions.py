"""Promotion: a switch in one transaction, told in full to whoever follows the feed, and undone without a trace."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError

from archive.database import reading
from archive.promotions import promoted_cleaners, unread_by
from archive.records import Capture
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from tests.recleans import SLOGAN, cleaner_of, contract, reclean, with_common, with_layout, with_rule
from tests.rig import HERE, THERE, Database, Rig, address, day

OLD = "Toàn quận kết nạp 214 đảng viên mới, đạt 107 % kế hoạch của cả năm."
NEW = "Toàn quận kết nạp 241 đảng viên mới, đạt 120,5 % kế hoạch của cả năm."
LOUD = f"{OLD}</p><p>{SLOGAN}"
SOFT = "<html><body><p>Nội dung không tồn tại</p></body></html>"
BARRED = "<html><body><p>Access denied</p></body></html>"
ODD = "<html><body><p>Chuyên mục tạm đóng</p></body></html>"
ALL_KEYS = [f"songnhue:{number}" for number in range(101, 109)]
Reclean = Callable[..., Any]


@pytest.fixture
def rig(tmp_path: Path, layouts: Layouts) -> Rig:
    return Rig(tmp_path, cleaner_of(layouts))


@pytest.fixture
def newer(tmp_path: Path, layouts: Layouts) -> Rig:
    """Takes the slogan, takes soft-gone pages for pages, other pages for soft-gone, and nothing for a barred way."""
    common = with_common(layouts, soft_gone=("tạm đóng",), blocked=())
    return Rig(tmp_path, cleaner_of(with_rule(common)))


@pytest.fixture
def generic(layouts: Layouts) -> Cleaner:
    """Finds an article in any page at an article's address: marks are no longer asked for."""
    fields = layouts["hanoi-liferay"].fields.model_copy(update={"title": ("title", "p"), "body": ("body",)})
    changed = with_layout(layouts, "hanoi-liferay", marks=(("body",),), fields=fields)
    return cleaner_of(with_common(changed, soft_gone=(), blocked=()))


@pytest.fixture
def database(tmp_path: Path, rig: Rig, newer: Rig, generic: Cleaner, database_url: str) -> Iterator[Database]:
    made = Database(database_url, tmp_path, rig.cleaner, newer.cleaner, generic)
    yield made
    made.close()


def digest(cleaner: Cleaner) -> str:
    return cleaner.digest_for("songnhue")


def feed(database: Database, since: int = 0) -> list[dict[str, Any]]:
    names = ("cursor", "kind", "article_key", "detail")
    found = database.rows(f"SELECT {', '.join(names)} FROM v_change WHERE cursor > {since} ORDER BY cursor")
    rows = [dict(zip(names, row, strict=True)) for row in found]
    return [
        row | {"detail": json.loads(row["detail"]) if isinstance(row["detail"], str) else row["detail"]} for row in rows
    ]


def cursor(database: Database) -> int:
    return int(database.rows("SELECT coalesce(max(cursor), 0) FROM v_change")[0][0])


def told(database: Database, since: int) -> list[tuple[str, str | None]]:
    return [(row["kind"], row["article_key"]) for row in feed(database, since)]


def test_what_the_cleaning_changes_is_told_as_a_reading_and_nothing_else_is(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, NEW, day(0))])
    before = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert told(database, before) == [("promotion", None), ("reading", "songnhue:101")]
    detail = feed(database, before)[1]["detail"]
    ((content_hash,),) = database.rows("SELECT content_hash FROM v_article WHERE article_key = 'songnhue:101'")
    assert detail == {"fields": ["content_hash"], "content_hash": content_hash, "cleaner": digest(newer.cleaner)}
    assert database.rows("SELECT DISTINCT editions FROM v_article") == [(1,)]


def test_what_the_publisher_did_meanwhile_is_told_as_an_edition_and_as_a_metadata_change(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take([rig.page(n, f"{OLD} {n}", day(0), date="09/01/2025") for n in (101, 102, 103)])
    later = [
        newer.page(101, NEW, day(30), date="09/01/2025"),
        newer.page(102, f"{OLD} 102", day(30), date="08/01/2025"),
    ]
    same = newer.page(103, f"{OLD} 103", day(30), date="09/01/2025")
    database.take([*later, same, newer.page(104, "Tin mới.", day(30))])
    before = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert sorted(told(database, before), key=repr) == [
        ("article", "songnhue:104"),
        ("edition", "songnhue:101"),
        ("metadata", "songnhue:102"),
        ("promotion", None),
    ]
    (edition,) = [row["detail"] for row in feed(database, before) if row["kind"] == "edition"]
    assert edition["edition"] == 2
    assert database.rows("SELECT edition, editions FROM v_article WHERE article_key = 'songnhue:101'") == [(2, 2)]


def test_an_edition_that_the_cleaning_touches_too_is_told_as_both(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0))])
    database.take([newer.page(101, NEW, day(30))])
    before = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert told(database, before) == [("promotion", None), ("edition", "songnhue:101"), ("reading", "songnhue:101")]


def test_an_article_that_the_cleaning_makes_a_duplicate_is_told(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.page(102, LOUD, day(1))])
    before = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    (detail,) = [row["detail"] for row in feed(database, before) if row["article_key"]]
    assert detail["fields"] == ["content_hash", "duplicate_of"]


def test_an_article_that_only_one_cleaner_shows_comes_and_goes_with_it(
    database: Database, rig: Rig, generic: Cleaner, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.attempt(address(102), SOFT, day(0), "crawl-0")])
    export, before = database.export(), cursor(database)
    reclean(database, tmp_path, generic)
    assert ("article", "songnhue:102") in told(database, before)
    assert len(database.export().splitlines()) == 2
    before = cursor(database)
    database.store.promote("songnhue", digest(rig.cleaner), "back")
    assert ("withdrawn", "songnhue:102") in told(database, before)
    assert database.export() == export
    before = cursor(database)
    database.store.promote("songnhue", digest(generic), "forth")
    assert ("article", "songnhue:102") in told(database, before)
    assert len(database.export().splitlines()) == 2


def test_an_article_that_is_no_longer_found_leaves_without_being_called_gone_or_back(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    """What stood there says that nothing is there, as the new cleaner knows; the page itself is a 404 by now."""
    plain = Rig(tmp_path, rig.cleaner)
    database.take([rig.page(102, OLD, day(0)), plain.attempt(address(101), ODD, day(0), "odd"), rig.gone(101, day(1))])
    assert database.rows("SELECT article_key FROM v_article") == [("songnhue:102",)]
    before = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert told(database, before) == [("promotion", None)]


def test_an_address_that_the_new_cleaner_takes_for_barred_is_no_address_of_the_article_and_comes_back(
    database: Database, rig: Rig, newer: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0)), rig.attempt(address(101, THERE), BARRED, day(0), "crawl-0")])
    export = database.export()
    assert address(101, THERE) not in export
    before = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert address(101, THERE) in database.export()
    assert told(database, before) == [("promotion", None), ("reading", "songnhue:101")]
    assert feed(database, before)[1]["detail"]["fields"] == ["urls"]
    database.store.promote("songnhue", digest(rig.cleaner), "back")
    assert database.export() == export


def test_rolled_back_the_old_export_is_there_byte_for_byte_and_forward_again_the_new_one(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take(history(rig, random.Random(1)))
    old = contract(database), database.export()
    reclean(database, tmp_path, newer.cleaner)
    new = contract(database), database.export()
    assert new[1] != old[1]
    editions = set(database.rows("SELECT id, article_id, cleaner_digest, content_hash FROM edition"))
    for cleaner, state in ((rig.cleaner, old), (newer.cleaner, new), (rig.cleaner, old)):
        database.store.promote("songnhue", digest(cleaner), "switch")
        assert (contract(database), database.export()) == state
        assert set(database.rows("SELECT id, article_id, cleaner_digest, content_hash FROM edition")) == editions


def test_promoting_what_is_promoted_changes_nothing(database: Database, rig: Rig) -> None:
    database.take([rig.page(101, OLD, day(0))])
    before, journal = database.dump(), database.journal.path.read_bytes()
    assert database.store.promote("songnhue", digest(rig.cleaner), "again") == {}
    assert (database.dump(), database.journal.path.read_bytes()) == (before, journal)


def _refuse(database: Database, table: str) -> list[str]:
    """Statements that make the database refuse new rows of a table, and allow them again."""
    when = f"CREATE TRIGGER refuse BEFORE INSERT ON {table}"
    if database.engine.dialect.name == "sqlite":
        return [f"{when} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END", "DROP TRIGGER refuse"]
    body = "BEGIN RAISE EXCEPTION 'the disk is full'; END"
    make = f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$; "
    return [f"{make}{when} FOR EACH ROW EXECUTE FUNCTION refuse()", f"DROP TRIGGER refuse ON {table}"]


@pytest.mark.parametrize("table", ["promotion", "edition", "change"])
def test_a_failure_in_the_middle_leaves_the_old_state_and_the_journal_has_the_promotion_first(
    table: str, database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, OLD, day(0))])
    reclean(database, tmp_path, newer.cleaner, promote=False)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM edition WHERE cleaner_digest = '" + digest(newer.cleaner) + "'")
    before, entries = database.dump(), len(list(database.journal.entries()))
    refuse, allow = _refuse(database, table)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(refuse)
    with pytest.raises(DatabaseError, match="disk is full"):
        database.store.promote("songnhue", digest(newer.cleaner), "a rule more")
    assert database.dump() == before
    entry = list(database.journal.entries())[-1]
    assert (entry["kind"], entry["cleaner"], entry["reason"]) == ("promotion", digest(newer.cleaner), "a rule more")
    assert len(list(database.journal.entries())) == entries + 1
    with database.engine.begin() as connection:
        connection.exec_driver_sql(allow)
    database.store.promote("songnhue", digest(newer.cleaner), "a rule more")
    assert database.store.promoted() == {"songnhue": digest(newer.cleaner)}


def test_a_cleaner_that_has_not_read_a_capture_is_counted(
    database: Database, rig: Rig, newer: Rig, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    database.take([newer.page(101, NEW, day(1)), rig.gone(102, day(1))])
    with reading(database.engine) as connection:
        assert unread_by(connection, "songnhue", digest(rig.cleaner)) == 1
        assert unread_by(connection, "songnhue", digest(newer.cleaner)) == 1
        assert promoted_cleaners(connection) == {"songnhue": digest(rig.cleaner)}
    reclean(database, tmp_path, newer.cleaner, promote=False)
    with reading(database.engine) as connection:
        assert unread_by(connection, "songnhue", digest(newer.cleaner)) == 0


def history(rig: Rig, chance: random.Random, start: int = 0) -> list[Capture]:
    """What a publisher may do to eight articles in five visits, at one or two addresses."""
    captures = []
    for visit in range(start, start + 5):
        for number in range(101, 109):
            words = chance.choice((OLD, OLD, LOUD, NEW, f"{NEW}</p><p>{SLOGAN}"))
            date = chance.choice(("09/01/2025", "09/01/2025", "08/01/2025 | 9:30 AM"))
            at = day(visit + number / 1000)
            for section in (HERE, THERE)[: chance.choice((1, 1, 2))]:
                match chance.randrange(8):
                    case 0:
                        captures.append(rig.gone(number, at, section))
                    case 1 | 2:
                        body = chance.choice((SOFT, BARRED, ODD))
                        captures.append(rig.attempt(address(number, section), body, at, f"crawl-{at:%Y%m%d}"))
                    case _:
                        captures.append(rig.page(number, words, at, section, date=date))
    return captures


def rows_of(export: str) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in export.splitlines()]
    return {row.pop("article_key"): row for row in rows}


@pytest.mark.parametrize("seed", range(4))
def test_who_follows_the_feed_knows_every_article_whose_row_changed(
    seed: int, database: Database, rig: Rig, newer: Rig, generic: Cleaner, tmp_path: Path
) -> None:
    """The cleaner's own name is told by the promotion, for all articles of the source at once."""
    chance = random.Random(seed)
    database.take(history(rig, chance))
    database.take(history(newer, chance, start=10))
    reclean(database, tmp_path, generic, promote=False)
    reclean(database, tmp_path, rig.cleaner, promote=False)
    changed = 0
    for cleaner in (newer.cleaner, rig.cleaner, generic, newer.cleaner, rig.cleaner):
        before, since = database.export(), cursor(database)
        reclean(database, tmp_path, cleaner)
        rows, were = rows_of(database.export()), rows_of(before)
        known = {key for _, key in told(database, since)}
        for row in (*rows.values(), *were.values()):
            del row["cleaner"]
        moved = {key for key in rows.keys() | were.keys() if rows.get(key) != were.get(key)}
        assert moved <= known, {key: (were.get(key), rows.get(key)) for key in moved - known}
        changed += len(moved)
        kinds = dict.fromkeys(ALL_KEYS, "")
        kinds |= {key: kind for kind, key in told(database, since) if key and kind in ("article", "withdrawn")}
        assert {k for k in rows if k not in were} == {k for k in rows if kinds[k] == "article" and k not in were}
        assert {k for k in were if k not in rows} == {k for k in were if kinds[k] == "withdrawn" and k not in rows}
    assert changed
