"""Reclean: read again what is stale, store it, fold it, promote it; and say what could not be read, with its place."""

from collections.abc import Callable
from pathlib import Path

from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts
from tests.recleans import (
    LOUD,
    OLD,
    SLOGAN,
    cleaner_of,
    contract,
    reclean,
    story,
    with_common,
    with_rule,
)
from tests.rig import Database, Rig, address, day

BODY = "SELECT body FROM v_article WHERE article_key = 'songnhue:101'"
OUTCOMES = "SELECT outcome FROM v_capture WHERE article_key = 'songnhue:101' ORDER BY captured_at, url"
Make = Callable[..., Database]


def test_an_unchanged_cleaner_writes_nothing(make: Make, rig: Rig, tmp_path: Path) -> None:
    database = make()
    database.take(story(rig))
    before, journal = database.dump(), database.journal.path.read_bytes()
    outcome = reclean(database, tmp_path, rig.cleaner)
    assert (outcome.inputs, outcome.promoted, outcome.held_back, outcome.problems) == (0, {}, {}, [])
    outcome = reclean(database, tmp_path, rig.cleaner, force=True)
    assert (outcome.inputs, outcome.captures, outcome.problems) == (4, 7, [])
    assert database.dump() == before
    assert database.journal.path.read_bytes() == journal


def test_readings_are_added_editions_follow_and_the_old_ones_stay(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    kept = {name: rows for name, rows in database.dump().items() if name in ("capture", "reading", "edition")}
    outcome = reclean(database, tmp_path, newer)
    assert (outcome.inputs, outcome.captures, outcome.problems, outcome.held_back) == (4, 7, [], {})
    assert database.rows(BODY) == [(OLD,)]
    now = database.dump()
    assert all(row in now[name] for name, rows in kept.items() for row in rows)
    assert database.store.promoted() == {"songnhue": newer.digest_for("songnhue")}
    assert database.rows("SELECT edition, editions FROM v_article WHERE article_key = 'songnhue:101'") == [(1, 1)]


def test_a_revisit_is_read_from_the_record_it_refers_to_once_an_input(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    before = database.rows(OUTCOMES)
    reclean(database, tmp_path, newer)
    assert database.rows(OUTCOMES) == before == [("ok",), *[("revisit-identical",)] * 3]
    mine = "FROM capture_reading AS m JOIN capture AS c ON c.id = m.capture_id WHERE m.cleaner_digest = "
    mine += f"'{newer.digest_for('songnhue')}' AND c.article_key = 'songnhue:101'"
    assert database.rows(f"SELECT count(*), count(DISTINCT m.reading_id) {mine}") == [(4, 2)]


def test_recleaned_or_rebuilt_is_the_same(make: Make, rig: Rig, blunt: Cleaner, tmp_path: Path) -> None:
    """Under a cleaner that takes a soft-gone page for a page, its revisit is a revisit."""
    database = make()
    database.take(story(rig))
    reclean(database, tmp_path, blunt)
    soft = "SELECT outcome FROM v_capture WHERE article_key = 'songnhue:103' ORDER BY captured_at"
    assert database.rows(soft) == [("ok",), ("revisit-identical",)]
    again = Rig(tmp_path / "again", blunt)
    (tmp_path / "again").mkdir()
    rebuilt = Database(f"sqlite:///{tmp_path / 'again.db'}", tmp_path / "again", blunt, migrate=True)
    rebuilt.take(story(again))
    assert [row for row in contract(rebuilt)["v_capture"] if row[2] == "article"] == [
        row for row in contract(database)["v_capture"] if row[2] == "article"
    ]
    rebuilt.close()


def test_how_a_page_says_that_nothing_is_there_moves_with_the_promoted_cleaner(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    closed = "<html><body><p>Chuyên mục tạm đóng</p></body></html>"
    wider = cleaner_of(with_common(layouts, soft_gone=(*layouts.common.soft_gone, "tạm đóng")))
    database = make(wider)
    database.take([rig.page(101, OLD, day(0)), rig.attempt(address(101), closed, day(1), "crawl-1")])
    gone = "SELECT gone_at FROM v_article"
    export = database.export()
    assert (database.rows(OUTCOMES), database.rows(gone)) == ([("ok",), ("ok",)], [(None,)])
    reclean(database, tmp_path, wider)
    assert database.rows(OUTCOMES) == [("ok",), ("soft-gone",)]
    assert database.rows(gone)[0][0][:10] == "2025-01-11"
    assert database.rows("SELECT kind FROM v_change ORDER BY cursor DESC LIMIT 2") == [("gone",), ("promotion",)]
    database.store.promote("songnhue", rig.cleaner.digest_for("songnhue"), "back")
    assert (database.rows(OUTCOMES), database.export()) == ([("ok",), ("ok",)], export)


def test_a_dated_rule_that_comes_later_leaves_every_capture_tied_to_both_readings(
    make: Make, rig: Rig, layouts: Layouts, tmp_path: Path
) -> None:
    dated = cleaner_of(with_rule(layouts, until=day(1).date()))
    database = make(dated)
    first = rig.page(101, LOUD, day(0))
    database.take([first, rig.again(first, day(1)), rig.again(first, day(2))])
    export, ties = database.export(), set(database.rows("SELECT * FROM capture_reading"))
    reclean(database, tmp_path, dated)
    assert ties < set(database.rows("SELECT * FROM capture_reading"))
    bodies = "SELECT edition, body FROM v_edition ORDER BY edition"
    assert database.rows(bodies) == [(1, OLD), (2, f"{OLD}\n{SLOGAN}")]
    database.store.promote("songnhue", rig.cleaner.digest_for("songnhue"), "back")
    assert database.export() == export
    assert database.rows("SELECT count(*) FROM capture_reading") == [(6,)]


def test_without_promotion_readings_and_editions_are_stored_ahead_and_readers_see_nothing(
    make: Make, rig: Rig, newer: Cleaner, tmp_path: Path
) -> None:
    database = make()
    database.take(story(rig))
    before, feed = contract(database), database.rows("SELECT * FROM change")
    outcome = reclean(database, tmp_path, newer, promote=False)
    assert outcome.held_back == {"songnhue": "as asked (--no-promote)"}
    assert (contract(database), database.rows("SELECT * FROM change")) == (before, feed)
    ahead = f"SELECT count(*) FROM edition WHERE cleaner_digest = '{newer.digest_for('songnhue')}'"
    assert database.rows(ahead) == [(2,)]
    database.store.promote("songnhue", newer.digest_for("songnhue"), "looked at")
    assert database.rows(BODY) == [(OLD,)]
    assert database.rows(ahead) == [(2,)]
