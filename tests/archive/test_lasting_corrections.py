"""Corrections that last: they outlive cleaners, late captures and rebuilds, not the publisher's next change."""

from pathlib import Path

from archive.catalogue import SourceFacts
from archive.home import Home
from pipelines.rebuild import rebuild
from pipelines.verify import verify
from pipelines.worker import Limits
from pipelines.workers import PooledReader
from tests.corrections import KEY, LOUD, NEW, OLD, RIGHT, Correct, cursor, editions, feed, row, states
from tests.databases import Databases
from tests.recleans import SLOGAN, reclean
from tests.rig import THERE, Database, Rig, day


def test_another_cleaner_keeps_a_correction_whatever_it_reads_and_the_one_before_can_come_back(
    database: Database, rig: Rig, newer: Rig, correct: Correct, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0)), rig.page(102, LOUD, day(0))])
    correct("body", RIGHT)
    export, since = row(database), cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert {**row(database), "cleaner": export["cleaner"]} == export
    assert row(database, "songnhue:102")["body"] == OLD, "the other one is read anew"
    told = [(one["kind"], one["article_key"]) for one in feed(database, since)]
    assert told == [("promotion", None), ("reading", "songnhue:102")]
    correct("title", "Kết nạp đảng viên", reason="tít bị cắt")
    database.store.promote("songnhue", rig.cleaner.digest_for("songnhue"), "back")
    assert (row(database)["body"], row(database)["title"]) == (RIGHT, "Kết nạp đảng viên")
    assert row(database, "songnhue:102")["body"] == f"{OLD}\n{SLOGAN}"


def test_a_better_cleaner_makes_a_correction_needless_and_who_follows_the_feed_knows(
    database: Database, rig: Rig, newer: Rig, correct: Correct, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0))])
    correct("body", OLD, reason="dòng cuối không phải của bài")
    since = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert (row(database)["body"], row(database)["corrected"]) == (OLD, [])
    assert states(database) == [("body", "agrees")]
    assert feed(database, since)[-1]["detail"]["fields"] == ["corrected"]


def test_readings_stored_ahead_of_a_promotion_are_corrected_by_what_was_decided_meanwhile(
    database: Database, rig: Rig, newer: Rig, correct: Correct, tmp_path: Path
) -> None:
    database.take([rig.page(101, LOUD, day(0))])
    reclean(database, tmp_path, newer.cleaner, promote=False)
    correct("byline", "Minh Hà")
    reclean(database, tmp_path, newer.cleaner)
    assert (row(database)["byline"], row(database)["body"]) == ("Minh Hà", OLD)


def test_what_the_publisher_did_to_a_corrected_article_before_a_promotion_is_told_as_his_alone(
    database: Database, rig: Rig, newer: Rig, correct: Correct, tmp_path: Path
) -> None:
    database.take([rig.page(101, OLD, day(0))])
    correct("title", "Kết nạp đảng viên")
    database.take([newer.page(101, NEW, day(1))])
    since = cursor(database)
    reclean(database, tmp_path, newer.cleaner)
    assert [(one["kind"], one["article_key"]) for one in feed(database, since)] == [
        ("promotion", None),
        ("edition", KEY),
    ]
    assert (row(database)["body"], row(database)["title"]) == (NEW, "Kết nạp đảng viên")


def test_the_publishers_next_change_ends_a_correction_and_is_told_as_his(
    database: Database, rig: Rig, correct: Correct
) -> None:
    database.take([rig.page(101, OLD, day(0), date="09/01/2025")])
    correct("body", RIGHT)
    correct("published_at", "2025-01-07")
    since = cursor(database)
    database.take([rig.page(101, NEW, day(1), date="08/01/2025")])
    assert [one["kind"] for one in feed(database, since)] == ["edition", "metadata"]
    assert editions(database) == [(1, RIGHT), (2, NEW)]
    assert database.rows("SELECT before, after FROM v_metadata_change") == [("2025-01-07", "2025-01-08")]
    assert (row(database)["corrected"], row(database)["published_at"]) == ([], "2025-01-08")
    assert states(database) == [("body", "holds"), ("published_at", "holds")], "of the edition before"


def test_older_captures_that_come_later_are_corrected_too_where_they_say_the_same(
    database: Database, rig: Rig, correct: Correct
) -> None:
    database.take([rig.page(101, OLD, day(30))])
    correct("body", RIGHT)
    since = cursor(database)
    database.take([rig.page(101, OLD, day(10), after="<!-- 2 -->")])
    assert (editions(database), feed(database, since)) == ([(1, RIGHT)], [])
    database.take([rig.page(101, NEW, day(20))])
    assert editions(database) == [(1, OLD), (2, NEW), (3, RIGHT)]


def test_corrections_in_any_order_of_arrival_give_the_same_export(
    database: Database, rig: Rig, correct: Correct, databases: Databases, tmp_path: Path
) -> None:
    captures = [rig.page(101, words, day(n)) for n, words in enumerate((OLD, OLD, NEW, NEW, OLD))]
    database.take(captures)
    correct("body", RIGHT, day(1))
    correct("title", "Kết nạp đảng viên", day(3))
    other = Database(databases.migrated(), tmp_path / "other", rig.cleaner)
    try:
        other.store.restore_corrections(e for e in database.journal.entries() if e["kind"] == "correction")
        for n in (4, 1, 3, 0, 2):
            other.take([captures[n]])
        assert other.export() == database.export()
        assert editions(other) == editions(database) == [(1, RIGHT), (2, NEW), (3, OLD)]
    finally:
        other.close()


def test_a_rebuild_brings_corrections_back_and_the_export_is_the_same(
    database: Database, rig: Rig, correct: Correct, databases: Databases, tmp_path: Path
) -> None:
    facts = SourceFacts("songnhue", "Quận ủy Sông Nhuệ", "district", "hanoi-liferay")
    database.take([rig.page(101, OLD, day(0), section=s) for s in ("hoat-ong-ang", THERE)])
    database.take([rig.page(102, OLD, day(0))])
    rig.seal()
    correct("section", "Xây dựng Đảng")
    correct("published_at", "2024-06-01")
    correct("byline", "Minh Hà")
    correct("byline", "Thu Trang", reason="nhầm người")
    correct("lead", "Sáng nay.")
    correct("lead", withdrawn=True, reason="sa-pô có ở bản khác")
    other = Database(databases.migrated(), tmp_path / "archive", rig.cleaner)
    try:
        with other.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM source")
        count, notes = rebuild(
            Home(tmp_path), other.store, rig.cleaner, PooledReader(1, rig.cleaner, Limits()), [facts]
        )
        assert (count, notes) == (3, [])
        assert other.export() == database.export()
        made = "SELECT article_key, captured_at, field, value, reason, made_at, withdrawn FROM correction ORDER BY id"
        assert other.rows(made) == database.rows(made)
        assert len(other.rows(made)) == 6
        assert (states(other), list(verify(Home(tmp_path), other.store))) == (states(database), [])
        assert other.rows("SELECT url_key, revisit_at FROM frontier ORDER BY 1") == database.rows(
            "SELECT url_key, revisit_at FROM frontier ORDER BY 1"
        )
    finally:
        other.close()
